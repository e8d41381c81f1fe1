//! Range vectors: the samples of each series over the ranges of all steps, one series after
//! another, read from a selector or made by a subquery.
//!
//! Law: staleness markers are left out. Only what a selector reads has start timestamps.

use std::sync::Arc;

use hydrograph_storage::samples::{Samples, is_stale_nan};
use hydrograph_storage::source::SeriesSet;
use hydrograph_storage::time_range::TimeRange;

use super::batch::Batch;
use super::context::Context;
use super::selector::Reader;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, open};
use crate::error::QueryError;
use crate::plan::{RangeInput, RangePlan, Steps};

/// The samples of one series after another.
pub(crate) struct RangeVector {
    series: SeriesList,
    from: From,
    next: usize,
    reader: Reader,
}

enum From {
    Selector { set: Arc<SeriesSet>, range: TimeRange },
    Subquery { input: Input, steps: Steps, batch: Option<Batch> },
}

impl RangeVector {
    /// Opens the input of a range.
    pub(crate) fn open(plan: &RangePlan, cx: &mut Context) -> Result<Self, QueryError> {
        let (metas, from) = match &plan.input {
            RangeInput::Selector { set, range } => {
                let set = cx.set(*set);
                let metas = set.series.iter().map(|s| SeriesMeta::new(s.labels.clone()));
                (metas.collect(), From::Selector { range: *range, set })
            }
            RangeInput::Subquery { plan, steps } => {
                let input = open(plan, *steps, cx)?;
                let metas = input.series().to_vec();
                (metas, From::Subquery { input, steps: *steps, batch: None })
            }
        };
        Ok(Self { series: cx.list(metas)?, from, next: 0, reader: Reader::new(cx)? })
    }

    /// All series.
    pub(crate) fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    /// The samples of the next series. To be called once for each series.
    pub(crate) fn next(&mut self, cx: &mut Context) -> Result<&Samples, QueryError> {
        let number = self.next;
        self.next += 1;
        match &mut self.from {
            From::Selector { set, range } => {
                self.reader.read(set, number, *range, cx)?;
                drop_stale(&mut self.reader.samples);
            }
            From::Subquery { input, steps, batch } => {
                while batch.as_ref().is_none_or(|batch| batch.end() <= number) {
                    *batch = input.next(cx)?;
                    assert!(batch.is_some(), "every series is in a batch");
                }
                let Some(batch) = batch else { unreachable!("looked for above") };
                let samples = &mut self.reader.samples;
                samples.clear();
                for (step, value) in batch.row(number - batch.first).iter() {
                    samples.push(steps.time(step), value);
                }
                self.reader.charge()?;
            }
        }
        Ok(&self.reader.samples)
    }
}

/// Leaves staleness markers out.
pub(crate) fn drop_stale(samples: &mut Samples) {
    if samples.values.iter().any(|&value| is_stale_nan(value)) {
        samples.retain(|value| !is_stale_nan(value));
    }
}
