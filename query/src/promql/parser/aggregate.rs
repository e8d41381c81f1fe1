//! Aggregations: `sum by (a) (x)`, `sum(x) without (a)`, `topk(3, x)`.

use super::{Parsed, Parser, fault, node};
use crate::promql::ast::{Aggregate, Expr, ExprKind, Span};
use crate::promql::ops::AggregateOp;
use crate::promql::token::{Keyword, Token, TokenKind};

impl Parser<'_> {
    /// An aggregation, whose name was consumed.
    pub(super) fn aggregate(&mut self, op: AggregateOp, name: Token) -> Parsed<Expr> {
        self.aggregations += 1;
        let mut clause = self.grouping_clause()?;
        let arguments = self.nested(Self::arguments)?;
        let mut end = arguments.close.end;
        if clause.is_none() {
            end = self.end_before_next(arguments.close)?;
            clause = self.grouping_clause()?;
            if clause.is_some() {
                end = self.last_closing;
            }
        }
        self.aggregations -= 1;
        let span = Span::new(name.span.start, end);
        self.check_arguments(op, span, arguments.args.len())?;
        let has_param = op.has_param();
        let (without, grouping) = clause.unwrap_or_default();
        let marks = arguments.marks;
        let mut args = arguments.args.into_iter();
        let param = if has_param { args.next() } else { None };
        let Some(expr) = args.next() else { unreachable!("the number was checked") };
        let aggregate = Aggregate { op, expr, param, grouping, without };
        self.check_aggregate(&aggregate, &marks);
        node(ExprKind::Aggregate(Box::new(aggregate)), span)
    }

    /// `by (…)` or `without (…)`, if it stands here: whether it is `without`, and the labels.
    fn grouping_clause(&mut self) -> Parsed<Option<(bool, Vec<String>)>> {
        let without = match self.peek()?.kind {
            TokenKind::Keyword(Keyword::By) => false,
            TokenKind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.next()?;
        Ok(Some((without, self.grouping()?)))
    }

    /// Where an aggregation without a clause ends. The reference has looked ahead by now; a
    /// closing bracket that it saw behind a comment it takes for the aggregation's own.
    fn end_before_next(&mut self, close: Span) -> Parsed<u32> {
        let next = self.peek()?;
        let between = &self.lexer.input()[close.end as usize..next.span.start as usize];
        let blank = between.bytes().all(|b| b.is_ascii_whitespace());
        let own = next.kind == TokenKind::RightParen && blank;
        Ok(if own { close.end } else { self.last_closing })
    }

    fn check_arguments(&self, op: AggregateOp, span: Span, given: usize) -> Parsed<()> {
        if given == 0 {
            return fault(span, "no arguments for aggregate expression provided");
        }
        if op.is_experimental() && !self.options.experimental_functions {
            return fault(
                span,
                format!(
                    "{op}() is experimental and must be enabled with \
                     --enable-feature=promql-experimental-functions"
                ),
            );
        }
        let expected = 1 + usize::from(op.has_param());
        if given != expected {
            return fault(
                span,
                format!(
                    "wrong number of arguments for aggregate expression provided, \
                     expected {expected}, got {given}"
                ),
            );
        }
        Ok(())
    }
}
