//! Runs queries: plan, select once, evaluate, collect.
//!
//! Law: evaluation happens on a thread that may block, in batches, and asks the query's limits
//! once per batch. Dropping the future of a query cancels it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hydrograph_storage::limits::{QueryLimits, Stopped};
use hydrograph_storage::source::{SelectRequest, Source};

use crate::error::QueryError;
use crate::operators::Context;
use crate::plan::{self, PlanOptions, Steps};
use crate::promql::{Expr, ValueType};
use crate::result;
use crate::value::Value;

/// What an engine does the same for every query.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How long a sample counts as current.
    pub lookback_ms: i64,
    /// The step of a subquery that names none.
    pub subquery_step_ms: i64,
    /// The most steps of a range query.
    pub points_max: usize,
    /// Metric names stay visible to grouping and matching until the end of the evaluation (an
    /// experimental option of the reference).
    pub delayed_name_removal: bool,
    /// Rates look at the times at which counters started, where they are known (an experimental
    /// option of the reference).
    pub start_timestamps: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lookback_ms: 300_000,
            subquery_step_ms: 60_000,
            points_max: 11_000,
            delayed_name_removal: false,
            start_timestamps: false,
        }
    }
}

/// The times at which a query is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryRange {
    /// Once.
    Instant {
        /// When.
        t_ms: i64,
    },
    /// At `start_ms` and every `step_ms` after it, up to and including `end_ms`.
    Range {
        /// The first time.
        start_ms: i64,
        /// The last time that may be evaluated.
        end_ms: i64,
        /// The distance of two times; above zero.
        step_ms: i64,
    },
}

/// One query.
pub struct QueryRequest {
    /// Whose series.
    pub tenant: Arc<str>,
    /// The text that `expr` was parsed from; annotations name lines and columns in it.
    pub text: String,
    /// What to evaluate.
    pub expr: Expr,
    /// When to evaluate it.
    pub range: QueryRange,
    /// Replaces the engine's lookback where it is above zero.
    pub lookback_ms: Option<i64>,
    /// Budget, deadline, cancellation.
    pub limits: QueryLimits,
    /// Whatever the caller wants held for as long as the query is worked on. It is dropped when
    /// the evaluation has ended, also where the client left long before.
    pub turn: Option<Box<dyn Send>>,
}

/// An answered query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryResult {
    /// The answer.
    pub value: Value,
    /// What may be wrong with the answer, as the reference words it, with positions.
    pub warnings: Vec<String>,
    /// What may be wrong with the query, as the reference words it, with positions.
    pub infos: Vec<String>,
    /// What it took.
    pub stats: QueryStats,
}

/// What a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryStats {
    /// Series that selectors found.
    pub series: u64,
    /// Samples that were read.
    pub samples: u64,
    /// The most bytes that were reserved at once.
    pub peak_bytes: u64,
}

/// Evaluates queries over one source.
pub struct Engine {
    source: Arc<dyn Source>,
    options: EngineOptions,
    evaluating: Arc<AtomicUsize>,
}

impl Engine {
    /// An engine that reads from `source`.
    pub fn new(source: Arc<dyn Source>, options: EngineOptions) -> Self {
        Self { source, options, evaluating: Arc::default() }
    }

    /// Queries that are being evaluated now, also those whose clients have left.
    pub fn evaluating(&self) -> usize {
        self.evaluating.load(Ordering::Relaxed)
    }

    /// Answers one query.
    pub async fn run(&self, request: QueryRequest) -> Result<QueryResult, QueryError> {
        let QueryRequest { tenant, text, expr, range, lookback_ms, limits, turn } = request;
        limits.check()?;
        let (steps, end_ms) = self.steps(range, &expr)?;
        let options = PlanOptions {
            lookback_ms: lookback_ms
                .filter(|&lookback_ms| lookback_ms > 0)
                .unwrap_or(self.options.lookback_ms),
            subquery_step_ms: self.options.subquery_step_ms,
            delayed_names: self.options.delayed_name_removal,
            start_timestamps: self.options.start_timestamps,
        };
        let plan = plan::build(&expr, steps, end_ms, options)?;
        drop(expr);
        let mut guard = CancelOnDrop { limits: limits.clone(), armed: true };
        let sets = if plan.selectors.is_empty() {
            Vec::new()
        } else {
            let selectors = plan.selectors.clone();
            let select = SelectRequest { tenant, selectors, limits: limits.clone() };
            let time_left = Duration::from_millis(limits.remaining_ms());
            let answer = tokio::time::timeout(time_left, self.source.select(&select)).await;
            answer.map_err(|_elapsed| Stopped::Deadline)??
        };
        let is_range = matches!(range, QueryRange::Range { .. });
        let counted = Counted::new(Arc::clone(&self.evaluating));
        let evaluation = tokio::task::spawn_blocking(move || {
            let _counted = counted;
            let _turn = turn;
            let mut cx = Context::new(limits, options.lookback_ms, options.delayed_names, sets);
            let value = result::evaluate(&plan, is_range, &mut cx)?;
            let (warnings, infos) = cx.annotations.render(&text);
            let stats = QueryStats { peak_bytes: cx.limits.peak_bytes(), ..cx.stats };
            Ok(QueryResult { value, warnings, infos, stats })
        });
        let answer = evaluation.await;
        guard.armed = false;
        answer.map_err(|error| QueryError::Internal(format!("evaluation broke: {error}")))?
    }

    /// The steps of a query, and its end, which need not be one of them.
    fn steps(&self, range: QueryRange, expr: &Expr) -> Result<(Steps, i64), QueryError> {
        let (start_ms, end_ms, step_ms) = match range {
            QueryRange::Instant { t_ms } => return Ok((Steps::once(t_ms), t_ms)),
            QueryRange::Range { start_ms, end_ms, step_ms } => (start_ms, end_ms, step_ms),
        };
        if !matches!(expr.value_type(), ValueType::Scalar | ValueType::Vector) {
            return Err(QueryError::Invalid(format!(
                "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
                expr.value_type().documented()
            )));
        }
        if step_ms <= 0 {
            let text = "zero or negative query resolution step widths are not accepted. Try a \
                        positive integer";
            return Err(QueryError::Invalid(text.to_owned()));
        }
        let steps = Steps::range(start_ms, end_ms, step_ms);
        if steps.count > self.options.points_max {
            return Err(QueryError::Invalid(format!(
                "exceeded maximum resolution of {} points per timeseries. Try decreasing the \
                 query resolution (?step=XX)",
                grouped(self.options.points_max)
            )));
        }
        Ok((steps, end_ms))
    }
}

/// One evaluation, counted until it ends.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(evaluating: Arc<AtomicUsize>) -> Self {
        evaluating.fetch_add(1, Ordering::Relaxed);
        Self(evaluating)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Stops a query whose client has left.
struct CancelOnDrop {
    limits: QueryLimits,
    armed: bool,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if self.armed {
            self.limits.cancel();
        }
    }
}

#[cfg(test)]
mod tests;
