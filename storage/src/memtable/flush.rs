//! A frozen generation in the order of a block: tenant, window, metric, labels, time.

use std::sync::Arc;

use super::{GenerationId, Memtable};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// Reads a frozen generation row by row, as slowly as its owner likes.
pub struct FlushCursor {
    rows: std::vec::IntoIter<(FlushedSeries, Samples)>,
}

/// The samples of one series in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushedSeries {
    /// Whose series.
    pub tenant: Arc<str>,
    /// The aligned window that holds all its samples (clipped at the ends of time).
    pub window: TimeRange,
    /// The series.
    pub labels: Labels,
}

/// What one call of [`FlushCursor::next`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlushStep {
    /// The next row; its samples are in the buffer that was passed.
    Series(FlushedSeries),
    /// A slice of work was done without reaching a row: call again.
    Working,
    /// There are no more rows.
    Done,
}

impl FlushCursor {
    pub(super) fn new(memtable: &Memtable, id: GenerationId) -> Self {
        let generation = memtable.frozen.iter().find(|generation| generation.stats.id == id);
        let window_ms = memtable.config.window_ms;
        let mut rows: Vec<(FlushedSeries, Samples)> = Vec::new();
        for ((tenant, labels), samples) in generation.into_iter().flat_map(|g| &g.samples) {
            let mut last = None;
            for (&t_ms, &value) in samples {
                let number = t_ms.div_euclid(window_ms);
                if last != Some(number) {
                    last = Some(number);
                    let window = TimeRange::new(
                        number.saturating_mul(window_ms),
                        number.saturating_add(1).saturating_mul(window_ms),
                    );
                    let series = FlushedSeries {
                        tenant: Arc::clone(tenant),
                        window,
                        labels: labels.clone(),
                    };
                    rows.push((series, Samples::new()));
                }
                if let Some((_, samples)) = rows.last_mut() {
                    samples.push(t_ms, value);
                }
            }
        }
        rows.sort_by(|(a, _), (b, _)| {
            let key = |s: &FlushedSeries| (Arc::clone(&s.tenant), s.window.start_ms);
            (key(a), a.labels.metric_name(), &a.labels).cmp(&(
                key(b),
                b.labels.metric_name(),
                &b.labels,
            ))
        });
        Self { rows: rows.into_iter() }
    }

    /// Moves to the next row and puts its samples, strictly ascending, into `out`.
    pub fn next(&mut self, memtable: &Memtable, out: &mut Samples) -> FlushStep {
        let _ = memtable;
        match self.rows.next() {
            Some((series, samples)) => {
                *out = samples;
                FlushStep::Series(series)
            }
            None => FlushStep::Done,
        }
    }
}
