//! What all operators of one query share.

use std::sync::Arc;

use hydrograph_storage::limits::QueryLimits;
use hydrograph_storage::source::SeriesSet;

use super::series::{SeriesList, SeriesMeta};
use crate::annotations::{Annotation, Annotations};
use crate::engine::QueryStats;
use crate::error::QueryError;
use crate::promql::Span;

/// Limits, selected series, annotations.
pub(crate) struct Context {
    pub(crate) limits: QueryLimits,
    pub(crate) lookback_ms: i64,
    /// Names that no longer fit stay visible until the end of the evaluation.
    pub(crate) delayed_names: bool,
    pub(crate) annotations: Annotations,
    pub(crate) stats: QueryStats,
    sets: Vec<Arc<SeriesSet>>,
}

impl Context {
    /// The context of a query whose selectors were answered by `sets`.
    pub(crate) fn new(
        limits: QueryLimits,
        lookback_ms: i64,
        delayed_names: bool,
        sets: Vec<SeriesSet>,
    ) -> Self {
        let series = sets.iter().map(|set| set.series.len() as u64).sum();
        Self {
            limits,
            lookback_ms,
            delayed_names,
            annotations: Annotations::default(),
            stats: QueryStats { series, ..QueryStats::default() },
            sets: sets.into_iter().map(Arc::new).collect(),
        }
    }

    /// The answer to one selector of the plan.
    pub(crate) fn set(&self, number: usize) -> Arc<SeriesSet> {
        self.sets[number].clone()
    }

    /// Tells the query's author something about the part `span`.
    pub(crate) fn annotate(&mut self, annotation: Annotation, span: Span) {
        self.annotations.add(annotation, span);
    }

    /// Charges a list of series to the query.
    pub(crate) fn list(&self, metas: Vec<SeriesMeta>) -> Result<SeriesList, QueryError> {
        let bytes = metas.capacity() * size_of::<SeriesMeta>();
        let memory = self.limits.reserve("a list of series", bytes)?;
        Ok(SeriesList::new(metas, memory))
    }
}
