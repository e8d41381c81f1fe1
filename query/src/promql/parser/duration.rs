//! Durations in brackets and behind `offset`.
//!
//! Nodes go to a list, operands before their operator; the operators wait on a stack as in
//! `expression`. Behind `offset` only a *closed* duration is taken (`foo offset 5m + 1` adds 1
//! to the selector's value), except that an open parenthesis without a sign, or a second sign,
//! begins one that takes operators too.

mod nodes;

use self::nodes::Nodes;
use super::expression::sign;
use super::{Parsed, Parser, fault};
use crate::promql::ast::Span;
use crate::promql::duration::{Duration, DurationKind, DurationOp, NodeId, out_of_range};
use crate::promql::ops::{BinaryOp, UnaryOp};
use crate::promql::token::{Keyword, Token, TokenKind};

const OUT_OF_RANGE: &str = "duration out of range";

/// How messages name the place of a duration, and what it should hold.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) context: &'static str,
    pub(super) expected: &'static str,
}

const OFFSET: Place = Place { context: "offset", expected: "number, duration, step(), or range()" };

/// An operator that waits for its right operand.
enum Waiting {
    Sign(UnaryOp, Span),
    Binary(NodeId, BinaryOp, DurationOp, Span),
}

impl Parser<'_> {
    /// The length of a range or a step.
    pub(super) fn length(&mut self, place: Place) -> Parsed<Duration> {
        let mut nodes = Nodes::new(place);
        let root = self.duration(&mut nodes, Vec::new())?;
        match nodes.number(root) {
            Some(number) if number.value <= 0.0 => {
                fault(nodes.span(root), "duration must be greater than 0")
            }
            _ => Ok(nodes.finish(root)),
        }
    }

    /// What follows `offset`.
    pub(super) fn offset(&mut self) -> Parsed<Duration> {
        let mut nodes = Nodes::new(OFFSET);
        let token = self.peek()?;
        let root = match (sign(token.kind), token.kind) {
            (Some(op), _) => {
                self.next()?;
                self.signed_offset(&mut nodes, op, token.span)?
            }
            (None, TokenKind::LeftParen) => self.duration(&mut nodes, Vec::new())?,
            (None, _) => self.duration_operand(&mut nodes)?,
        };
        Ok(nodes.finish(root))
    }

    /// A duration behind `offset` and a sign.
    fn signed_offset(&mut self, nodes: &mut Nodes, op: UnaryOp, op_span: Span) -> Parsed<NodeId> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                self.next()?;
                let number = self.number(token)?;
                let id = nodes.push(DurationKind::Number(number), token.span);
                nodes.sign(op, op_span, id)
            }
            TokenKind::LeftParen => {
                self.next()?;
                let inner = self.nested(|parser| parser.duration(nodes, Vec::new()))?;
                self.duration_token(nodes, TokenKind::RightParen)?;
                let start = nodes.span(inner).start;
                let inner = nodes.wrap(inner, start);
                nodes.sign(op, op_span, inner)
            }
            TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) => {
                self.duration(nodes, vec![Waiting::Sign(op, op_span)])
            }
            _ => self.signed_function(nodes, op, op_span),
        }
    }

    /// `-step()`: the fault of a missing option covers the sign as well.
    fn signed_function(&mut self, nodes: &mut Nodes, op: UnaryOp, op_span: Span) -> Parsed<NodeId> {
        let inner = self.duration_function(nodes)?;
        let span = op_span.to(nodes.span(inner));
        self.check_duration_option(span)?;
        let kind = match op {
            UnaryOp::Plus => DurationKind::Plus(inner),
            UnaryOp::Minus => DurationKind::Minus(inner),
        };
        Ok(nodes.push(kind, span))
    }

    /// Operators and operands, as far as they go.
    fn duration(&mut self, nodes: &mut Nodes, mut waiting: Vec<Waiting>) -> Parsed<NodeId> {
        loop {
            let token = self.peek()?;
            if let Some(op) = sign(token.kind) {
                self.next()?;
                waiting.push(Waiting::Sign(op, token.span));
                continue;
            }
            let mut operand = self.duration_operand(nodes)?;
            let next = self.peek()?;
            let Some((op, meaning)) = duration_operator(next) else {
                while let Some(top) = waiting.pop() {
                    operand = self.combine_durations(nodes, &top, operand)?;
                }
                return Ok(operand);
            };
            while let Some(top) = waiting.pop_if(|top| top.binds_before(op)) {
                operand = self.combine_durations(nodes, &top, operand)?;
            }
            self.next()?;
            waiting.push(Waiting::Binary(operand, op, meaning, next.span));
        }
    }

    fn combine_durations(
        &mut self,
        nodes: &mut Nodes,
        waiting: &Waiting,
        operand: NodeId,
    ) -> Parsed<NodeId> {
        match *waiting {
            Waiting::Sign(op, op_span) => nodes.sign(op, op_span, operand),
            Waiting::Binary(left, _, meaning, op_span) => {
                self.check_duration_option(nodes.span(left))?;
                let zero = nodes.number(operand).is_some_and(|number| number.value == 0.0);
                match meaning {
                    DurationOp::Div if zero => return fault(op_span, "division by zero"),
                    DurationOp::Mod if zero => return fault(op_span, "modulo by zero"),
                    _ => {}
                }
                let span = nodes.span(left).to(nodes.span(operand));
                Ok(nodes.push(DurationKind::Binary(meaning, left, operand), span))
            }
        }
    }

    fn duration_operand(&mut self, nodes: &mut Nodes) -> Parsed<NodeId> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                self.next()?;
                let number = self.number(token)?;
                if out_of_range(number.value) {
                    return fault(token.span, OUT_OF_RANGE);
                }
                Ok(nodes.push(DurationKind::Number(number), token.span))
            }
            TokenKind::LeftParen => {
                self.next()?;
                let inner = self.nested(|parser| parser.duration(nodes, Vec::new()))?;
                self.duration_token(nodes, TokenKind::RightParen)?;
                self.check_duration_option(nodes.span(inner))?;
                Ok(nodes.wrap(inner, token.span.start))
            }
            _ => {
                let id = self.duration_function(nodes)?;
                self.check_duration_option(nodes.span(id))?;
                Ok(id)
            }
        }
    }

    /// `step()`, `range()`, `max_of(a, b)`, `min_of(a, b)`.
    fn duration_function(&mut self, nodes: &mut Nodes) -> Parsed<NodeId> {
        let token = self.peek()?;
        let TokenKind::Keyword(keyword) = token.kind else { return self.no_duration(nodes) };
        let (plain, choice) = match keyword {
            Keyword::Step => (Some(DurationKind::Step), DurationOp::MaxOf),
            Keyword::Range => (Some(DurationKind::Range), DurationOp::MaxOf),
            Keyword::MaxOf => (None, DurationOp::MaxOf),
            Keyword::MinOf => (None, DurationOp::MinOf),
            _ => return self.no_duration(nodes),
        };
        self.next()?;
        self.duration_token(nodes, TokenKind::LeftParen)?;
        if let Some(kind) = plain {
            let close = self.duration_token(nodes, TokenKind::RightParen)?;
            return Ok(nodes.push(kind, token.span.to(close.span)));
        }
        let left = self.nested(|parser| parser.duration(nodes, Vec::new()))?;
        self.duration_token(nodes, TokenKind::Comma)?;
        let right = self.nested(|parser| parser.duration(nodes, Vec::new()))?;
        self.duration_token(nodes, TokenKind::RightParen)?;
        // The reference gives it the range of its operands.
        let span = nodes.span(left).to(nodes.span(right));
        Ok(nodes.push(DurationKind::Binary(choice, left, right), span))
    }

    fn duration_token(&mut self, nodes: &Nodes, kind: TokenKind) -> Parsed<Token> {
        match self.eat(kind)? {
            Some(token) => Ok(token),
            None => self.no_duration(nodes),
        }
    }

    fn no_duration<T>(&mut self, nodes: &Nodes) -> Parsed<T> {
        self.unexpected_in(nodes.place.context, nodes.place.expected)
    }

    fn check_duration_option(&self, span: Span) -> Parsed<()> {
        if self.options.duration_expressions {
            return Ok(());
        }
        fault(span, "experimental duration expression is not enabled")
    }
}

impl Waiting {
    /// Whether it takes what stands between it and the next operator.
    fn binds_before(&self, next: BinaryOp) -> bool {
        let own = match self {
            Self::Sign(..) => UnaryOp::PRECEDENCE,
            Self::Binary(_, op, ..) => op.precedence(),
        };
        next.leaves_operand_to(own)
    }
}

/// The operator that a token is between two durations.
fn duration_operator(token: Token) -> Option<(BinaryOp, DurationOp)> {
    let TokenKind::Operator(op) = token.kind else { return None };
    let meaning = match op {
        BinaryOp::Add => DurationOp::Add,
        BinaryOp::Sub => DurationOp::Sub,
        BinaryOp::Mul => DurationOp::Mul,
        BinaryOp::Div => DurationOp::Div,
        BinaryOp::Mod => DurationOp::Mod,
        BinaryOp::Pow => DurationOp::Pow,
        _ => return None,
    };
    Some((op, meaning))
}
