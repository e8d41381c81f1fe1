//! The series of a binary operator's result.
//!
//! A series of the many side has one output for each *variant* of its match group: series of
//! the one side that differ in the labels that `group_left` copies make different results. The
//! variant of filled values comes last. Behind all of them stand the outputs of series of the
//! one side that may be filled up.

use std::collections::HashMap;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use crate::error::QueryError;
use crate::functions::math::changes_meaning;
use crate::operators::context::Context;
use crate::operators::matching::{Matches, match_labels};
use crate::operators::series::{SeriesMeta, is_metadata};
use crate::plan::Join;
use crate::promql::ast::Cardinality;

/// Which output a value goes to.
pub(super) struct Outputs {
    /// For each series of the many side, its first output; one more for the end.
    first: Vec<u32>,
    /// For each series of the one side, its variant within the group.
    variant: Vec<u32>,
}

impl Outputs {
    /// Numbers the outputs, and builds their series.
    pub(super) fn of(
        join: &Join,
        many: &[SeriesMeta],
        one: &[SeriesMeta],
        matches: &Matches,
        cx: &Context,
    ) -> Result<(Self, Vec<SeriesMeta>, Reservation), QueryError> {
        let result = ResultLabels { join, delayed: cx.delayed_names };
        // For each group, a series of the one side for each variant.
        let mut variants: Vec<Vec<usize>> = vec![Vec::new(); matches.groups];
        let mut variant = Vec::with_capacity(one.len());
        let mut numbers: HashMap<(u32, Vec<&str>), u32> = HashMap::new();
        for (number, &group) in matches.right.iter().enumerate() {
            let known = &mut variants[group as usize];
            let next = known.len() as u32;
            let key = (group, result.copied(&one[number]));
            let at = *numbers.entry(key).or_insert(next);
            variant.push(at);
            if at == next {
                known.push(number);
            }
        }
        drop(numbers);
        let fills = join.matching.fill.right.is_some();
        let mut count = if join.matching.fill.left.is_some() { one.len() } else { 0 };
        for &group in &matches.left {
            count = count.saturating_add(variants[group as usize].len() + usize::from(fills));
        }
        let bytes = count.saturating_mul(size_of::<SeriesMeta>());
        let mut memory = cx.limits.reserve("the series of a match", bytes)?;
        let mut first = vec![0];
        let mut metas = Vec::with_capacity(count);
        for (meta, &group) in many.iter().zip(&matches.left) {
            cx.limits.check()?;
            for &other in &variants[group as usize] {
                let joined = result.of(meta, &one[other]);
                if join.matching.card != Cardinality::OneToOne {
                    memory.grow(joined.text_bytes())?;
                }
                metas.push(joined);
            }
            if fills {
                let filled = SeriesMeta::new(match_labels(meta, &join.matching));
                metas.push(result.of(meta, &filled));
            }
            first.push(metas.len() as u32);
        }
        if join.matching.fill.left.is_some() {
            for meta in one {
                let filled = SeriesMeta::new(match_labels(meta, &join.matching));
                metas.push(result.of(&filled, meta));
            }
        }
        Ok((Self { first, variant }, metas, memory))
    }

    /// The first output of a series of the many side.
    pub(super) fn first(&self, many: usize) -> usize {
        self.first[many] as usize
    }

    /// How many outputs a series of the many side has.
    pub(super) fn count(&self, many: usize) -> usize {
        (self.first[many + 1] - self.first[many]) as usize
    }

    /// The variant that a series of the one side makes.
    pub(super) fn variant(&self, one: usize) -> usize {
        self.variant[one] as usize
    }
}

/// The rules for the labels of a result.
struct ResultLabels<'a> {
    join: &'a Join,
    delayed: bool,
}

impl ResultLabels<'_> {
    /// What a series of the one side adds to its results.
    fn copied<'a>(&self, one: &'a SeriesMeta) -> Vec<&'a str> {
        self.join.matching.include.iter().map(|label| one.get(label)).collect()
    }

    /// The result of a series of the many side with one of the one side.
    fn of(&self, many: &SeriesMeta, one: &SeriesMeta) -> SeriesMeta {
        let matching = &self.join.matching;
        let returns_bool = self.join.return_bool;
        let drop_name = changes_meaning(self.join.op) || (returns_bool && !self.delayed);
        let one_to_one = matching.card == Cardinality::OneToOne;
        if drop_name && matching.include.is_empty() && (!one_to_one || is_plain(self.join)) {
            return many.without_name();
        }
        let listed = |name: &str| matching.labels.iter().any(|label| label == name);
        let included = |name: &str| matching.include.iter().any(|label| label == name);
        let kept = many.pairs().filter(|(name, _)| {
            let dropped = drop_name && is_metadata(name);
            let unmatched = one_to_one && listed(name) != matching.on;
            !(dropped || unmatched || included(name))
        });
        let copied = matching.include.iter().map(|label| (label.as_str(), one.get(label)));
        let mut meta = SeriesMeta::new(Labels::from_pairs(kept.chain(copied)));
        if returns_bool && self.delayed {
            meta.drop_name(true);
        }
        meta
    }
}

/// Whether all labels decide what matches, so that they all remain.
fn is_plain(join: &Join) -> bool {
    !join.matching.on && join.matching.labels.is_empty()
}
