//! Which samples a selector can need: the edge at which left-open ranges become half-open.

use hydrograph_storage::time_range::TimeRange;

use super::Steps;

/// The samples for all steps of a selector that looks back over `back_ms`, start excluded, and
/// ahead over `ahead_ms`.
pub(super) fn selected(
    steps: Steps,
    at_ms: Option<i64>,
    offset_ms: i64,
    back_ms: i64,
    ahead_ms: i64,
) -> TimeRange {
    let first = at_ms.unwrap_or(steps.start_ms);
    let last = at_ms.unwrap_or(steps.last_ms());
    let from = first.saturating_sub(offset_ms).saturating_sub(back_ms).saturating_add(1);
    TimeRange::closed(from, last.saturating_sub(offset_ms).saturating_add(ahead_ms))
}

/// The steps of a subquery: multiples of its step within the ranges of all steps around it.
pub(super) fn subquery_steps(
    steps: Steps,
    at_ms: Option<i64>,
    offset_ms: i64,
    length_ms: i64,
    step_ms: i64,
) -> Steps {
    let first = at_ms.unwrap_or(steps.start_ms);
    let last = at_ms.unwrap_or(steps.last_ms());
    let before = first.saturating_sub(offset_ms).saturating_sub(length_ms);
    let mut start_ms = step_ms * (before / step_ms);
    if start_ms <= before {
        start_ms = start_ms.saturating_add(step_ms);
    }
    Steps::range(start_ms, last.saturating_sub(offset_ms), step_ms)
}

#[cfg(test)]
mod tests {
    use hydrograph_storage::time_range::TimeRange;

    use super::{Steps, selected, subquery_steps};

    #[test]
    fn starts_are_open() {
        let steps = Steps::range(1_000, 2_500, 1_000);
        assert_eq!(selected(steps, None, 0, 300, 0), TimeRange::new(701, 2_001));
        assert_eq!(selected(steps, Some(50), 10, 30, 5), TimeRange::new(11, 46));
    }

    #[test]
    fn subqueries_are_aligned() {
        let at = |t_ms| subquery_steps(Steps::once(t_ms), None, 0, 60, 10);
        assert_eq!(at(100), Steps { start_ms: 50, step_ms: 10, count: 6 });
        assert_eq!(at(105), Steps { start_ms: 50, step_ms: 10, count: 6 });
        assert_eq!(at(5), Steps { start_ms: -50, step_ms: 10, count: 6 });
    }
}
