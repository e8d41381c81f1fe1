//! Half-open ranges of time in milliseconds. Prometheus' inclusive and left-open bounds exist
//! only at the edges (HTTP, PromQL) and are converted there.

/// `start_ms ≤ t < end_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First millisecond inside.
    pub start_ms: i64,
    /// First millisecond outside.
    pub end_ms: i64,
}

impl TimeRange {
    /// Everything.
    pub const ALL: Self = Self { start_ms: i64::MIN, end_ms: i64::MAX };

    /// `start_ms ≤ t < end_ms`; empty where the end is not above the start.
    pub fn new(start_ms: i64, end_ms: i64) -> Self {
        Self { start_ms, end_ms }
    }

    /// `first_ms ≤ t ≤ last_ms`, Prometheus' closed range.
    pub fn closed(first_ms: i64, last_ms: i64) -> Self {
        Self { start_ms: first_ms, end_ms: last_ms.saturating_add(1) }
    }

    /// Whether `t_ms` lies inside.
    pub fn contains(&self, t_ms: i64) -> bool {
        self.start_ms <= t_ms && t_ms < self.end_ms
    }

    /// Whether nothing lies inside.
    pub fn is_empty(&self) -> bool {
        self.end_ms <= self.start_ms
    }

    /// Whether some millisecond lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.intersect(other).is_empty()
    }

    /// What lies in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { start_ms: self.start_ms.max(other.start_ms), end_ms: self.end_ms.min(other.end_ms) }
    }

    /// The least range that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { start_ms: self.start_ms.min(other.start_ms), end_ms: self.end_ms.max(other.end_ms) }
    }
}
