//! Ranges that look at samples around them: `anchored` starts from the last sample before the
//! range, `smoothed` draws a line to the samples on both sides of each end.

use hydrograph_storage::samples::Samples;

use crate::functions::range::Window;
use crate::promql::ast::Extension;

/// The samples of a window that its range needs, as places within the window.
struct Ends {
    first: usize,
    last: usize,
}

impl Window<'_> {
    fn ends(&self) -> Option<Ends> {
        let times = self.times_ms;
        let smoothed = self.extension == Some(Extension::Smoothed);
        let mut last = times.len() - 1;
        let first = times[..last].partition_point(|&t| t <= self.start_ms).saturating_sub(1);
        if smoothed {
            last = times[..last].partition_point(|&t| t < self.end_ms);
        }
        let outside = times[last] <= self.start_ms || smoothed && times[first] > self.end_ms;
        (!outside).then_some(Ends { first, last })
    }

    /// The values at the start and at the end of the range.
    fn values_at(&self, ends: &Ends, counter: bool) -> (f64, f64) {
        let Ends { first, last } = *ends;
        let smoothed = self.extension == Some(Extension::Smoothed);
        let left = if smoothed && self.times_ms[first] < self.start_ms {
            self.between(first, self.start_ms, counter)
        } else {
            self.values[first]
        };
        let right = if smoothed && last > 0 && self.times_ms[last] > self.end_ms {
            self.between(last - 1, self.end_ms, counter)
        } else {
            self.values[last]
        };
        (left, right)
    }

    /// The value at a time between the samples `at` and `at + 1`; a reset counter starts at 0.
    fn between(&self, at: usize, t_ms: i64, counter: bool) -> f64 {
        interpolate(
            (self.times_ms[at], self.values[at]),
            (self.times_ms[at + 1], self.values[at + 1]),
            t_ms,
            counter,
        )
    }

    /// The values strictly inside of the range.
    fn inside(&self, ends: &Ends) -> &[f64] {
        let from = ends.first + usize::from(self.times_ms[ends.first] <= self.start_ms);
        let to = ends.last + usize::from(self.times_ms[ends.last] < self.end_ms);
        self.values.get(from..to).unwrap_or(&[])
    }
}

fn interpolate(before: (i64, f64), after: (i64, f64), t_ms: i64, counter: bool) -> f64 {
    let start = if counter && after.1 < before.1 { 0.0 } else { before.1 };
    start + (after.1 - start) * (t_ms - before.0) as f64 / (after.0 - before.0) as f64
}

/// The rise over the range.
pub(crate) fn increase(window: &Window<'_>, counter: bool) -> Option<f64> {
    let ends = window.ends()?;
    let (left, right) = window.values_at(&ends, counter);
    let mut rise = right - left;
    if counter {
        let mut lost = 0.0;
        let mut before = left;
        for &value in window.inside(&ends) {
            if value < before {
                lost += before;
            }
            before = value;
        }
        if right < before {
            lost += before;
        }
        rise += lost;
    }
    Some(rise)
}

/// The window from its anchor on: the last sample before the range, if there is one.
pub(crate) fn from_anchor<'a>(window: &Window<'a>) -> Option<Window<'a>> {
    let before = window.times_ms.partition_point(|&t| t <= window.start_ms);
    if before == window.times_ms.len() {
        return None;
    }
    let skip = before.saturating_sub(1);
    Some(Window {
        times_ms: &window.times_ms[skip..],
        values: &window.values[skip..],
        starts_ms: window.starts_ms.get(skip..).unwrap_or(&[]),
        first: window.first + skip,
        ..*window
    })
}

/// The samples of the range with a value at each end.
pub(crate) fn samples(window: &Window<'_>) -> Option<Samples> {
    let ends = window.ends()?;
    let (left, right) = window.values_at(&ends, false);
    let mut samples = Samples::new();
    samples.push(window.start_ms, left);
    let inside = window.times_ms.iter().zip(window.values);
    for (&t_ms, &value) in inside.filter(|(t, _)| window.start_ms < **t && **t < window.end_ms) {
        samples.push(t_ms, value);
    }
    samples.push(window.end_ms, right);
    Some(samples)
}

/// The value at `t_ms` on the line through the samples around it; behind the last, its value.
pub(crate) fn smoothed(times_ms: &[i64], values: &[f64], t_ms: i64) -> Option<f64> {
    let next = times_ms.partition_point(|&t| t < t_ms);
    if times_ms.get(next) == Some(&t_ms) {
        return Some(values[next]);
    }
    let before = next.checked_sub(1)?;
    if next == times_ms.len() {
        return Some(values[before]);
    }
    let (from, to) = ((times_ms[before], values[before]), (times_ms[next], values[next]));
    Some(interpolate(from, to, t_ms, false))
}
