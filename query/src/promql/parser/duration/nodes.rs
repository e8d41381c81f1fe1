//! The nodes of one duration while it is parsed.

use super::{OUT_OF_RANGE, Place};
use crate::promql::ast::{Number, Span};
use crate::promql::duration::{
    Duration, DurationExpr, DurationKind, DurationNode, NodeId, out_of_range,
};
use crate::promql::ops::UnaryOp;
use crate::promql::parser::{Parsed, fault};

/// The nodes of one duration as they are found.
pub(super) struct Nodes {
    pub(super) place: Place,
    list: Vec<DurationNode>,
}

impl Nodes {
    pub(super) fn new(place: Place) -> Self {
        Self { place, list: Vec::new() }
    }

    pub(super) fn push(&mut self, kind: DurationKind, span: Span) -> NodeId {
        self.list.push(DurationNode { kind, span, wrapped: false });
        self.list.len() as NodeId - 1
    }

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.list[id as usize].span
    }

    /// The number that a node is.
    pub(super) fn number(&self, id: NodeId) -> Option<Number> {
        match self.list[id as usize].kind {
            DurationKind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Notes parentheses around a node; a number gets a node above it for that.
    pub(super) fn wrap(&mut self, id: NodeId, start: u32) -> NodeId {
        let id = match self.number(id) {
            Some(_) => {
                let span = Span::new(start, self.span(id).end);
                self.push(DurationKind::Plus(id), span)
            }
            None => id,
        };
        self.list[id as usize].wrapped = true;
        id
    }

    /// A sign before a node: a number takes it in, a plus before anything else is dropped.
    pub(super) fn sign(&mut self, op: UnaryOp, op_span: Span, id: NodeId) -> Parsed<NodeId> {
        let span = op_span.to(self.span(id));
        let node = &mut self.list[id as usize];
        if let DurationKind::Number(number) = &mut node.kind {
            if op == UnaryOp::Minus {
                number.value = -number.value;
            }
            if out_of_range(number.value) {
                return fault(op_span, OUT_OF_RANGE);
            }
            node.span = span;
            return Ok(id);
        }
        Ok(if op == UnaryOp::Minus { self.push(DurationKind::Minus(id), span) } else { id })
    }

    pub(super) fn finish(self, root: NodeId) -> Duration {
        match self.number(root) {
            Some(number) => Duration::from_seconds(number.value),
            None => Duration::Expr(DurationExpr { nodes: self.list }),
        }
    }
}
