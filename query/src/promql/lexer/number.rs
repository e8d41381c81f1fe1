//! Numbers and durations.
//!
//! The lexer only finds where a number ends, by the reference's own rules (which let some through
//! that are none: the parser refuses those); their values are read in `numeral`.

use super::{Lexed, Lexer, is_word};
use crate::promql::format::quote;
use crate::promql::token::TokenKind;

const DECIMAL: &[u8] = b"0123456789";
const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF";

impl Lexer<'_> {
    /// The current token from its start, which is a digit or a point before one.
    pub(super) fn number_or_duration(&mut self) -> Lexed {
        self.pos = self.start;
        if self.scan_number() {
            return self.emit(TokenKind::Number);
        }
        if self.scan_rest_of_duration() {
            return self.emit(TokenKind::Duration);
        }
        let text = self.text(self.span());
        self.fault(format!("bad number or duration syntax: {}", quote(text.as_bytes())))
    }

    /// Whether a number ends here, before anything that could continue a word.
    fn scan_number(&mut self) -> bool {
        let mut digits = DECIMAL;
        if self.eat(b'0') && self.eat_any(b"xX") {
            self.eat(b'_');
            digits = HEXADECIMAL;
        }
        self.eat(b'.');
        self.eat_any(digits);
        let (mut point, mut exponent) = (false, false);
        loop {
            match self.peek_byte() {
                Some(b'.') => {
                    self.pos += 1;
                    // No second point, none in hexadecimal, and not before these.
                    if point || self.eat_any(b"_.") || digits.len() > DECIMAL.len() {
                        return false;
                    }
                    point = true;
                }
                Some(b'e' | b'E') => {
                    self.pos += 1;
                    if exponent {
                        return false;
                    }
                    exponent = true;
                    self.eat_any(b"+-");
                    if self.eat_any(b"._eE") || self.peek_byte().is_none() {
                        return false;
                    }
                }
                Some(b'_') => {
                    self.pos += 1;
                    if self.eat_any(b"._eE") || self.peek_byte().is_none() {
                        return false;
                    }
                }
                Some(b) if digits.contains(&b) => while self.eat_any(digits) {},
                next => return !next.is_some_and(is_word),
            }
        }
    }

    /// Whether units follow the number that was just read, with numbers between them.
    fn scan_rest_of_duration(&mut self) -> bool {
        if !self.eat_any(b"smhdwy") {
            return false;
        }
        self.eat(b's');
        while self.eat_any(DECIMAL) {
            while self.eat_any(DECIMAL) {}
            // Years only come first.
            if !self.eat_any(b"smhdw") {
                return false;
            }
            self.eat(b's');
        }
        match self.peek_byte() {
            Some(b) if is_word(b) => {
                self.pos += 1;
                false
            }
            _ => true,
        }
    }
}
