//! The other ways in which an instant query must give the same answer.
//!
//! With `@` fixed to the time of the eval, an expression answers the same at every time, unless
//! it asks for the time itself.

use std::sync::LazyLock;

use regex::Regex;

use super::eval::Eval;
use super::script::pattern;
use crate::promql::{Expr, ExprKind, Options, parse};

/// Functions whose answer depends on the time of evaluation, whatever their argument is.
const TIME_FUNCTIONS: [&str; 15] = [
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
    "timestamp",
    "year",
];

/// One way to ask.
#[derive(Clone, Debug)]
pub(super) struct Rerun {
    /// The text of the query; annotations name places in it.
    pub(super) text: String,
    /// The query.
    pub(super) expr: Expr,
    /// When to ask.
    pub(super) t_ms: i64,
}

impl std::fmt::Display for Rerun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "as `{}` at {} ms", self.text, self.t_ms)
    }
}

/// An eval as it is written and as it is asked again with fixed times.
pub(super) fn instant_runs(eval: &Eval, t_ms: i64) -> Result<Vec<Rerun>, String> {
    let expr = parse(&eval.query, Options::ALL).map_err(|error| error.to_string())?;
    let mut runs = vec![Rerun { text: eval.query.clone(), expr: expr.clone(), t_ms }];
    if asks_for_time(&expr) {
        return Ok(runs);
    }
    let mut pinned = expr;
    pinned.pin(t_ms);
    let text = pinned.to_string();
    let expr =
        parse(&text, Options::ALL).map_err(|error| format!("printed as {text:?}: {error}"))?;
    let times_ms = match t_ms {
        0 => vec![-1000, 0, 1000],
        t => vec![t.saturating_mul(-10), 0, t / 5, t, t.saturating_mul(10)],
    };
    runs.extend(times_ms.into_iter().map(|t_ms| Rerun {
        text: text.clone(),
        expr: expr.clone(),
        t_ms,
    }));
    Ok(runs)
}

/// Whether the answer of an instant query can be found again as a step of a range query.
pub(super) fn repeats_as_range(eval: &Eval) -> bool {
    static ASKS_FOR_RANGE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(start|end|range|step)\(\)"));
    eval.rules.fail.is_none()
        && eval.expected.string.is_none()
        && !eval.expected.range_vector
        && !ASKS_FOR_RANGE.is_match(&eval.query)
}

/// Whether a time function stands anywhere but within a subquery, whose time rules it.
fn asks_for_time(expr: &Expr) -> bool {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        match &expr.kind {
            ExprKind::Subquery(_) => {}
            ExprKind::Call(call) if TIME_FUNCTIONS.contains(&call.func.name) => return true,
            _ => pending.extend(expr.children()),
        }
    }
    false
}
