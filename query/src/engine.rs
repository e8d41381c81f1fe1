//! Runs queries: plan, select once, evaluate, collect.
//!
//! Law: evaluation happens on a thread that may block, in batches, and asks the query's limits
//! once per batch. Dropping the future of a query cancels it.

use std::sync::Arc;

use hydrograph_storage::limits::QueryLimits;
use hydrograph_storage::source::{SelectRequest, Source};

use crate::error::QueryError;
use crate::promql::Expr;
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
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lookback_ms: 300_000,
            subquery_step_ms: 60_000,
            points_max: 11_000,
            delayed_name_removal: false,
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
    /// Replaces the engine's lookback.
    pub lookback_ms: Option<i64>,
    /// Budget, deadline, cancellation.
    pub limits: QueryLimits,
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
}

impl Engine {
    /// An engine that reads from `source`.
    pub fn new(source: Arc<dyn Source>, options: EngineOptions) -> Self {
        Self { source, options }
    }

    /// Answers one query.
    pub async fn run(&self, request: QueryRequest) -> Result<QueryResult, QueryError> {
        request.limits.check()?;
        let limits = request.limits.clone();
        let select = SelectRequest { tenant: request.tenant, selectors: Vec::new(), limits };
        let sets = self.source.select(&select).await?;
        let lookback_ms = request.lookback_ms.unwrap_or(self.options.lookback_ms);
        let what = format!("{} over {} selectors and {lookback_ms} ms", request.expr, sets.len());
        Err(QueryError::Unsupported(what))
    }
}
