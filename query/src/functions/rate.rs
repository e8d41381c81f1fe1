//! How much a series rose over a range, from samples that do not stand at its ends.
//!
//! The rise between the first and the last sample is extended to the ends of the range where
//! samples come close to them, else by half of the samples' mean distance; a counter never to
//! below zero.

use crate::functions::range::{Scan, Window};
use crate::functions::starts::{first_inside, is_reset};

/// The rise of a counter, which starts from zero at each reset.
pub(crate) fn counter_increase(window: &Window<'_>, scan: &Scan) -> Option<f64> {
    let values = window.values;
    let mut rise = values[values.len() - 1] - values[0];
    for reset in scan.inside(window) {
        rise += values[reset - window.first - 1];
    }
    if let Some(start_ms) = first_inside(window) {
        return Some(from_start(window, rise + values[0], start_ms));
    }
    extrapolate(window, rise, true)
}

/// The rise of a gauge.
pub(crate) fn delta(window: &Window<'_>) -> Option<f64> {
    extrapolate(window, window.values[window.values.len() - 1] - window.values[0], false)
}

/// The rise of a counter that is known to have been zero at a time within the range: it is
/// extended to the end alone.
fn from_start(window: &Window<'_>, rise: f64, start_ms: i64) -> f64 {
    let times = window.times_ms;
    let gaps = times.len() - 1;
    let seconds = |from: i64, to: i64| (to - from) as f64 / 1000.0;
    let mean_gap = if gaps == 0 { 0.0 } else { seconds(times[0], times[gaps]) / gaps as f64 };
    let mut to_end = seconds(times[gaps], window.end_ms);
    if to_end >= mean_gap * 1.1 {
        to_end = mean_gap / 2.0;
    }
    let sampled = seconds(start_ms, times[gaps]);
    rise * ((sampled + to_end) / sampled)
}

fn extrapolate(window: &Window<'_>, rise: f64, counter: bool) -> Option<f64> {
    let times = window.times_ms;
    let gaps = times.len() - 1;
    if gaps == 0 {
        return None;
    }
    let seconds = |from: i64, to: i64| (to - from) as f64 / 1000.0;
    let mut to_start = seconds(window.start_ms, times[0]);
    let mut to_end = seconds(times[gaps], window.end_ms);
    let sampled = seconds(times[0], times[gaps]);
    let mean_gap = sampled / gaps as f64;
    let near = mean_gap * 1.1;
    if to_start >= near {
        to_start = mean_gap / 2.0;
    }
    if counter {
        let mut to_zero = to_start;
        if rise > 0.0 && window.values[0] >= 0.0 {
            to_zero = sampled * (window.values[0] / rise);
        }
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= near {
        to_end = mean_gap / 2.0;
    }
    let factor = if sampled == 0.0 { 1.0 } else { (sampled + to_start + to_end) / sampled };
    Some(rise * factor)
}

/// The difference of the last two samples; of a counter, per second.
pub(crate) fn instant(window: &Window<'_>, counter: bool) -> Option<f64> {
    let last = window.times_ms.len() - 1;
    if last == 0 {
        return None;
    }
    let (before, now) = (window.values[last - 1], window.values[last]);
    let elapsed_ms = window.times_ms[last] - window.times_ms[last - 1];
    let stamp = |at: usize| Some((window.times_ms[at], *window.starts_ms.get(at)?));
    let restarted = match (stamp(last - 1), stamp(last)) {
        (Some(before), Some(now)) => is_reset(before, now),
        _ => false,
    };
    let rise = if counter && (now < before || restarted) { now } else { now - before };
    Some(if counter { rise / (elapsed_ms as f64 / 1000.0) } else { rise })
}
