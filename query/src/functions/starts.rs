//! What start timestamps tell of counters: a sample says when its counter began to count.
//!
//! Law: 0 is an unknown start, and so is one that does not lie before its sample.

use crate::functions::range::Window;

/// Whether a counter began anew between two samples, each a time and a start.
pub(crate) fn is_reset(before: (i64, i64), now: (i64, i64)) -> bool {
    let ((before_ms, before_start_ms), (now_ms, start_ms)) = (before, now);
    if start_ms == 0 || start_ms >= now_ms || start_ms < before_ms {
        return false;
    }
    if start_ms > before_ms {
        return true;
    }
    // A start at the sample before: the next of a series of deltas, or of a counter whose own
    // start is unknown, which that sample's start tells.
    before_start_ms <= before_ms && before_start_ms != 0 && before_start_ms != before_ms
}

/// Whether a sample claims to have started before the one before it, and not when that one did.
pub(crate) fn overlap(before: (i64, i64), now: (i64, i64)) -> bool {
    let ((before_ms, before_start_ms), (_, start_ms)) = (before, now);
    start_ms != 0 && start_ms < before_ms && start_ms != before_start_ms
}

/// The start of the window's first sample, if it lies inside of the range.
pub(crate) fn first_inside(window: &Window<'_>) -> Option<i64> {
    let &start_ms = window.starts_ms.first()?;
    let inside = start_ms > window.start_ms && start_ms < window.times_ms[0];
    (start_ms != 0 && inside).then_some(start_ms)
}
