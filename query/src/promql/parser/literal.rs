//! Numbers and strings.

use super::{Fault, Parsed, Parser};
use crate::promql::ast::{Expr, ExprKind, Number};
use crate::promql::numeral;
use crate::promql::token::{Token, TokenKind};

impl Parser<'_> {
    pub(super) fn number_expression(&mut self) -> Parsed<Expr> {
        let token = self.next()?;
        let number = self.number(token)?;
        Ok(Expr::new(ExprKind::Number(number), token.span))
    }

    pub(super) fn string_expression(&mut self) -> Parsed<Expr> {
        let token = self.next()?;
        let bytes = self.unquoted(token)?;
        Ok(Expr::new(ExprKind::String(bytes), token.span))
    }

    /// The value of a number or duration token.
    pub(super) fn number(&self, token: Token) -> Parsed<Number> {
        let text = self.text(token);
        let duration = token.kind == TokenKind::Duration;
        let value = if duration { numeral::duration(text) } else { numeral::number(text) };
        match value {
            Ok(value) => Ok(Number { value, duration }),
            Err(message) => Err(Fault { span: token.span, message }),
        }
    }

    /// The bytes that a string token means.
    pub(super) fn unquoted(&self, token: Token) -> Parsed<Vec<u8>> {
        numeral::unquote(self.text(token)).map_err(|message| Fault { span: token.span, message })
    }
}
