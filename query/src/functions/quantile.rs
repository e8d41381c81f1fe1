//! Quantiles of plain numbers.

/// The φ-quantile of `values`, which are put in order on the way (NaN first), between two of
/// them by their weighted mean.
pub(crate) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())));
    let last = (values.len() - 1) as f64;
    let rank = q * last;
    let lower = rank.floor().max(0.0);
    let upper = (lower + 1.0).min(last);
    let weight = rank - rank.floor();
    values[lower as usize] * (1.0 - weight) + values[upper as usize] * weight
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn between_two() {
        assert_eq!(quantile(0.5, &mut [4.0, 1.0]), 2.5);
        assert_eq!(quantile(1.0, &mut [4.0, f64::NAN, 1.0]), 4.0);
        assert_eq!(quantile(1.5, &mut [4.0]), f64::INFINITY);
        assert!(quantile(0.0, &mut [4.0, f64::NAN]).is_nan());
    }
}
