//! Walking, cloning and dropping trees without recursion over their left operands.
//!
//! [`Expr::walk`] and [`Expr::walk_mut`] visit every node before its children, in the order in
//! which the reference does: the aggregated expression before the parameter, left before right.

use super::ast::{At, Binary, Expr, ExprKind, Number, Span};

impl Expr {
    /// The expressions directly below this one.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = &Self> {
        let (first, second, rest): (Option<&Self>, Option<&Self>, &[Self]) = match &self.kind {
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::VectorSelector(_)
            | ExprKind::MatrixSelector(_) => (None, None, &[]),
            ExprKind::Subquery(s) => (Some(&s.expr), None, &[]),
            ExprKind::Call(c) => (None, None, &c.args),
            ExprKind::Aggregate(a) => (Some(&a.expr), a.param.as_ref(), &[]),
            ExprKind::Binary(b) => (Some(&b.lhs), Some(&b.rhs), &[]),
            ExprKind::Unary(u) => (Some(&u.expr), None, &[]),
            ExprKind::Paren(inner) => (Some(inner), None, &[]),
        };
        first.into_iter().chain(second).chain(rest)
    }

    /// The expressions directly below this one, to be changed.
    pub fn children_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Self> {
        let (first, second, rest): (Option<&mut Self>, Option<&mut Self>, &mut [Self]) =
            match &mut self.kind {
                ExprKind::Number(_)
                | ExprKind::String(_)
                | ExprKind::VectorSelector(_)
                | ExprKind::MatrixSelector(_) => (None, None, &mut []),
                ExprKind::Subquery(s) => (Some(&mut s.expr), None, &mut []),
                ExprKind::Call(c) => (None, None, &mut c.args),
                ExprKind::Aggregate(a) => (Some(&mut a.expr), a.param.as_mut(), &mut []),
                ExprKind::Binary(b) => {
                    let b = &mut **b;
                    (Some(&mut b.lhs), Some(&mut b.rhs), &mut [])
                }
                ExprKind::Unary(u) => (Some(&mut u.expr), None, &mut []),
                ExprKind::Paren(inner) => (Some(inner), None, &mut []),
            };
        first.into_iter().chain(second).chain(rest)
    }

    /// Visits this node and all below it, each before its children.
    pub fn walk<'a>(&'a self, mut visit: impl FnMut(&'a Self)) {
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            visit(expr);
            pending.extend(expr.children().rev());
        }
    }

    /// Visits this node and all below it, each before its children; where the visitor answers
    /// `false` it does not descend.
    pub fn walk_mut(&mut self, mut visit: impl FnMut(&mut Self) -> bool) {
        let mut pending = vec![self];
        while let Some(expr) = pending.pop() {
            if visit(expr) {
                pending.extend(expr.children_mut().rev());
            }
        }
    }

    /// Sets `@` on every selector and subquery that has no time yet, `start()` and `end()`
    /// included; what stands within a subquery is left alone, since the subquery's time rules it.
    pub fn pin(&mut self, time_ms: i64) {
        let time = At::Time(time_ms);
        let set = |at: &mut Option<At>| {
            if !matches!(at, Some(At::Time(_))) {
                *at = Some(time);
            }
        };
        self.walk_mut(|expr| {
            if let ExprKind::Subquery(subquery) = &mut expr.kind {
                set(&mut subquery.at);
                return false;
            }
            if let Some(selector) = expr.selector_mut() {
                set(&mut selector.at);
            }
            true
        });
    }

    /// A node that costs nothing, to stand where another is taken away.
    pub(super) fn placeholder() -> Self {
        Self::new(ExprKind::Number(Number { value: 0.0, duration: false }), Span::default())
    }
}

/// Takes the left spine apart in a loop; what hangs to its right is no deeper than the limit.
impl Drop for Binary {
    fn drop(&mut self) {
        let mut left = std::mem::replace(&mut self.lhs, Expr::placeholder());
        while let ExprKind::Binary(inner) = &mut left.kind {
            let next = std::mem::replace(&mut inner.lhs, Expr::placeholder());
            left = next;
        }
    }
}

/// Copies the left spine from its bottom up.
impl Clone for Binary {
    fn clone(&self) -> Self {
        let mut above = Vec::new();
        let mut binary = self;
        while let ExprKind::Binary(inner) = &binary.lhs.kind {
            above.push((binary, binary.lhs.range));
            binary = inner;
        }
        let mut copy = binary.with_lhs(binary.lhs.clone());
        while let Some((parent, range)) = above.pop() {
            copy = parent.with_lhs(Expr::new(ExprKind::Binary(Box::new(copy)), range));
        }
        copy
    }
}

impl Binary {
    /// A copy of everything but the left operand.
    fn with_lhs(&self, lhs: Expr) -> Self {
        Self {
            op: self.op,
            lhs,
            rhs: self.rhs.clone(),
            bool_modifier: self.bool_modifier,
            matching: self.matching.clone(),
        }
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({self})")
    }
}

impl std::fmt::Debug for Binary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Binary({})", self.op)
    }
}
