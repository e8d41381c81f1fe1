//! Label names and values of the series that are alive in a range of time.
//!
//! Law: a string is in the answer if and only if some matching series that has samples in the
//! range has it. One such witness is enough, so whichever are fewer are walked: the values of a
//! label, each until its witness is found, or the matching series.

use std::collections::{BTreeSet, HashSet};

use hydrograph_proto::fingerprint::symbol_hash;
use roaring::RoaringBitmap;

use super::Memtable;
use super::postings::{LabelIndex, SetRef};
use crate::source::{LabelQuestion, Selector};
use crate::time_range::TimeRange;

/// Series that may be witnesses: those of `matched` with samples in `range`.
struct Witnesses<'a> {
    memtable: &'a Memtable,
    matched: RoaringBitmap,
    range: TimeRange,
}

impl Memtable {
    pub(super) fn answer(
        &self,
        tenant: &str,
        selectors: &[Selector],
        question: &LabelQuestion,
    ) -> BTreeSet<String> {
        let catalogue = &self.catalogue;
        let Some(number) = catalogue.find_tenant(tenant) else { return BTreeSet::new() };
        let indexes = &catalogue.tenants[number as usize].labels;
        let everything = [Selector { matchers: Vec::new(), range: TimeRange::ALL }];
        let selectors = if selectors.is_empty() { &everything } else { selectors };
        let mut symbols = HashSet::new();
        for selector in selectors {
            let matched = catalogue.resolve(tenant, &selector.matchers);
            let witnesses = Witnesses { memtable: self, matched, range: selector.range };
            match question {
                LabelQuestion::Names => {
                    let values = indexes.values().map(LabelIndex::len).sum();
                    if witnesses.are_fewer_than(values) {
                        witnesses.pairs(|name, _| symbols.insert(name));
                    } else {
                        let has = |index: &LabelIndex| {
                            index.iter().any(|(value, set)| {
                                value != catalogue.empty && witnesses.has_one_of(set)
                            })
                        };
                        let named = indexes.iter().filter(|(_, index)| has(index));
                        symbols.extend(named.map(|(&name, _)| name));
                    }
                }
                LabelQuestion::Values(name) => {
                    let name = catalogue.symbols.find(symbol_hash(name), name);
                    let Some(index) = indexes.get(&name) else { continue };
                    if witnesses.are_fewer_than(index.len()) {
                        witnesses.pairs(|other, value| other == name && symbols.insert(value));
                    } else {
                        let found = index.iter().filter(|&(value, set)| {
                            value != catalogue.empty && witnesses.has_one_of(set)
                        });
                        symbols.extend(found.map(|(value, _)| value));
                    }
                }
            }
        }
        symbols.into_iter().map(|symbol| catalogue.symbols.get(symbol).to_owned()).collect()
    }
}

impl Witnesses<'_> {
    fn are_fewer_than(&self, values: usize) -> bool {
        self.matched.len() < values as u64
    }

    fn has_one_of(&self, set: SetRef) -> bool {
        let mut members = self.memtable.catalogue.sets.members(set);
        members.any(|series| {
            self.matched.contains(series) && self.memtable.overlaps(series, self.range)
        })
    }

    /// Shows the symbols of all label names and values of all witnesses.
    fn pairs(&self, mut show: impl FnMut(u32, u32) -> bool) {
        for series in &self.matched {
            if self.memtable.overlaps(series, self.range) {
                for &(name, value) in self.memtable.catalogue.pairs(series) {
                    show(name, value);
                }
            }
        }
    }
}
