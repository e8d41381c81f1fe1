//! Within brackets: durations.
//!
//! Up to the first number behind `[` or `:` little else is known there; behind it, tokens are
//! those of an expression again, but of words only those of durations remain.

use super::{Lexed, Lexer, Mode, arithmetic};
use crate::promql::format::quote_char;
use crate::promql::token::TokenKind;

impl Lexer<'_> {
    pub(super) fn left_bracket(&mut self) -> Lexed {
        if self.bracket_open {
            return self.fault("unexpected left bracket '['");
        }
        self.bracket_open = true;
        self.got_colon = false;
        self.mode = Mode::Duration;
        self.emit(TokenKind::LeftBracket)
    }

    pub(super) fn plain_colon(&mut self) -> Lexed {
        if self.got_colon {
            return self.fault("unexpected colon ':'");
        }
        self.got_colon = true;
        self.emit(TokenKind::Colon)
    }

    /// The rest of a word that means something in a duration, if it does.
    pub(super) fn duration_word(&mut self, first: char) -> Option<TokenKind> {
        if !matches!(first.to_ascii_lowercase(), 's' | 'r' | 'm') {
            return None;
        }
        while self.peek_byte().is_some_and(|b| b == b'_' || b.is_ascii_alphabetic()) {
            self.pos += 1;
        }
        let word = self.text(self.span()).to_ascii_lowercase();
        TokenKind::of_duration_word(word.as_bytes())
    }

    pub(super) fn duration(&mut self) -> Lexed {
        let Some(c) = self.bump() else {
            return self.fault("unexpected end of input in duration expression");
        };
        match c {
            ']' => {
                self.bracket_open = false;
                self.got_colon = false;
                self.mode = Mode::Plain;
                self.emit(TokenKind::RightBracket)
            }
            ':' if !self.got_duration => {
                self.fault_behind("unexpected colon before duration in duration expression")
            }
            ':' if self.got_colon => {
                self.fault_behind("unexpected repeated colon in duration expression")
            }
            ':' => {
                self.got_colon = true;
                self.emit(TokenKind::Colon)
            }
            '(' | ')' => self.paren(c),
            ',' => self.emit(TokenKind::Comma),
            '0'..='9' => self.first_duration(),
            '.' if self.peek_byte().is_some_and(|b| b.is_ascii_digit()) => self.first_duration(),
            _ => {
                if let Some(op) = arithmetic(c) {
                    return self.operator(op);
                }
                if let Some(kind) = self.duration_word(c) {
                    return self.emit(kind);
                }
                self.fault(format!(
                    "unexpected character in duration expression: {}",
                    quote_char(c)
                ))
            }
        }
    }

    fn first_duration(&mut self) -> Lexed {
        self.got_duration = true;
        self.mode = Mode::Plain;
        self.number_or_duration()
    }
}
