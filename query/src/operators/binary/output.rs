//! The series of a binary operator's result.
//!
//! A series of the many side has one output for each *variant* of its match group: series of
//! the one side that differ in the labels that `group_left` copies make different results. The
//! variant of filled values comes last. Behind all of them stand the outputs of series of the
//! one side that may be filled up.

use hydrograph_storage::labels::Labels;

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
    ) -> (Self, Vec<SeriesMeta>) {
        let result = ResultLabels { join, delayed: cx.delayed_names };
        // For each group, a series of the one side for each variant.
        let mut variants: Vec<Vec<usize>> = vec![Vec::new(); matches.groups];
        let mut variant = Vec::with_capacity(one.len());
        for (number, &group) in matches.right.iter().enumerate() {
            let known = &mut variants[group as usize];
            let same =
                known.iter().position(|&other| result.copies_same(&one[number], &one[other]));
            variant.push(same.unwrap_or(known.len()) as u32);
            if same.is_none() {
                known.push(number);
            }
        }
        let fills = join.matching.fill.right.is_some();
        let mut first = vec![0];
        let mut metas = Vec::new();
        for (meta, &group) in many.iter().zip(&matches.left) {
            for &other in &variants[group as usize] {
                metas.push(result.of(meta, &one[other]));
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
        (Self { first, variant }, metas)
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
    /// Whether two series of the one side make the same results.
    fn copies_same(&self, a: &SeriesMeta, b: &SeriesMeta) -> bool {
        self.join.matching.include.iter().all(|label| a.get(label) == b.get(label))
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
