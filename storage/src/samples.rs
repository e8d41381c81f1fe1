//! Samples in columns, and the one rule by which copies of a sample are merged.
//!
//! Law: within one series timestamps are strictly ascending; where two parts hold the same
//! timestamp, the part of higher precedence wins (DESIGN §3.2), whatever it holds. The column of
//! start timestamps is empty unless a sample has one, then it is as long as the others.

use std::ops::Range;

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
    /// When the counter behind the sample of the same index began to count from zero; 0 where
    /// that is unknown. Empty if it is unknown for all.
    pub starts_ms: Vec<i64>,
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
        if !self.starts_ms.is_empty() {
            self.starts_ms.push(0);
        }
    }

    /// Appends one sample of a counter that started at `start_ms`; 0 where that is unknown.
    pub fn push_started(&mut self, t_ms: i64, value: f64, start_ms: i64) {
        if start_ms != 0 && self.starts_ms.is_empty() {
            self.starts_ms.resize(self.len(), 0);
            self.starts_ms.push(start_ms);
            self.times_ms.push(t_ms);
            self.values.push(value);
            return;
        }
        self.push(t_ms, value);
        if let Some(last) = self.starts_ms.last_mut() {
            *last = start_ms;
        }
    }

    /// Appends some samples of `other`.
    pub fn extend_from(&mut self, other: &Samples, part: Range<usize>) {
        let starts_ms = other.starts_ms.get(part.clone()).unwrap_or(&[]);
        if starts_ms.iter().any(|&start_ms| start_ms != 0) {
            self.starts_ms.resize(self.len(), 0);
            self.starts_ms.extend_from_slice(starts_ms);
        } else if !self.starts_ms.is_empty() {
            self.starts_ms.resize(self.len() + part.len(), 0);
        }
        self.times_ms.extend_from_slice(&other.times_ms[part.clone()]);
        self.values.extend_from_slice(&other.values[part]);
    }

    /// When the counter of the sample at `index` started; 0 where that is unknown.
    pub fn start_ms(&self, index: usize) -> i64 {
        self.starts_ms.get(index).copied().unwrap_or(0)
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
        self.starts_ms.clear();
    }

    /// Keeps the samples whose value `keep` approves of.
    pub fn retain(&mut self, keep: impl Fn(f64) -> bool) {
        let mut kept = 0;
        for at in 0..self.len() {
            if keep(self.values[at]) {
                self.times_ms[kept] = self.times_ms[at];
                self.values[kept] = self.values[at];
                if !self.starts_ms.is_empty() {
                    self.starts_ms[kept] = self.starts_ms[at];
                }
                kept += 1;
            }
        }
        self.times_ms.truncate(kept);
        self.values.truncate(kept);
        self.starts_ms.truncate(kept);
        self.drop_empty_starts();
    }

    fn drop_empty_starts(&mut self) {
        if self.starts_ms.iter().all(|&start_ms| start_ms == 0) {
            self.starts_ms.clear();
        }
    }

    /// Bytes of memory behind the columns.
    pub fn capacity_bytes(&self) -> usize {
        (self.times_ms.capacity() + self.values.capacity() + self.starts_ms.capacity()) * 8
    }

    /// The samples as pairs of time and value.
    pub fn iter(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        self.times_ms.iter().copied().zip(self.values.iter().copied())
    }

    /// Appends `newer`, which wins where both hold a timestamp. Both are strictly ascending.
    pub fn merge_newer(&mut self, newer: &Samples) {
        let Some(&first) = newer.times_ms.first() else { return };
        if self.times_ms.last().is_none_or(|&last| last < first) {
            return self.extend_from(newer, 0..newer.len());
        }
        let old = self.split_off(self.times_ms.partition_point(|&t| t < first));
        let (mut i, mut j) = (0, 0);
        while i < old.len() && j < newer.len() {
            if old.times_ms[i] < newer.times_ms[j] {
                self.push_started(old.times_ms[i], old.values[i], old.start_ms(i));
                i += 1;
            } else {
                i += usize::from(old.times_ms[i] == newer.times_ms[j]);
                self.push_started(newer.times_ms[j], newer.values[j], newer.start_ms(j));
                j += 1;
            }
        }
        self.extend_from(&old, i..old.len());
        self.extend_from(newer, j..newer.len());
        self.drop_empty_starts();
    }

    /// Takes the samples from `at` on away.
    fn split_off(&mut self, at: usize) -> Samples {
        let from = at.min(self.starts_ms.len());
        Samples {
            times_ms: self.times_ms.split_off(at),
            values: self.values.split_off(at),
            starts_ms: self.starts_ms.split_off(from),
        }
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
    use std::ops::Range;

    use proptest::prelude::*;

    use super::Samples;

    /// Samples by time: value and start.
    type Map = BTreeMap<i64, (u32, i64)>;

    fn maps(values: Range<u32>) -> impl Strategy<Value = Map> {
        let starts = prop_oneof![4 => Just(0i64), 1 => -9i64..9];
        prop::collection::btree_map(-20i64..20, (values, starts), 0..20)
    }

    /// The columns, made apart from the code under test.
    fn column(map: &Map) -> Samples {
        let mut samples: Samples = map.iter().map(|(&t, &(v, _))| (t, f64::from(v))).collect();
        if map.values().any(|&(_, start)| start != 0) {
            samples.starts_ms = map.values().map(|&(_, start)| start).collect();
        }
        samples
    }

    proptest! {
        #[test]
        fn merging_is_a_map_that_the_newer_overwrites(older in maps(0..9), newer in maps(10..19)) {
            let mut merged = column(&older);
            merged.merge_newer(&column(&newer));
            let mut expected = older;
            expected.extend(newer);
            prop_assert_eq!(merged, column(&expected));
        }

        #[test]
        fn starts_stay_with_their_samples(map in maps(0..9), from in 0usize..20) {
            let whole = column(&map);
            let mut pushed = Samples::new();
            for (at, (t_ms, value)) in whole.iter().enumerate() {
                match whole.start_ms(at) {
                    0 => pushed.push(t_ms, value),
                    start_ms => pushed.push_started(t_ms, value, start_ms),
                }
            }
            prop_assert_eq!(&pushed, &whole);
            let from = from.min(whole.len());
            let mut joined = Samples::new();
            joined.extend_from(&whole, 0..from);
            joined.extend_from(&whole, from..whole.len());
            prop_assert_eq!(&joined, &whole);
            joined.retain(|value| value < 5.0);
            let small: Map = map.into_iter().filter(|(_, (value, _))| *value < 5).collect();
            prop_assert_eq!(&joined, &column(&small));
            joined.clear();
            prop_assert_eq!(&joined, &Samples::new());
        }
    }
}
