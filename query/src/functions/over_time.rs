//! Aggregations of the samples of one window.

use crate::functions::kahan::{Mean, Sum};
use crate::functions::quantile::quantile;

/// The arithmetic mean.
pub(crate) fn avg(values: &[f64]) -> f64 {
    let mut mean = Mean::of(values[0]);
    for &value in &values[1..] {
        mean.add(value);
    }
    mean.mean()
}

/// The sum.
pub(crate) fn sum(values: &[f64]) -> f64 {
    let sum = values.iter().copied().fold(Sum::default(), Sum::plus);
    if sum.sum.is_infinite() { sum.sum } else { sum.total() }
}

/// The number of the value that none after it `beats`; any number beats NaN.
pub(crate) fn extreme(values: &[f64], beats: fn(f64, f64) -> bool) -> usize {
    let mut best = 0;
    for (nth, &value) in values.iter().enumerate() {
        if beats(value, values[best]) || values[best].is_nan() {
            best = nth;
        }
    }
    best
}

/// The population variance.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut squares) = (Sum::default(), Sum::default());
    let mut count = 0.0;
    for &value in values {
        count += 1.0;
        let delta = value - mean.total();
        mean = mean.plus(delta / count);
        squares = squares.plus(delta * (value - mean.total()));
    }
    squares.total() / count
}

/// The φ-quantile.
pub(crate) fn quantile_of(q: f64, values: &[f64], scratch: &mut Vec<f64>) -> f64 {
    scratch.clear();
    scratch.extend_from_slice(values);
    quantile(q, scratch)
}

/// The median of the distances from the median; NaN where any value is.
pub(crate) fn mad(values: &[f64], scratch: &mut Vec<f64>) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let median = quantile_of(0.5, values, scratch);
    for value in &mut *scratch {
        *value = (*value - median).abs();
    }
    quantile(0.5, scratch)
}
