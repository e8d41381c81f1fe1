//! What a backslash begins.

use super::{Translator, push_literal, refuse};

/// ASCII classes, as what stands between brackets.
const DIGIT: &str = "0-9";
const SPACE: &str = r"\t\n\x0c\r ";
const WORD: &str = "0-9A-Za-z_";

impl Translator<'_> {
    /// A backslash outside of brackets.
    pub(super) fn backslash(&mut self) -> Result<(), String> {
        let rest = self.rest;
        let assertion = match rest.as_bytes().get(1) {
            Some(b'A') => r"(?:\A)",
            Some(b'z') => r"(?:\z)",
            Some(b'b') => r"(?-u:\b)",
            Some(b'B') => r"(?-u:\B)",
            Some(b'C') => return refuse("invalid escape sequence", &rest[..2]),
            Some(b'Q') => {
                let quoted = &rest[2..];
                let (quoted, behind) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                quoted.chars().for_each(|c| self.literal(c));
                self.rest = behind;
                return Ok(());
            }
            _ => "",
        };
        if !assertion.is_empty() {
            self.rest = &rest[2..];
            self.atom(assertion);
            return Ok(());
        }
        if let Some(class) = self.class_escape()? {
            self.atom(&class);
            return Ok(());
        }
        let mut out = String::new();
        push_escaped(&mut out, self.escape()?);
        self.atom(&out);
        Ok(())
    }

    /// A class that is an escape (`\d`, `\pL`), written so that it may stand in brackets too.
    pub(super) fn class_escape(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest;
        let (inner, sign) = match rest.as_bytes() {
            [b'\\', b'd', ..] => (DIGIT, ""),
            [b'\\', b's', ..] => (SPACE, ""),
            [b'\\', b'w', ..] => (WORD, ""),
            [b'\\', b'D', ..] => (DIGIT, "^"),
            [b'\\', b'S', ..] => (SPACE, "^"),
            [b'\\', b'W', ..] => (WORD, "^"),
            [b'\\', b'p' | b'P', ..] => return self.unicode_class().map(Some),
            _ => return Ok(None),
        };
        self.rest = &rest[2..];
        Ok(Some(format!("[{sign}{inner}]")))
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`, `\PL`.
    fn unicode_class(&mut self) -> Result<String, String> {
        const CODE: &str = "invalid character class range";
        let rest = self.rest;
        let Some(c) = rest[2..].chars().next() else { return refuse(CODE, rest) };
        let (piece, name) = if c == '{' {
            let Some(end) = rest.find('}') else { return refuse(CODE, rest) };
            (&rest[..=end], &rest[3..end])
        } else {
            let end = 2 + c.len_utf8();
            (&rest[..end], &rest[2..end])
        };
        let (name, turned) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let negated = rest.as_bytes()[1] == b'P';
        let class = format!("\\{}{{{name}}}", if negated == turned { 'p' } else { 'P' });
        // The crate also knows names with a property before them.
        let plain = name.chars().all(|c| c.is_alphanumeric() || " _-".contains(c));
        if !plain || regex_syntax::parse(&class).is_err() {
            return refuse(CODE, piece);
        }
        self.rest = &rest[piece.len()..];
        Ok(class)
    }

    /// The character that an escape stands for.
    pub(super) fn escape(&mut self) -> Result<char, String> {
        let from = self.rest;
        self.rest = &from[1..];
        let Some(c) = self.bump() else {
            return refuse("trailing backslash at end of expression", "");
        };
        let found = match c {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' => self.octal(c),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        };
        match found {
            Some(c) => Ok(c),
            None => refuse("invalid escape sequence", &from[..from.len() - self.rest.len()]),
        }
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Up to three octal digits; one that is not zero alone would refer back to a group.
    fn octal(&mut self, first: char) -> Option<char> {
        let is_octal = |c: &char| ('0'..='7').contains(c);
        if first != '0' && !self.rest.starts_with(|c| is_octal(&c)) {
            return None;
        }
        let mut value = first.to_digit(8)?;
        for _ in 0..2 {
            let Some(c) = self.rest.chars().next().filter(is_octal) else { break };
            self.bump();
            value = value * 8 + c.to_digit(8)?;
        }
        char::from_u32(value)
    }

    /// `\xff` or `\x{10ffff}`.
    fn hexadecimal(&mut self) -> Option<char> {
        let first = self.bump()?;
        if first != '{' {
            let high = first.to_digit(16);
            let low = self.bump()?.to_digit(16);
            return char::from_u32(high? * 16 + low?);
        }
        let mut value = None;
        loop {
            let c = self.bump()?;
            if c == '}' {
                return char::from_u32(value?);
            }
            value = Some(value.unwrap_or(0) * 16 + c.to_digit(16)?);
            if value > Some(0x10_ffff) {
                return None;
            }
        }
    }
}

/// A character that need not be printable.
pub(super) fn push_escaped(out: &mut String, c: char) {
    if c.is_control() {
        out.extend(["\\x{", &format!("{:x}", c as u32), "}"]);
    } else {
        push_literal(out, c);
    }
}
