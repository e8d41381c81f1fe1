//! What is attached behind a selector or subquery: `offset`, `@`, `anchored`, `smoothed`.

use super::expression::sign;
use super::{Parsed, Parser, fault};
use crate::promql::ast::{At, Expr, ExprKind, Extension};
use crate::promql::duration::Duration;
use crate::promql::format::Plain;
use crate::promql::ops::UnaryOp;
use crate::promql::token::{Keyword, TokenKind};

impl Parser<'_> {
    pub(super) fn offset_modifier(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.next()?;
        let offset = self.offset()?;
        let place = match &mut expr.kind {
            ExprKind::VectorSelector(selector) => &mut selector.offset,
            ExprKind::MatrixSelector(matrix) => &mut matrix.selector.offset,
            ExprKind::Subquery(subquery) => &mut subquery.offset,
            _ => {
                return fault(
                    expr.range,
                    "offset modifier must be preceded by an instant vector selector or range \
                     vector selector or a subquery",
                );
            }
        };
        if place.is_some() {
            return fault(expr.range, "offset may not be set multiple times");
        }
        if offset != (Duration::Fixed { nanos: 0 }) {
            *place = Some(offset);
        }
        self.lengthen(expr);
        Ok(())
    }

    pub(super) fn at_modifier(&mut self, expr: &mut Expr) -> Parsed<()> {
        self.next()?;
        let at = self.at(expr)?;
        let place = match &mut expr.kind {
            ExprKind::VectorSelector(selector) => &mut selector.at,
            ExprKind::MatrixSelector(matrix) => &mut matrix.selector.at,
            ExprKind::Subquery(subquery) => &mut subquery.at,
            _ => {
                return fault(
                    expr.range,
                    "@ modifier must be preceded by an instant vector selector or range vector \
                     selector or a subquery",
                );
            }
        };
        if place.is_some() {
            return fault(expr.range, "@ <timestamp> may not be set multiple times");
        }
        *place = Some(at);
        self.lengthen(expr);
        Ok(())
    }

    /// A time: a signed number of seconds, `start()` or `end()`.
    fn at(&mut self, expr: &Expr) -> Parsed<At> {
        const CONTEXT: (&str, &str) = ("@", "timestamp");
        let named = match self.peek()?.kind {
            TokenKind::Keyword(Keyword::Start) => Some(At::Start),
            TokenKind::Keyword(Keyword::End) => Some(At::End),
            _ => None,
        };
        if let Some(named) = named {
            self.next()?;
            for paren in [TokenKind::LeftParen, TokenKind::RightParen] {
                if self.eat(paren)?.is_none() {
                    return self.unexpected_in(CONTEXT.0, CONTEXT.1);
                }
            }
            return Ok(named);
        }
        let sign = sign(self.peek()?.kind);
        if sign.is_some() {
            self.next()?;
        }
        let token = self.peek()?;
        if !matches!(token.kind, TokenKind::Number | TokenKind::Duration) {
            return self.unexpected_in(CONTEXT.0, CONTEXT.1);
        }
        self.next()?;
        let value = self.number(token)?.value;
        let seconds = if sign == Some(UnaryOp::Minus) { -value } else { value };
        if !(seconds > i64::MIN as f64 && seconds < i64::MAX as f64) {
            let shown = if seconds.is_finite() {
                format!("{seconds:.6}")
            } else {
                Plain(seconds).to_string()
            };
            return fault(expr.range, format!("timestamp out of bounds for @ modifier: {shown}"));
        }
        Ok(At::Time((seconds * 1000.0).round() as i64))
    }

    pub(super) fn extension_modifier(&mut self, expr: &mut Expr) -> Parsed<()> {
        let (extension, word) = match self.next()?.kind {
            TokenKind::Keyword(Keyword::Anchored) => (Extension::Anchored, "anchored"),
            _ => (Extension::Smoothed, "smoothed"),
        };
        let span = expr.range;
        if !self.options.extended_range_selectors {
            return fault(span, format!("{word} modifier is experimental and not enabled"));
        }
        if matches!(expr.kind, ExprKind::Subquery(_)) {
            return fault(span, format!("{word} modifier is not supported for subqueries"));
        }
        let Some(selector) = expr.selector_mut() else {
            return fault(span, format!("{word} modifier not implemented"));
        };
        if selector.extension.is_some_and(|other| other != extension) {
            return fault(span, "anchored and smoothed modifiers cannot be used together");
        }
        selector.extension = Some(extension);
        Ok(())
    }
}
