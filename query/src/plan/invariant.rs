//! What has the same value at every step.
//!
//! The `@` modifier fixes the time that a selector looks from. An expression all of whose
//! selectors are fixed is evaluated once, unless a function in it looks at the time of the step.

use crate::promql::{Expr, ExprKind};

/// Functions that depend on the time of the step even if their arguments do not.
const LOOK_AT_THE_STEP: [&str; 14] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "end",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "range",
    "start",
    "step",
    "time",
    "year",
];

/// Whether any selector or subquery is fixed at all; where none is, there is nothing to find.
pub(super) fn has_fixed_times(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(|expr| {
        found |= match &expr.kind {
            ExprKind::Subquery(subquery) => subquery.at.is_some(),
            _ => expr.selector().is_some_and(|selector| selector.at.is_some()),
        }
    });
    found
}

/// Whether an expression has the same value at every step.
pub(super) fn is_invariant(expr: &Expr) -> bool {
    let mut expr = expr;
    // Left operands may be nested very deeply.
    while let ExprKind::Binary(binary) = &expr.kind {
        if !is_invariant(&binary.rhs) {
            return false;
        }
        expr = &binary.lhs;
    }
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => true,
        ExprKind::VectorSelector(selector) => selector.at.is_some(),
        ExprKind::MatrixSelector(matrix) => matrix.selector.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.at.is_some(),
        // The parameter is not asked for, as in the reference.
        ExprKind::Aggregate(aggregate) => is_invariant(&aggregate.expr),
        ExprKind::Unary(unary) => is_invariant(&unary.expr),
        ExprKind::Paren(inner) => is_invariant(inner),
        ExprKind::Call(call) if call.func.name == "timestamp" => {
            let argument = call.args[0].without_parens();
            matches!(argument.kind, ExprKind::VectorSelector(_)) && is_invariant(argument)
        }
        ExprKind::Call(call) => {
            !LOOK_AT_THE_STEP.contains(&call.func.name) && call.args.iter().all(is_invariant)
        }
        ExprKind::Binary(_) => unreachable!("walked above"),
    }
}
