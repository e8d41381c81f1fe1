//! Lines through samples, and smoothing.

use crate::functions::kahan::Sum;
use crate::functions::range::Window;

/// A line by least squares: its slope per second and its value at `origin_ms`.
fn line(window: &Window<'_>, origin_ms: i64) -> (f64, f64) {
    let first = window.values[0];
    let (mut x_sum, mut y_sum) = (Sum::default(), Sum::default());
    let (mut xy_sum, mut xx_sum) = (Sum::default(), Sum::default());
    for (&t_ms, &y) in window.times_ms.iter().zip(window.values) {
        let x = (t_ms - origin_ms) as f64 / 1e3;
        x_sum = x_sum.plus(x);
        y_sum = y_sum.plus(y);
        xy_sum = xy_sum.plus(x * y);
        xx_sum = xx_sum.plus(x * x);
    }
    if window.values[1..].iter().all(|&y| y == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = window.values.len() as f64;
    let (x_sum, y_sum) = (x_sum.total(), y_sum.total());
    let covariance = xy_sum.total() - x_sum * y_sum / n;
    let variance = xx_sum.total() - x_sum * x_sum / n;
    let slope = covariance / variance;
    (slope, y_sum / n - slope * x_sum / n)
}

/// The slope of the line through the samples, per second.
pub(crate) fn slope(window: &Window<'_>) -> Option<f64> {
    (window.values.len() >= 2).then(|| line(window, window.times_ms[0]).0)
}

/// Where the line through the samples is so many seconds after the step.
pub(crate) fn predict(window: &Window<'_>, seconds: f64) -> Option<f64> {
    (window.values.len() >= 2).then(|| {
        let (slope, intercept) = line(window, window.t_ms);
        slope * seconds + intercept
    })
}

/// The last value of a double exponential smoothing.
pub(crate) fn smooth(
    window: &Window<'_>,
    smoothing: f64,
    trend: f64,
) -> Result<Option<f64>, String> {
    let valid = |factor: f64| factor > 0.0 && factor < 1.0 || factor.is_nan();
    if !valid(smoothing) {
        return Err(format!("invalid smoothing factor. Expected: 0 < sf < 1, got: {smoothing:.6}"));
    }
    if !valid(trend) {
        return Err(format!("invalid trend factor. Expected: 0 < tf < 1, got: {trend:.6}"));
    }
    let values = window.values;
    if values.len() < 2 {
        return Ok(None);
    }
    let (mut before, mut level) = (0.0, values[0]);
    let mut slope = values[1] - values[0];
    for (nth, &value) in values[1..].iter().enumerate() {
        if nth > 0 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        let next = smoothing * value + (1.0 - smoothing) * (level + slope);
        (before, level) = (level, next);
    }
    Ok(Some(level))
}
