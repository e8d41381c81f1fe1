//! String literals: where they end. `unquote` reads what they mean.

use super::{LexError, Lexed, Lexer};
use crate::promql::token::TokenKind;

/// The largest code point.
const MAX_RUNE: u32 = 0x10_ffff;

impl Lexer<'_> {
    /// The rest of a string whose opening quote was read.
    pub(super) fn string(&mut self, quote: char) -> Lexed {
        if quote == '`' {
            return self.raw_string();
        }
        loop {
            match self.bump() {
                None | Some('\n') => return self.fault("unterminated quoted string"),
                Some('\\') => self.escape(quote)?,
                Some(char::REPLACEMENT_CHARACTER) => return self.fault("invalid UTF-8 rune"),
                Some(c) if c == quote => return self.emit(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Lexed {
        loop {
            match self.bump() {
                None => return self.fault("unterminated raw string"),
                Some(char::REPLACEMENT_CHARACTER) => return self.fault("invalid UTF-8 rune"),
                Some('`') => return self.emit(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    /// An escape whose backslash was read.
    fn escape(&mut self, quote: char) -> Result<(), LexError> {
        let (mut digits, base, max) = match self.bump() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(c) if c == quote => return Ok(()),
            Some('0'..='7') => {
                self.pos -= 1;
                (3, 8, 255)
            }
            Some('x') => (2, 16, 255),
            Some('u') => (4, 16, MAX_RUNE),
            Some('U') => (8, 16, MAX_RUNE),
            None => return Err(self.escape_fault("escape sequence not terminated")),
            Some(c) => {
                let message = format!("unknown escape sequence {}", code_point(c));
                return Err(self.escape_fault(&message));
            }
        };
        let mut value = 0_u32;
        while digits > 0 {
            let Some(c) = self.bump() else {
                return Err(self.escape_fault("escape sequence not terminated"));
            };
            let Some(digit) = c.to_digit(base) else {
                let message = format!("illegal character {} in escape sequence", code_point(c));
                return Err(self.escape_fault(&message));
            };
            // Eight digits wrap around as they do in the reference.
            value = value.wrapping_mul(base).wrapping_add(digit);
            digits -= 1;
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err(self.escape_fault("escape sequence is an invalid Unicode code point"));
        }
        Ok(())
    }

    fn escape_fault(&self, message: &str) -> LexError {
        LexError { start: self.start as u32, message: message.to_owned() }
    }
}

/// `U+007A 'z'`
fn code_point(c: char) -> String {
    if crate::promql::format::is_printable(c) {
        format!("U+{:04X} '{c}'", c as u32)
    } else {
        format!("U+{:04X}", c as u32)
    }
}
