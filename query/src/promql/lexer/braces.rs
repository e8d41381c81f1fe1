//! Within braces: words are plain names, and patterns have operators.

use super::{Lexed, Lexer, Mode, is_alpha, is_word};
use crate::promql::format::quote_char;
use crate::promql::ops::BinaryOp;
use crate::promql::token::TokenKind;

impl Lexer<'_> {
    pub(super) fn braces(&mut self) -> Lexed {
        let Some(c) = self.bump() else {
            return self.fault("unexpected end of input inside braces");
        };
        match c {
            _ if is_alpha(c) => {
                while self.peek_byte().is_some_and(is_word) {
                    self.pos += 1;
                }
                self.emit(TokenKind::Identifier)
            }
            ',' => self.emit(TokenKind::Comma),
            '"' | '\'' | '`' => self.string(c),
            '=' if self.eat(b'~') => self.emit(TokenKind::MatchRegex),
            '=' => self.emit(TokenKind::Assign),
            '!' if self.eat(b'~') => self.emit(TokenKind::MatchNotRegex),
            '!' if self.eat(b'=') => self.operator(BinaryOp::Ne),
            '!' => {
                let after = quote_char(self.bump().unwrap_or(char::REPLACEMENT_CHARACTER));
                self.fault(format!("unexpected character after '!' inside braces: {after}"))
            }
            '{' => self.fault("unexpected left brace '{'"),
            '}' => {
                self.mode = Mode::Plain;
                self.emit(TokenKind::RightBrace)
            }
            _ => self.fault(format!("unexpected character inside braces: {}", quote_char(c))),
        }
    }
}
