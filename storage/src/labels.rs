//! Label sets: one shared string each, sorted by name.
//!
//! Law: names are unique, non-empty and ascending by bytes; no value is empty (an empty value
//! and an absent label are the same). Equal label sets have equal bytes.
//!
//! ```text
//! ┌──────────┬──────┬───────────┬───────┬──────────┬ …
//! │ name len │ name │ value len │ value │ name len │     a length is one character below 0x7f,
//! └──────────┴──────┴───────────┴───────┴──────────┴ …   or 0x7f and five of 7 bits each
//! ```
//! Lengths are ASCII, so the whole is a `str` and every piece of it can be lent without a copy.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The label that holds the metric's name.
pub const METRIC_NAME: &str = "__name__";

const LONG: u8 = 0x7f;

/// The labels of one series.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<str>);

impl Labels {
    /// No labels.
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// From pairs whose names are ascending and unique; empty values are left out.
    pub fn from_sorted<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut text = String::new();
        let mut previous: Option<&str> = None;
        for (name, value) in pairs {
            assert!(previous.is_none_or(|p| p < name), "label names ascend");
            previous = Some(name);
            if !value.is_empty() {
                push_text(&mut text, name);
                push_text(&mut text, value);
            }
        }
        Self(Arc::from(text))
    }

    /// From pairs in any order; of several values for one name the last counts.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let map: std::collections::BTreeMap<&str, &str> = pairs.into_iter().collect();
        Self::from_sorted(map)
    }

    /// The pairs in ascending order of names.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.0 }
    }

    /// The value of a label, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The metric's name, "" if there is none.
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or("")
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels whose names `keep` accepts.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self::from_sorted(self.iter().filter(|(name, _)| keep(name)))
    }

    /// The same labels with one set to `value`, or removed where `value` is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let before = self.iter().take_while(|(n, _)| *n < name);
        let after = self.iter().filter(|(n, _)| *n > name);
        Self::from_sorted(before.chain(std::iter::once((name, value))).chain(after))
    }

    /// Bytes of memory of the label text.
    pub fn text_bytes(&self) -> usize {
        self.0.len()
    }
}

fn push_text(out: &mut String, piece: &str) {
    let len = piece.len();
    assert!(len < 1 << 35, "a label piece is shorter than 32 GiB");
    if len < LONG as usize {
        out.push(len as u8 as char);
    } else {
        out.push(LONG as char);
        for nth in 0..5 {
            out.push(((len >> (7 * nth)) & 0x7f) as u8 as char);
        }
    }
    out.push_str(piece);
}

/// Iterates over the pairs of a label set.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a str,
}

impl<'a> Iter<'a> {
    fn piece(&mut self) -> &'a str {
        let bytes = self.rest.as_bytes();
        let (head, len) = if bytes[0] < LONG {
            (1, bytes[0] as usize)
        } else {
            (6, (0..5).fold(0, |len, nth| len | ((bytes[1 + nth] as usize) << (7 * nth))))
        };
        let piece = &self.rest[head..head + len];
        self.rest = &self.rest[head + len..];
        piece
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let name = self.piece();
        Some((name, self.piece()))
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Pair by pair, names before values; a label set is above its own beginnings.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.iter().cmp(other.iter()) }
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `{__name__="up", job="a"}`, as the reference prints a label set.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (nth, (name, value)) in self.iter().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Labels;

    proptest! {
        #[test]
        fn labels_are_a_sorted_map(
            map in prop::collection::btree_map("[a-zé]{1,3}|x{120,140}", ".{0,140}", 0..6),
            other in prop::collection::btree_map("[a-z]{1,2}", "[a-z]{0,2}", 0..4),
        ) {
            fn of(map: &BTreeMap<String, String>) -> Labels {
                Labels::from_pairs(map.iter().map(|(n, v)| (n.as_str(), v.as_str())))
            }
            fn solid(map: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
                map.iter().map(|(n, v)| (&**n, &**v)).filter(|(_, v)| !v.is_empty()).collect()
            }
            let labels = of(&map);
            prop_assert_eq!(labels.iter().collect::<Vec<_>>(), solid(&map));
            for (name, value) in &map {
                prop_assert_eq!(labels.get(name).unwrap_or(""), value);
            }
            prop_assert_eq!(labels.cmp(&of(&other)), solid(&map).cmp(&solid(&other)));
            let (mut changed, mut model) = (labels, map);
            for (name, value) in &other {
                changed = changed.with(name, value);
                model.insert(name.clone(), value.clone());
            }
            prop_assert_eq!(changed, of(&model));
        }
    }
}
