//! Ranges and subqueries: `[5m]`, `[1h:1m]`.

use super::duration::Place;
use super::{Parsed, Parser, fault, node};
use crate::promql::ast::{Expr, ExprKind, MatrixSelector, Span, Subquery};
use crate::promql::duration::Duration;
use crate::promql::token::TokenKind;

const RANGE: Place = Place {
    context: "subquery or range selector",
    expected: "number, duration, step(), or range()",
};

const STEP: Place =
    Place { context: "subquery selector", expected: "number, duration, step(), range(), or \"]\"" };

impl Parser<'_> {
    /// What stands in brackets behind an expression.
    pub(super) fn bracket(&mut self, expr: Expr) -> Parsed<Expr> {
        let open = self.next()?;
        let range = self.length(RANGE)?;
        if let Some(close) = self.eat(TokenKind::RightBracket)? {
            return ranged(expr, range, open.span.to(close.span));
        }
        if self.eat(TokenKind::Colon)?.is_none() {
            return self.unexpected_in("subquery or range", "\":\" or \"]\"");
        }
        let mut step = None;
        if self.peek()?.kind != TokenKind::RightBracket {
            // A step that rounds to nothing is none, as in the reference.
            step = Some(self.length(STEP)?).filter(|step| *step != Duration::Fixed { nanos: 0 });
        }
        let Some(close) = self.eat(TokenKind::RightBracket)? else {
            return self.unexpected_in("subquery selector", "\"]\"");
        };
        let span = expr.range.to(close.span);
        self.check_subquery(&expr, span);
        let subquery = Subquery { expr, range, step, offset: None, at: None };
        node(ExprKind::Subquery(Box::new(subquery)), span)
    }
}

/// A selector with a range behind it, in brackets.
fn ranged(expr: Expr, range: Duration, brackets: Span) -> Parsed<Expr> {
    let span = expr.range.to(brackets);
    let selector_span = expr.range;
    let ExprKind::VectorSelector(selector) = expr.kind else {
        return fault(brackets, "ranges only allowed for vector selectors");
    };
    if selector.offset.is_some() {
        return fault(brackets, "no offset modifiers allowed before range");
    }
    if selector.at.is_some() {
        return fault(brackets, "no @ modifiers allowed before range");
    }
    let matrix = MatrixSelector { selector: *selector, selector_span, range };
    Ok(Expr::new(ExprKind::MatrixSelector(Box::new(matrix)), span))
}
