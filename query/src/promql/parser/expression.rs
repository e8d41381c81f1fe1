//! Operators and operands, with a stack of what waits for its right operand.

use super::{Parsed, Parser, node};
use crate::promql::ast::{Expr, ExprKind, Span, Unary};
use crate::promql::ops::{BinaryOp, UnaryOp};
use crate::promql::parser::matching::Modifiers;
use crate::promql::token::{Keyword, Token, TokenKind};

/// An operator that waits for its right operand.
enum Waiting {
    Sign { op: UnaryOp, start: u32 },
    Binary { lhs: Expr, op: BinaryOp, modifiers: Modifiers },
}

impl Waiting {
    /// Whether it takes what stands between it and the next operator.
    fn binds_before(&self, next: BinaryOp) -> bool {
        let own = match self {
            Self::Sign { .. } => UnaryOp::PRECEDENCE,
            Self::Binary { op, .. } => op.precedence(),
        };
        next.leaves_operand_to(own)
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            let token = self.peek()?;
            if let Some(op) = sign(token.kind) {
                self.next()?;
                waiting.push(Waiting::Sign { op, start: token.span.start });
                continue;
            }
            let mut operand = self.operand()?;
            let next = self.peek()?;
            let TokenKind::Operator(op) = next.kind else {
                while let Some(top) = waiting.pop() {
                    operand = self.combine(top, operand)?;
                }
                return Ok(operand);
            };
            while let Some(top) = waiting.pop_if(|top| top.binds_before(op)) {
                operand = self.combine(top, operand)?;
            }
            self.next()?;
            let modifiers = self.modifiers()?;
            waiting.push(Waiting::Binary { lhs: operand, op, modifiers });
        }
    }

    fn combine(&mut self, waiting: Waiting, operand: Expr) -> Parsed<Expr> {
        match waiting {
            Waiting::Sign { op, start } => self.signed(op, start, operand),
            Waiting::Binary { lhs, op, modifiers } => self.binary(lhs, op, modifiers, operand),
        }
    }

    /// A sign is part of a number, and a node before anything else.
    fn signed(&mut self, op: UnaryOp, start: u32, mut operand: Expr) -> Parsed<Expr> {
        if let ExprKind::Number(number) = &mut operand.kind {
            if op == UnaryOp::Minus {
                number.value = -number.value;
            }
            operand.range.start = start;
            return Ok(operand);
        }
        let span = Span::new(start, operand.range.end);
        self.check_sign(span, &operand);
        node(ExprKind::Unary(Box::new(Unary { op, expr: operand })), span)
    }

    /// An operand with everything that is attached behind it.
    fn operand(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        loop {
            match self.peek()?.kind {
                TokenKind::LeftBracket => expr = self.bracket(expr)?,
                TokenKind::At => self.at_modifier(&mut expr)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset_modifier(&mut expr)?,
                TokenKind::Keyword(Keyword::Anchored | Keyword::Smoothed) => {
                    self.extension_modifier(&mut expr)?;
                }
                _ => return Ok(expr),
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => self.number_expression(),
            TokenKind::String => self.string_expression(),
            TokenKind::LeftParen => self.parentheses(),
            TokenKind::LeftBrace => self.vector_selector(None),
            TokenKind::Aggregate(op) => {
                self.next()?;
                match self.peek()?.kind {
                    TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without) => {
                        self.aggregate(op, token)
                    }
                    _ => self.vector_selector(Some(token)),
                }
            }
            kind if kind.is_metric_name() => {
                self.next()?;
                if is_function_name(token) && self.peek()?.kind == TokenKind::LeftParen {
                    return self.call(token);
                }
                self.vector_selector(Some(token))
            }
            _ => self.unexpected(),
        }
    }

    fn parentheses(&mut self) -> Parsed<Expr> {
        let open = self.next()?;
        let inner = self.nested(Self::expression)?;
        let close = self.expect(TokenKind::RightParen)?;
        node(ExprKind::Paren(Box::new(inner)), open.span.to(close.span))
    }
}

/// The sign that a token is at the start of an operand.
pub(super) fn sign(kind: TokenKind) -> Option<UnaryOp> {
    match kind {
        TokenKind::Operator(BinaryOp::Add) => Some(UnaryOp::Plus),
        TokenKind::Operator(BinaryOp::Sub) => Some(UnaryOp::Minus),
        _ => None,
    }
}

/// Whether an expression may start with a token.
pub(super) fn starts_expression(kind: TokenKind) -> bool {
    sign(kind).is_some()
        || kind.is_metric_name()
        || matches!(
            kind,
            TokenKind::Number
                | TokenKind::Duration
                | TokenKind::String
                | TokenKind::LeftParen
                | TokenKind::LeftBrace
        )
}

/// Whether a word before `(` names a function.
fn is_function_name(token: Token) -> bool {
    matches!(
        token.kind,
        TokenKind::Identifier
            | TokenKind::Keyword(
                Keyword::Start
                    | Keyword::End
                    | Keyword::Step
                    | Keyword::Range
                    | Keyword::MaxOf
                    | Keyword::MinOf
            )
    )
}
