//! Function calls.

use super::expression::starts_expression;
use super::{Parsed, Parser, fault, node};
use crate::promql::ast::{Call, Expr, ExprKind, Span};
use crate::promql::format::quote;
use crate::promql::functions::Function;
use crate::promql::token::{Token, TokenKind};

/// Arguments in parentheses.
pub(super) struct Arguments {
    pub(super) args: Vec<Expr>,
    /// How many faults of type there were before each argument, and behind the last.
    pub(super) marks: Vec<usize>,
    /// The closing parenthesis.
    pub(super) close: Span,
}

impl Parser<'_> {
    /// A call, whose name was consumed.
    pub(super) fn call(&mut self, name: Token) -> Parsed<Expr> {
        let arguments = self.nested(Self::arguments)?;
        let span = name.span.to(arguments.close);
        let text = self.text(name);
        let shown = || quote(text.as_bytes());
        let Some(func) = Function::by_name(text) else {
            return fault(name.span, format!("unknown function with name {}", shown()));
        };
        if func.experimental && !self.options.experimental_functions {
            return fault(name.span, format!("function {} is not enabled", shown()));
        }
        self.check_call(func, &arguments, span);
        node(ExprKind::Call(Box::new(Call { func, args: arguments.args })), span)
    }

    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        self.expect(TokenKind::LeftParen)?;
        let mut args = Vec::new();
        let mut marks = vec![self.wrong_types.len()];
        if let Some(close) = self.eat(TokenKind::RightParen)? {
            return Ok(Arguments { args, marks, close: close.span });
        }
        loop {
            args.push(self.expression()?);
            marks.push(self.wrong_types.len());
            if let Some(close) = self.eat(TokenKind::RightParen)? {
                return Ok(Arguments { args, marks, close: close.span });
            }
            let comma = self.expect(TokenKind::Comma)?;
            if !starts_expression(self.peek()?.kind) {
                return fault(comma.span, "trailing commas not allowed in function call args");
            }
        }
    }
}
