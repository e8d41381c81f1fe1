//! Which series of a block match.
//!
//! Law: a label that is absent has the value "". Every matcher becomes a set of series from the
//! postings of its name alone; the answer is what is in all of them and has a row in the range.

use std::collections::{BTreeSet, HashMap};

use roaring::RoaringBitmap;

use super::automaton::ValueAutomaton;
use super::index::postings::Postings;
use super::{Block, BlockError};
use crate::labels::Labels;
use crate::matcher::{MatchOp, Matcher};
use crate::source::LabelQuestion;
use crate::time_range::TimeRange;

/// So few series are asked one by one, if they are as small a share of all.
const FEW_SERIES: u64 = 4096;
const FEW_SHARE: u64 = 8;

impl Block {
    /// The series of `tenant` that match and have samples near `range`, each once, ascending.
    pub fn select(
        &self,
        tenant: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<(Labels, u32)>, BlockError> {
        let Some(tenant) = self.find_tenant(tenant) else { return Ok(Vec::new()) };
        let found = self.matching(tenant, matchers, range)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let (series, first) = (self.series(tenant)?, self.tenants[tenant].first_series);
        Ok(found.into_iter().map(|nth| (series.labels(nth), first + nth)).collect())
    }

    /// Label names or values of the series that [`Self::select`] would find.
    pub fn label_strings(
        &self,
        tenant: &str,
        matchers: &[Matcher],
        range: TimeRange,
        question: &LabelQuestion,
    ) -> Result<BTreeSet<String>, BlockError> {
        let mut strings = BTreeSet::new();
        let Some(tenant) = self.find_tenant(tenant) else { return Ok(strings) };
        if matchers.is_empty() && self.lies_within(tenant, range) {
            self.all_label_strings(tenant, question, &mut strings)?;
            return Ok(strings);
        }
        let found = self.matching(tenant, matchers, range)?;
        if found.is_empty() {
            return Ok(strings);
        }
        let series = self.series(tenant)?;
        let pairs = found.into_iter().flat_map(|nth| series.pairs(nth));
        let mut distinct = BTreeSet::new();
        match question {
            LabelQuestion::Names => distinct.extend(pairs.map(|(name, _)| name)),
            LabelQuestion::Values(of) => {
                distinct.extend(pairs.filter(|(name, _)| name == of).map(|(_, value)| value));
            }
        }
        strings.extend(distinct.into_iter().map(str::to_owned));
        Ok(strings)
    }

    fn all_label_strings(
        &self,
        tenant: usize,
        question: &LabelQuestion,
        strings: &mut BTreeSet<String>,
    ) -> Result<(), BlockError> {
        match question {
            LabelQuestion::Names => {
                strings.extend(self.names(tenant)?.iter().map(|name| name.name.clone()));
                Ok(())
            }
            LabelQuestion::Values(of) => match self.postings_of(tenant, of)? {
                Some(postings) => postings.each_value(|value| {
                    strings.insert(value.to_owned());
                }),
                None => Ok(()),
            },
        }
    }

    fn lies_within(&self, tenant: usize, range: TimeRange) -> bool {
        let entry = self.tenant_entry(tenant);
        let held = TimeRange::closed(entry.min_time_ms, entry.max_time_ms);
        held.intersect(&range) == held
    }

    pub(super) fn postings_of(
        &self,
        tenant: usize,
        name: &str,
    ) -> Result<Option<&Postings>, BlockError> {
        let names = self.names(tenant)?;
        match names.binary_search_by(|postings| (*postings.name).cmp(name)) {
            Ok(at) => self.postings(&names[at]).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Numbers of the tenant's series that match and have a row in the range.
    fn matching(
        &self,
        tenant: usize,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<RoaringBitmap, BlockError> {
        let entry = self.tenant_entry(tenant);
        let held = TimeRange::closed(entry.min_time_ms, entry.max_time_ms);
        let mut found = RoaringBitmap::new();
        if !held.overlaps(&range) {
            return Ok(found);
        }
        found.insert_range(0..entry.series);
        for matcher in cheapest_first(matchers) {
            if found.is_empty() {
                return Ok(found);
            }
            let few = found.len() <= FEW_SERIES.min(u64::from(entry.series) / FEW_SHARE);
            if few && matcher.op != MatchOp::Equal {
                found = self.few_matching(tenant, matcher, &found)?;
            } else {
                self.keep_matching(tenant, matcher, &mut found)?;
            }
        }
        if self.lies_within(tenant, range) || found.is_empty() {
            return Ok(found);
        }
        let rows = self.rows(tenant)?;
        let in_range = |&series: &u32| {
            rows.of_series(series).iter().any(|&row| rows.get(row).range().overlaps(&range))
        };
        Ok(found.iter().filter(in_range).collect())
    }

    /// Those of a few series that match, by their labels: postings of a frequent value list far
    /// more series than these. Each distinct value is asked once.
    fn few_matching(
        &self,
        tenant: usize,
        matcher: &Matcher,
        few: &RoaringBitmap,
    ) -> Result<RoaringBitmap, BlockError> {
        let series = self.series(tenant)?;
        let mut asked: HashMap<&str, bool> = HashMap::new();
        let matching = few.iter().filter(|&nth| {
            let value = series.pairs(nth).find(|(name, _)| *name == &*matcher.name);
            let value = value.map_or("", |(_, value)| value);
            *asked.entry(value).or_insert_with(|| matcher.matches(value))
        });
        Ok(matching.collect())
    }

    /// Takes out of `found` what does not match.
    fn keep_matching(
        &self,
        tenant: usize,
        matcher: &Matcher,
        found: &mut RoaringBitmap,
    ) -> Result<(), BlockError> {
        let Some(postings) = self.postings_of(tenant, &matcher.name)? else {
            if !matcher.matches_absent() {
                found.clear();
            }
            return Ok(());
        };
        let negative = matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRegex);
        // The series whose label is or matches the matcher's value, then without the negation.
        let mut hits = match matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => postings.equal(&matcher.value)?,
            MatchOp::Regex | MatchOp::NotRegex => {
                postings.search(&ValueAutomaton::new(matcher, postings.len()))?
            }
        };
        if matcher.matches_absent() != negative
            && let Some(present) = postings.present()
        {
            let mut absent = found.clone();
            absent -= present;
            hits |= absent;
        }
        if negative {
            *found -= hits;
        } else {
            *found &= hits;
        }
        Ok(())
    }
}

/// Equalities are one look-up each and may leave nothing for the rest to do.
fn cheapest_first(matchers: &[Matcher]) -> Vec<&Matcher> {
    let mut sorted: Vec<&Matcher> = matchers.iter().collect();
    sorted.sort_by_key(|matcher| match matcher.op {
        MatchOp::Equal => 0,
        MatchOp::NotEqual => 1,
        MatchOp::Regex | MatchOp::NotRegex => 2,
    });
    sorted
}
