//! Which results of a match group already have a value at a step.

use std::collections::HashMap;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use super::output::Outputs;
use crate::error::QueryError;
use crate::operators::context::Context;
use crate::operators::matching::Matches;
use crate::operators::series::SeriesMeta;
use crate::plan::Join;
use crate::promql::ast::Cardinality;

/// Remembers steps where several series may write to one result, and nothing where none can.
pub(super) struct Taken {
    /// For each series of the many side, the results that it shares with others.
    shared: Vec<Option<u32>>,
    /// By shared result and step.
    done: Vec<bool>,
    /// By match group and step, where filling needs to know.
    matched: Vec<bool>,
    steps: usize,
    one_to_one: bool,
    _memory: Reservation,
}

impl Taken {
    pub(super) fn of(
        join: &Join,
        matches: &Matches,
        outputs: &Outputs,
        metas: &[SeriesMeta],
        steps: usize,
        cx: &Context,
    ) -> Result<Self, QueryError> {
        let one_to_one = join.matching.card == Cardinality::OneToOne;
        let mut sizes = vec![0u32; matches.groups];
        for &group in &matches.left {
            sizes[group as usize] += 1;
        }
        let mut results: HashMap<(u32, Option<Labels>), u32> = HashMap::new();
        let mut shared = Vec::with_capacity(matches.left.len());
        for (number, &group) in matches.left.iter().enumerate() {
            if sizes[group as usize] < 2 || outputs.count(number) == 0 {
                shared.push(None);
                continue;
            }
            let labels = (!one_to_one).then(|| metas[outputs.first(number)].labels());
            let next = results.len() as u32;
            shared.push(Some(*results.entry((group, labels)).or_insert(next)));
        }
        let taken = results.len().saturating_mul(steps);
        let fills = join.matching.fill.left.is_some();
        let matched = if fills { matches.groups.saturating_mul(steps) } else { 0 };
        let memory = cx.limits.reserve("the results of a match", taken.saturating_add(matched))?;
        Ok(Self {
            shared,
            done: vec![false; taken],
            matched: vec![false; matched],
            steps,
            one_to_one,
            _memory: memory,
        })
    }

    /// A series of the many side has found its match at a step.
    pub(super) fn take(&mut self, many: usize, group: u32, step: usize) -> Result<(), QueryError> {
        if !self.matched.is_empty() {
            self.matched[group as usize * self.steps + step] = true;
        }
        let Some(shared) = self.shared[many] else { return Ok(()) };
        let taken = &mut self.done[shared as usize * self.steps + step];
        if std::mem::replace(taken, true) {
            let what = if self.one_to_one {
                "many-to-one matching must be explicit (group_left/group_right)"
            } else {
                "grouping labels must ensure unique matches"
            };
            return Err(QueryError::Execution(format!("multiple matches for labels: {what}")));
        }
        Ok(())
    }

    /// Whether anything of the many side matched a group at a step.
    pub(super) fn is_matched(&self, group: u32, step: usize) -> bool {
        self.matched[group as usize * self.steps + step]
    }
}
