//! Samples in columns, and the one rule by which copies of a sample are merged.
//!
//! Law: within one series timestamps are strictly ascending; where two parts hold the same
//! timestamp, the part of higher precedence wins (DESIGN §3.2), whatever it holds.

/// The bit pattern of a staleness marker (Prometheus `value.StaleNaN`).
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The staleness marker: the series ended here.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Whether `value` is the staleness marker, to the bit.
pub fn is_stale_nan(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// Float samples of one series, a column of times and one of values of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Milliseconds since the Unix epoch.
    pub times_ms: Vec<i64>,
    /// The value at the time of the same index.
    pub values: Vec<f64>,
}

impl Samples {
    /// No samples.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one sample.
    pub fn push(&mut self, t_ms: i64, value: f64) {
        self.times_ms.push(t_ms);
        self.values.push(value);
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.times_ms.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.times_ms.is_empty()
    }

    /// Forgets all, keeps the memory.
    pub fn clear(&mut self) {
        self.times_ms.clear();
        self.values.clear();
    }

    /// Bytes of memory behind the columns.
    pub fn capacity_bytes(&self) -> usize {
        (self.times_ms.capacity() + self.values.capacity()) * 8
    }

    /// The samples as pairs.
    pub fn iter(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        self.times_ms.iter().copied().zip(self.values.iter().copied())
    }

    /// Appends `newer`, which wins where both hold a timestamp. Both are strictly ascending.
    pub fn merge_newer(&mut self, newer: &Samples) {
        let Some(&first) = newer.times_ms.first() else { return };
        if self.times_ms.last().is_none_or(|&last| last < first) {
            self.times_ms.extend_from_slice(&newer.times_ms);
            self.values.extend_from_slice(&newer.values);
            return;
        }
        let keep = self.times_ms.partition_point(|&t| t < first);
        let old_times = self.times_ms.split_off(keep);
        let old_values = self.values.split_off(keep);
        let (mut i, mut j) = (0, 0);
        while i < old_times.len() && j < newer.len() {
            if old_times[i] < newer.times_ms[j] {
                self.push(old_times[i], old_values[i]);
                i += 1;
            } else {
                i += usize::from(old_times[i] == newer.times_ms[j]);
                self.push(newer.times_ms[j], newer.values[j]);
                j += 1;
            }
        }
        self.times_ms.extend_from_slice(&old_times[i..]);
        self.values.extend_from_slice(&old_values[i..]);
        self.times_ms.extend_from_slice(&newer.times_ms[j..]);
        self.values.extend_from_slice(&newer.values[j..]);
    }
}

impl FromIterator<(i64, f64)> for Samples {
    fn from_iter<I: IntoIterator<Item = (i64, f64)>>(pairs: I) -> Self {
        let mut samples = Self::new();
        for (t_ms, value) in pairs {
            samples.push(t_ms, value);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Samples;

    fn column(map: &BTreeMap<i64, u32>) -> Samples {
        map.iter().map(|(&t, &v)| (t, f64::from(v))).collect()
    }

    proptest! {
        #[test]
        fn merging_is_a_map_that_the_newer_overwrites(
            older in prop::collection::btree_map(-20i64..20, 0u32..9, 0..20),
            newer in prop::collection::btree_map(-20i64..20, 10u32..19, 0..20),
        ) {
            let mut merged = column(&older);
            merged.merge_newer(&column(&newer));
            let mut expected = older;
            expected.extend(newer);
            prop_assert_eq!(merged, column(&expected));
        }
    }
}
