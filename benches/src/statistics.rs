//! Order statistics, since timings have long tails.

/// The `share`-quantile of values in any order (nearest rank); 0 of none.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

/// A median and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Median {
    pub(crate) low: f64,
    pub(crate) middle: f64,
    pub(crate) high: f64,
}

/// The median of independent values, with the interval between the order statistics
/// n/2 ± 0.98·√n (the binomial's normal approximation; Conover, Practical Nonparametric
/// Statistics, §3.2).
pub(crate) fn median(values: &[f64]) -> Median {
    let n = values.len() as f64;
    let half_width = 0.98 / n.sqrt();
    Median {
        low: quantile(values, (0.5 - half_width).max(0.0)),
        middle: quantile(values, 0.5),
        high: quantile(values, (0.5 + half_width).min(1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::{median, quantile};

    #[test]
    fn quantiles_are_ranks() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&values, 0.5), 50.0);
        assert_eq!(quantile(&values, 0.99), 99.0);
        assert_eq!(quantile(&values, 1.0), 100.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
        let median = median(&values);
        assert_eq!((median.low, median.middle, median.high), (41.0, 50.0, 60.0));
    }
}
