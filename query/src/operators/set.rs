//! `and`, `unless`, `or`.

use hydrograph_storage::limits::Reservation;

use super::batch::Batch;
use super::context::Context;
use super::matching::Matches;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open as open_input};
use crate::error::QueryError;
use crate::plan::{SetPlan, Steps};
use crate::promql::ops::BinaryOp;

/// Opens a set operator.
pub(crate) fn open(plan: &SetPlan, steps: Steps, cx: &mut Context) -> Result<Input, QueryError> {
    let left = open_input(&plan.left, steps, cx)?;
    let right = open_input(&plan.right, steps, cx)?;
    let matches = Matches::of(left.series(), right.series(), &plan.matching, cx)?;
    let seen = Seen::new(matches.groups, steps.count, cx)?;
    if plan.op == BinaryOp::Or {
        let metas = [left.series(), right.series()].concat();
        let series = cx.list(metas)?;
        let left_count = left.series().len();
        return Ok(Box::new(Union { left, right, left_count, matches, seen, series }));
    }
    let keep_seen = plan.op == BinaryOp::And;
    Ok(Box::new(Filter { left, right: Some(right), matches, seen, keep_seen }))
}

/// At which steps each match group has a value.
struct Seen {
    steps: usize,
    present: Vec<bool>,
    _memory: Reservation,
}

impl Seen {
    fn new(groups: usize, steps: usize, cx: &Context) -> Result<Self, QueryError> {
        let points = groups.saturating_mul(steps);
        let memory = cx.limits.reserve("a set operator", points)?;
        Ok(Self { steps, present: vec![false; points], _memory: memory })
    }

    fn of(&self, group: u32) -> &[bool] {
        &self.present[group as usize * self.steps..][..self.steps]
    }

    /// Adds the values of a batch whose series belong to `groups`.
    fn add(&mut self, batch: &Batch, groups: &[u32]) {
        for (number, row) in batch.iter() {
            let seen = &mut self.present[groups[number] as usize * self.steps..][..self.steps];
            seen.iter_mut().zip(row.present).for_each(|(seen, &present)| *seen |= present);
        }
    }
}

/// Lets through what the right side has, or has not.
struct Filter {
    left: Input,
    /// Until it is read.
    right: Option<Input>,
    matches: Matches,
    seen: Seen,
    keep_seen: bool,
}

impl Operator for Filter {
    fn series(&self) -> &[SeriesMeta] {
        self.left.series()
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        if let Some(mut right) = self.right.take() {
            while let Some(batch) = right.next(cx)? {
                self.seen.add(&batch, &self.matches.right);
            }
        }
        let Some(mut batch) = self.left.next(cx)? else { return Ok(None) };
        for at in 0..batch.rows() {
            let seen = self.seen.of(self.matches.left[batch.first + at]);
            let present = batch.row_mut(at).present.iter_mut();
            present.zip(seen).for_each(|(p, &seen)| *p &= seen == self.keep_seen);
        }
        Ok(Some(batch))
    }
}

/// The left side, and what only the right side has.
struct Union {
    left: Input,
    right: Input,
    left_count: usize,
    matches: Matches,
    seen: Seen,
    series: SeriesList,
}

impl Operator for Union {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        if let Some(batch) = self.left.next(cx)? {
            self.seen.add(&batch, &self.matches.left);
            return Ok(Some(batch));
        }
        let Some(mut batch) = self.right.next(cx)? else { return Ok(None) };
        for at in 0..batch.rows() {
            let seen = self.seen.of(self.matches.right[batch.first + at]);
            let present = batch.row_mut(at).present.iter_mut();
            present.zip(seen).for_each(|(p, &seen)| *p &= !seen);
        }
        batch.first += self.left_count;
        Ok(Some(batch))
    }
}
