//! Range vectors: the samples of each series over the ranges of all steps, one series after
//! another, read from a selector or made by a subquery.
//!
//! Law: staleness markers are left out.

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
    starts: bool,
}

enum From {
    Selector { set: Arc<SeriesSet>, range: TimeRange },
    Subquery { input: Input, steps: Steps, batch: Option<Batch> },
}

impl RangeVector {
    /// Opens the input of a range.
    pub(crate) fn open(plan: &RangePlan, cx: &mut Context) -> Result<Self, QueryError> {
        Self::open_with_starts(plan, false, cx)
    }

    /// Opens the input of a range, and reads start timestamps where it is asked to. Subqueries
    /// know of none.
    pub(crate) fn open_with_starts(
        plan: &RangePlan,
        starts: bool,
        cx: &mut Context,
    ) -> Result<Self, QueryError> {
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
        Ok(Self { series: cx.list(metas)?, from, next: 0, reader: Reader::new(cx)?, starts })
    }

    /// All series.
    pub(crate) fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    /// The samples of the next series, and when their counters started, if that is known. To be called once for each series.
    pub(crate) fn next(&mut self, cx: &mut Context) -> Result<(&Samples, &[i64]), QueryError> {
        let number = self.next;
        self.next += 1;
        match &mut self.from {
            From::Selector { set, range } => {
                self.reader.read(set, number, *range, cx)?;
                if self.starts {
                    self.reader.read_starts(set, number, *range)?;
                }
                drop_stale(&mut self.reader.samples, &mut self.reader.starts_ms);
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
        Ok((&self.reader.samples, &self.reader.starts_ms))
    }
}

/// Leaves staleness markers out.
pub(crate) fn drop_stale(samples: &mut Samples, starts_ms: &mut Vec<i64>) {
    if !samples.values.iter().any(|&value| is_stale_nan(value)) {
        return;
    }
    let mut kept = 0;
    for at in 0..samples.len() {
        if !is_stale_nan(samples.values[at]) {
            samples.values[kept] = samples.values[at];
            samples.times_ms[kept] = samples.times_ms[at];
            if let Some(&start_ms) = starts_ms.get(at) {
                starts_ms[kept] = start_ms;
            }
            kept += 1;
        }
    }
    samples.values.truncate(kept);
    samples.times_ms.truncate(kept);
    starts_ms.truncate(kept);
}
