//! Binary operators with their modifiers: `bool`, `on`, `group_left`, `fill`.

use super::{Parsed, Parser, fault, node};
use crate::promql::ast::{
    Binary, Cardinality, Expr, ExprKind, Fill, Number, ValueType, VectorMatching,
};
use crate::promql::ops::{BinaryOp, UnaryOp};
use crate::promql::parser::expression::{sign, starts_expression};
use crate::promql::token::{Keyword, TokenKind};

/// What may stand between an operator and its right operand.
pub(super) struct Modifiers {
    pub(super) bool_modifier: bool,
    pub(super) matching: VectorMatching,
}

impl Parser<'_> {
    pub(super) fn modifiers(&mut self) -> Parsed<Modifiers> {
        let bool_modifier = self.eat_keyword(Keyword::Bool)?;
        let on = self.eat_keyword(Keyword::On)?;
        let mut matching = VectorMatching { on, ..VectorMatching::default() };
        if matching.on || self.eat_keyword(Keyword::Ignoring)? {
            matching.labels = self.grouping()?;
            self.group_modifier(&mut matching)?;
        }
        self.fill_modifiers(&mut matching.fill)?;
        Ok(Modifiers { bool_modifier, matching })
    }

    fn eat_keyword(&mut self, keyword: Keyword) -> Parsed<bool> {
        Ok(self.eat(TokenKind::Keyword(keyword))?.is_some())
    }

    fn group_modifier(&mut self, matching: &mut VectorMatching) -> Parsed<()> {
        matching.card = match self.peek()?.kind {
            TokenKind::Keyword(Keyword::GroupLeft) => Cardinality::ManyToOne,
            TokenKind::Keyword(Keyword::GroupRight) => Cardinality::OneToMany,
            _ => return Ok(()),
        };
        self.next()?;
        // Labels are optional, but only where an operand or `fill` can follow instead.
        let next = self.peek()?.kind;
        if next == TokenKind::LeftParen || !starts_expression(next) {
            matching.include = self.grouping()?;
        }
        Ok(())
    }

    /// `fill`, or `fill_left` and `fill_right` in any order, each at most once.
    fn fill_modifiers(&mut self, fill: &mut Fill) -> Parsed<()> {
        if self.eat_keyword(Keyword::Fill)? {
            fill.left = Some(self.fill_value()?);
            fill.right = fill.left;
        } else if self.eat_keyword(Keyword::FillLeft)? {
            fill.left = Some(self.fill_value()?);
            if self.eat_keyword(Keyword::FillRight)? {
                fill.right = Some(self.fill_value()?);
            }
        } else if self.eat_keyword(Keyword::FillRight)? {
            fill.right = Some(self.fill_value()?);
            if self.eat_keyword(Keyword::FillLeft)? {
                fill.left = Some(self.fill_value()?);
            }
        }
        Ok(())
    }

    /// A signed number in parentheses.
    fn fill_value(&mut self) -> Parsed<f64> {
        self.expect(TokenKind::LeftParen)?;
        let sign = sign(self.peek()?.kind);
        if sign.is_some() {
            self.next()?;
        }
        if !matches!(self.peek()?.kind, TokenKind::Number | TokenKind::Duration) {
            return self.unexpected();
        }
        let token = self.next()?;
        let Number { value, .. } = self.number(token)?;
        self.expect(TokenKind::RightParen)?;
        Ok(if sign == Some(UnaryOp::Minus) { -value } else { value })
    }

    pub(super) fn binary(
        &mut self,
        lhs: Expr,
        op: BinaryOp,
        modifiers: Modifiers,
        rhs: Expr,
    ) -> Parsed<Expr> {
        let span = lhs.range.to(rhs.range);
        let Modifiers { bool_modifier, mut matching } = modifiers;
        if matching.fill.is_set() && !self.options.fill_modifiers {
            return fault(span, "binop fill modifiers are experimental and not enabled");
        }
        if op.is_set() && matching.card == Cardinality::OneToOne {
            matching.card = Cardinality::ManyToMany;
        }
        let vectors =
            lhs.value_type() == ValueType::Vector && rhs.value_type() == ValueType::Vector;
        let mut binary = Binary { op, lhs, rhs, bool_modifier, matching: Some(matching) };
        self.check_binary(&binary, span);
        if !vectors {
            binary.matching = None;
        }
        node(ExprKind::Binary(Box::new(binary)), span)
    }
}
