//! The times at which something is evaluated.

/// `start_ms`, `start_ms + step_ms`, …: `count` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) start_ms: i64,
    pub(crate) step_ms: i64,
    pub(crate) count: usize,
}

impl Steps {
    /// One time.
    pub(crate) fn once(t_ms: i64) -> Self {
        Self { start_ms: t_ms, step_ms: 1, count: 1 }
    }

    /// From `start_ms` up to and including `end_ms`; none where the end lies before the start.
    pub(crate) fn range(start_ms: i64, end_ms: i64, step_ms: i64) -> Self {
        assert!(step_ms > 0, "steps ascend");
        let count = if end_ms < start_ms {
            0
        } else {
            (end_ms.abs_diff(start_ms) / step_ms.unsigned_abs()).saturating_add(1) as usize
        };
        Self { start_ms, step_ms, count }
    }

    /// Only the first of them.
    pub(crate) fn first(self) -> Self {
        Self { count: self.count.min(1), ..self }
    }

    /// The time of one step.
    pub(crate) fn time(&self, nth: usize) -> i64 {
        self.start_ms.saturating_add(self.step_ms.saturating_mul(nth as i64))
    }

    /// The time of the last step; that of the first where there is none.
    pub(crate) fn last_ms(&self) -> i64 {
        self.time(self.count.saturating_sub(1))
    }

    /// All times, ascending.
    pub(crate) fn times(self) -> impl ExactSizeIterator<Item = i64> {
        (0..self.count).map(move |nth| self.time(nth))
    }
}
