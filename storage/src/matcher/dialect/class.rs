//! Classes in brackets.

use super::escape::push_escaped;
use super::{Translator, refuse};

impl<'a> Translator<'a> {
    /// The class at whose bracket the text stands.
    pub(super) fn class(&mut self) -> Result<String, String> {
        let whole = self.rest;
        let mut out = String::from("[");
        self.rest = &whole[1..];
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            out.push('^');
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if let Some(named) = self.named_class()? {
                out.push_str(&named);
            } else if let Some(class) = self.class_escape()? {
                out.push_str(&class);
            } else {
                self.class_range(whole, &mut out)?;
            }
        }
        self.rest = &self.rest[1..];
        out.push(']');
        Ok(out)
    }

    /// `[:alpha:]`, `[:^alpha:]`.
    fn named_class(&mut self) -> Result<Option<String>, String> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        let Some(inner) = self.rest.strip_prefix("[:") else { return Ok(None) };
        let Some(end) = inner.find(":]") else { return Ok(None) };
        let piece = &self.rest[..end + 4];
        let name = &inner[..end];
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return refuse("invalid character class range", piece);
        }
        self.rest = &self.rest[piece.len()..];
        Ok(Some(piece.to_owned()))
    }

    /// One character, or a range of them.
    fn class_range(&mut self, whole: &'a str, out: &mut String) -> Result<(), String> {
        let from = self.rest;
        let low = self.class_char(whole)?;
        push_escaped(out, low);
        let is_range =
            self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest[1..].starts_with(']');
        if is_range {
            self.rest = &self.rest[1..];
            let high = self.class_char(whole)?;
            if high < low {
                let piece = &from[..from.len() - self.rest.len()];
                return refuse("invalid character class range", piece);
            }
            out.push('-');
            push_escaped(out, high);
        }
        Ok(())
    }

    fn class_char(&mut self, whole: &'a str) -> Result<char, String> {
        if self.rest.starts_with('\\') {
            return self.escape();
        }
        match self.bump() {
            Some(c) => Ok(c),
            None => refuse("missing closing ]", whole),
        }
    }
}
