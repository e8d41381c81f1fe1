//! From matchers to series numbers.
//!
//! Law: the answer is what asking every matcher about every series of the tenant would give,
//! where an absent label has the empty value. Only the way there is shorter: equalities first,
//! then whatever is smaller of the values of a label and the series that are still candidates.

use std::collections::HashMap;

use hydrograph_proto::fingerprint::symbol_hash;
use roaring::RoaringBitmap;

use super::catalogue::{Catalogue, Tenant};
use super::postings::LabelIndex;
use super::symbols::NO_SYMBOL;
use crate::matcher::{MatchOp, Matcher};

impl Catalogue {
    /// The series of a tenant that all matchers match.
    pub(super) fn resolve(&self, tenant: &str, matchers: &[Matcher]) -> RoaringBitmap {
        let Some(tenant) = self.find_tenant(tenant) else { return RoaringBitmap::new() };
        let tenant = &self.tenants[tenant as usize];
        let is_lookup = |m: &&Matcher| m.op == MatchOp::Equal && !m.value.is_empty();
        let mut candidates: Option<RoaringBitmap> = None;
        for matcher in matchers.iter().filter(is_lookup) {
            let set = self.values_of(tenant, &matcher.name).and_then(|index| {
                index.get(self.symbols.find(symbol_hash(&matcher.value), &matcher.value))
            });
            let Some(set) = set else { return RoaringBitmap::new() };
            let mut found = RoaringBitmap::new();
            self.sets.add_to(set, &mut found);
            candidates = Some(match candidates {
                Some(before) => before & found,
                None => found,
            });
        }
        for matcher in matchers.iter().filter(|matcher| !is_lookup(matcher)) {
            candidates = self.narrow(tenant, candidates, matcher);
        }
        candidates.unwrap_or_else(|| self.all(tenant))
    }

    /// The candidates (none: all series) that a matcher matches.
    fn narrow(
        &self,
        tenant: &Tenant,
        candidates: Option<RoaringBitmap>,
        matcher: &Matcher,
    ) -> Option<RoaringBitmap> {
        let Some(index) = self.values_of(tenant, &matcher.name) else {
            return if matcher.matches_absent() { candidates } else { Some(RoaringBitmap::new()) };
        };
        let name = self.symbols.find(symbol_hash(&matcher.name), &matcher.name);
        match candidates {
            Some(few) if few.len() < index.len() as u64 => Some(self.filter(&few, name, matcher)),
            candidates if matcher.matches_absent() => {
                let unmatched = self.union(index, |value| !matcher.matches(value));
                Some(candidates.unwrap_or_else(|| self.all(tenant)) - unmatched)
            }
            candidates => {
                let matched = self.union(index, |value| matcher.matches(value));
                Some(match candidates {
                    Some(before) => before & matched,
                    None => matched,
                })
            }
        }
    }

    fn filter(&self, candidates: &RoaringBitmap, name: u32, matcher: &Matcher) -> RoaringBitmap {
        let mut answers: HashMap<u32, bool> = HashMap::new();
        let matched = candidates.iter().filter(|&series| {
            let value = self.value(series, name);
            *answers.entry(value).or_insert_with(|| matcher.matches(self.symbols.get(value)))
        });
        matched.collect()
    }

    /// The series whose value `wanted` accepts.
    fn union(&self, index: &LabelIndex, wanted: impl Fn(&str) -> bool) -> RoaringBitmap {
        let mut series = RoaringBitmap::new();
        for (value, set) in index.iter() {
            if wanted(self.symbols.get(value)) {
                self.sets.add_to(set, &mut series);
            }
        }
        series
    }

    fn all(&self, tenant: &Tenant) -> RoaringBitmap {
        tenant
            .labels
            .get(&self.metric_name)
            .map_or_else(RoaringBitmap::new, |index| self.union(index, |_| true))
    }

    fn values_of<'a>(&self, tenant: &'a Tenant, name: &str) -> Option<&'a LabelIndex> {
        let name = self.symbols.find(symbol_hash(name), name);
        if name == NO_SYMBOL { None } else { tenant.labels.get(&name) }
    }
}
