//! Columns of steps, for a few series at a time.
//!
//! ```text
//!             step 0   step 1   step 2
//! series 5  │  1.5   │   –    │  NaN   │     a value and whether it is there; NaN is a value
//! series 6  │   –    │   –    │   –    │     a series may have no value at all
//! ```
//! Native histograms will be a second column of the same shape.

use hydrograph_storage::limits::Reservation;

use super::context::Context;
use crate::error::QueryError;

/// So many values make a batch worth its overhead and still fit a cache.
const BATCH_POINTS: usize = 16_384;
/// A batch of single steps has no more series than this.
const BATCH_ROWS_MAX: usize = 2_048;

/// How many series of so many steps make a batch.
pub(crate) fn rows_per_batch(steps: usize) -> usize {
    (BATCH_POINTS / steps.max(1)).clamp(1, BATCH_ROWS_MAX)
}

/// The values of consecutive series.
pub(crate) struct Batch {
    /// The number of the first series among those of the operator.
    pub(crate) first: usize,
    rows: usize,
    steps: usize,
    values: Vec<f64>,
    present: Vec<bool>,
    _memory: Reservation,
}

/// The values of one series.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) present: &'a [bool],
}

/// The values of one series, to be written.
pub(crate) struct RowMut<'a> {
    pub(crate) values: &'a mut [f64],
    pub(crate) present: &'a mut [bool],
}

impl Batch {
    /// A batch of `rows` series from the number `first` on, without a value.
    pub(crate) fn new(
        cx: &Context,
        first: usize,
        rows: usize,
        steps: usize,
    ) -> Result<Self, QueryError> {
        let points = rows.saturating_mul(steps);
        let memory = cx.limits.reserve("a batch of series", points.saturating_mul(9))?;
        Ok(Self {
            first,
            rows,
            steps,
            values: vec![0.0; points],
            present: vec![false; points],
            _memory: memory,
        })
    }

    /// A batch for the next series of `total`, if there are any from `first` on.
    pub(crate) fn next_of(
        cx: &Context,
        first: usize,
        total: usize,
        steps: usize,
    ) -> Result<Option<Self>, QueryError> {
        cx.limits.check()?;
        let rows = rows_per_batch(steps).min(total - first);
        if rows == 0 { Ok(None) } else { Self::new(cx, first, rows, steps).map(Some) }
    }

    /// How many series it holds.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The number of the first series behind it.
    pub(crate) fn end(&self) -> usize {
        self.first + self.rows
    }

    /// The series at a place within the batch.
    pub(crate) fn row(&self, at: usize) -> Row<'_> {
        let range = at * self.steps..(at + 1) * self.steps;
        Row { values: &self.values[range.clone()], present: &self.present[range] }
    }

    /// The series at a place within the batch, to be written.
    pub(crate) fn row_mut(&mut self, at: usize) -> RowMut<'_> {
        let range = at * self.steps..(at + 1) * self.steps;
        RowMut { values: &mut self.values[range.clone()], present: &mut self.present[range] }
    }

    /// The series with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Row<'_>)> {
        (0..self.rows).map(|at| (self.first + at, self.row(at)))
    }
}

impl<'a> Row<'a> {
    /// The values that are there, with their steps.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, f64)> + 'a {
        let pairs = self.values.iter().zip(self.present).enumerate();
        pairs.filter_map(|(step, (&value, &present))| present.then_some((step, value)))
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        !self.present.contains(&true)
    }
}

impl RowMut<'_> {
    /// Sets the value of one step.
    pub(crate) fn set(&mut self, step: usize, value: f64) {
        self.values[step] = value;
        self.present[step] = true;
    }

    /// Copies a whole row.
    pub(crate) fn copy_from(&mut self, row: Row<'_>) {
        self.values.copy_from_slice(row.values);
        self.present.copy_from_slice(row.present);
    }
}
