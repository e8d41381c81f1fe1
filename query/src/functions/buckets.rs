//! Quantiles and fractions of classic histograms: counts of observations up to upper bounds.
//!
//! Law: counts are cumulative. Where they are not, they are made so, silently within rounding
//! and else with a [`Repaired`] to tell of it.

use crate::functions::go::min;

/// How many observations were not above a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) upper: f64,
    pub(crate) count: f64,
}

/// Which buckets had to be raised, and by how much at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Repaired {
    pub(crate) bucket_min: f64,
    pub(crate) bucket_max: f64,
    pub(crate) difference_max: f64,
}

/// Differences of this part of two counts are rounding.
const ROUNDING: f64 = 1e-12;

/// The φ-quantile, interpolated within its bucket.
pub(crate) fn quantile(q: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Repaired>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if !tidy(buckets) {
        return (f64::NAN, None);
    }
    let repaired = make_cumulative(buckets);
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return (f64::NAN, repaired);
    }
    let rank = q * observations;
    let at = buckets[..last].iter().position(|b| b.count >= rank).unwrap_or(last);
    let value = if at == last {
        buckets[last - 1].upper
    } else if at == 0 && buckets[0].upper <= 0.0 {
        buckets[0].upper
    } else {
        let below = match at {
            0 => Bucket { upper: 0.0, count: 0.0 },
            _ => buckets[at - 1],
        };
        let share = (rank - below.count) / (buckets[at].count - below.count);
        below.upper + (buckets[at].upper - below.upper) * share
    };
    (value, repaired)
}

/// Sorts and joins equal bounds; false where there is no bucket for everything.
fn tidy(buckets: &mut Vec<Bucket>) -> bool {
    // The reference leaves open where NaN stands; here it comes first, whatever its sign.
    let key = |bucket: &Bucket| if bucket.upper.is_nan() { -f64::NAN } else { bucket.upper };
    buckets.sort_by(|a, b| key(a).total_cmp(&key(b)));
    if buckets.last().is_none_or(|bucket| bucket.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        if same {
            kept.count += next.count;
        }
        same
    });
    true
}

fn make_cumulative(buckets: &mut [Bucket]) -> Option<Repaired> {
    let mut repaired: Option<Repaired> = None;
    let mut reached = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == reached {
            continue;
        }
        if almost_equal(reached, count) {
            bucket.count = reached;
        } else if count < reached {
            bucket.count = reached;
            let so_far = repaired.get_or_insert(Repaired {
                bucket_min: f64::INFINITY,
                bucket_max: f64::NEG_INFINITY,
                difference_max: 0.0,
            });
            so_far.bucket_min = so_far.bucket_min.min(bucket.upper);
            so_far.bucket_max = so_far.bucket_max.max(bucket.upper);
            so_far.difference_max = so_far.difference_max.max(reached - count);
        } else {
            reached = count;
        }
    }
    repaired
}

fn almost_equal(a: f64, b: f64) -> bool {
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < ROUNDING * f64::MIN_POSITIVE;
    }
    difference / min(sum, f64::MAX) < ROUNDING
}

/// The part of the observations between two values.
pub(crate) fn fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !tidy(buckets) {
        return f64::NAN;
    }
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, count, buckets) - rank_of(lower, count, buckets)) / count
}

/// How many observations are below `value`, interpolated within its bucket.
fn rank_of(value: f64, count: f64, buckets: &[Bucket]) -> f64 {
    let mut below = if buckets[0].upper <= 0.0 { f64::NEG_INFINITY } else { 0.0 };
    let mut rank = 0.0;
    for bucket in buckets {
        if below >= value {
            return if rank > count { count } else { rank };
        }
        if bucket.upper > value {
            // A bucket without a lower end counts whole, one without an upper end not at all.
            let interpolated = if below == f64::NEG_INFINITY {
                bucket.count
            } else {
                rank + (bucket.count - rank) * (value - below) / (bucket.upper - below)
            };
            return if interpolated > count { count } else { interpolated };
        }
        rank = bucket.count;
        below = bucket.upper;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{Bucket, fraction, quantile};

    fn buckets(counts: &[(f64, f64)]) -> Vec<Bucket> {
        counts.iter().map(|&(upper, count)| Bucket { upper, count }).collect()
    }

    #[test]
    fn bounds_that_are_no_numbers_have_an_order() {
        for end in [f64::INFINITY, f64::NAN] {
            let bound =
                |n: u32| if n.is_multiple_of(3) { f64::NAN } else { f64::from(n * 7919 % 101) };
            let mut many: Vec<_> = (0..100).map(|n| (bound(n), f64::from(n))).collect();
            many.push((end, 1_000.0));
            quantile(0.5, &mut buckets(&many));
            fraction(1.0, 2.0, &mut buckets(&many));
        }
    }

    #[test]
    fn quantiles() {
        let inf = f64::INFINITY;
        let check = |q: f64, counts: &[(f64, f64)], expected: f64| {
            assert_eq!(quantile(q, &mut buckets(counts)).0, expected);
        };
        check(0.5, &[(inf, 10.0), (1.0, 5.0), (2.0, 10.0)], 1.0);
        check(0.75, &[(1.0, 5.0), (2.0, 10.0), (inf, 10.0)], 1.5);
        check(1.0, &[(1.0, 5.0), (2.0, 6.0), (inf, 10.0)], 2.0);
        check(0.1, &[(-1.0, 5.0), (2.0, 6.0), (inf, 10.0)], -1.0);
        assert!(quantile(0.5, &mut buckets(&[(1.0, 5.0)])).0.is_nan());
    }

    #[test]
    fn counts_that_fall_are_told_of() {
        let mut falling = buckets(&[(1.0, 5.0), (2.0, 3.0), (f64::INFINITY, 10.0)]);
        let repaired = quantile(0.5, &mut falling).1.unwrap();
        assert_eq!((repaired.bucket_min, repaired.difference_max), (2.0, 2.0));
    }

    #[test]
    fn fractions() {
        let counts = [(1.0, 5.0), (2.0, 10.0), (f64::INFINITY, 10.0)];
        assert_eq!(fraction(0.0, 1.5, &mut buckets(&counts)), 0.75);
        assert_eq!(fraction(2.0, 1.5, &mut buckets(&counts)), 0.0);
        assert_eq!(fraction(f64::NEG_INFINITY, f64::INFINITY, &mut buckets(&counts)), 1.0);
    }
}
