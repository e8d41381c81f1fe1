//! The newest sample of each selected series at each step.

use std::sync::Arc;

use hydrograph_storage::limits::Reservation;
use hydrograph_storage::samples::{Samples, is_stale_nan};
use hydrograph_storage::source::SeriesSet;
use hydrograph_storage::time_range::TimeRange;

use super::batch::{Batch, RowMut};
use super::context::Context;
use super::range_vector::drop_stale;
use super::series::{SeriesList, SeriesMeta, drop_names};
use super::{Input, Operator};
use crate::error::QueryError;
use crate::functions::extended::smoothed;
use crate::plan::{SelectorPlan, Steps, Want};

/// Reads one selector.
pub(crate) struct Selector {
    set: Arc<SeriesSet>,
    series: SeriesList,
    plan: SelectorPlan,
    steps: Steps,
    lookback_ms: i64,
    done: usize,
    samples: Reader,
}

/// Buffers for the samples of one series after another, charged to the query.
pub(crate) struct Reader {
    pub(crate) samples: Samples,
    scratch: Samples,
    memory: Reservation,
}

impl Reader {
    /// Empty buffers.
    pub(crate) fn new(cx: &Context) -> Result<Self, QueryError> {
        let memory = cx.limits.reserve("the samples of a series", 0)?;
        Ok(Self { samples: Samples::new(), scratch: Samples::new(), memory })
    }

    /// Replaces the samples by those of a series of `set` inside `range`.
    pub(crate) fn read(
        &mut self,
        set: &SeriesSet,
        series: usize,
        range: TimeRange,
        cx: &mut Context,
    ) -> Result<(), QueryError> {
        set.series[series].read(range, &mut self.samples, &mut self.scratch)?;
        cx.stats.samples += self.samples.len() as u64;
        self.charge()
    }

    /// Charges what the buffers have become.
    pub(crate) fn charge(&mut self) -> Result<(), QueryError> {
        let bytes = self.samples.capacity_bytes() + self.scratch.capacity_bytes();
        self.memory.resize(bytes)?;
        Ok(())
    }
}

impl Selector {
    pub(crate) fn open(
        plan: &SelectorPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let set = cx.set(plan.set);
        let metas = set.series.iter().map(|series| SeriesMeta::new(series.labels.clone()));
        let mut metas: Vec<_> = metas.collect();
        if matches!(plan.want, Want::Time | Want::Start) {
            drop_names(&mut metas, cx.delayed_names);
        }
        Ok(Box::new(Self {
            series: cx.list(metas)?,
            set,
            plan: *plan,
            steps,
            lookback_ms: cx.lookback_ms,
            done: 0,
            samples: Reader::new(cx)?,
        }))
    }

    /// The value on the line through the samples around each step.
    fn fill_smoothed(&mut self, mut row: RowMut<'_>) {
        drop_stale(&mut self.samples.samples);
        let Samples { times_ms, values, .. } = &self.samples.samples;
        for (step, t_ms) in self.steps.times().enumerate() {
            let at_ms = self.plan.at(t_ms);
            let from = times_ms.partition_point(|&t| t <= at_ms.saturating_sub(self.lookback_ms));
            let to = times_ms.partition_point(|&t| t <= at_ms.saturating_add(self.lookback_ms));
            if let Some(value) = smoothed(&times_ms[from..to], &values[from..to], at_ms) {
                row.set(step, value);
            }
        }
    }

    /// The newest sample at or before each step, unless it is stale or older than the lookback.
    fn fill(&self, mut row: RowMut<'_>) {
        let samples = &self.samples.samples;
        let Samples { times_ms, values, .. } = samples;
        let mut next = 0;
        for (step, t_ms) in self.steps.times().enumerate() {
            let at_ms = self.plan.at(t_ms);
            while next < times_ms.len() && times_ms[next] <= at_ms {
                next += 1;
            }
            let Some(newest) = next.checked_sub(1) else { continue };
            let (sample_ms, value) = (times_ms[newest], values[newest]);
            if sample_ms > at_ms.saturating_sub(self.lookback_ms) && !is_stale_nan(value) {
                row.set(
                    step,
                    match self.plan.want {
                        Want::Time => sample_ms as f64 / 1000.0,
                        Want::Start => samples.start_ms(newest) as f64 / 1000.0,
                        Want::Value | Want::Smoothed => value,
                    },
                );
            }
        }
    }
}

impl Operator for Selector {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let total = self.series.len();
        let Some(mut batch) = Batch::next_of(cx, self.done, total, self.steps.count)? else {
            return Ok(None);
        };
        for at in 0..batch.rows() {
            self.samples.read(&self.set, batch.first + at, self.plan.range, cx)?;
            match self.plan.want {
                Want::Value | Want::Time | Want::Start => self.fill(batch.row_mut(at)),
                Want::Smoothed => self.fill_smoothed(batch.row_mut(at)),
            }
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
