//! Operators between the series of two vectors.
//!
//! One side is the "one": it has at most one series in each match group at a step. Its rows
//! wait in their group until the last series of the "many" side that needs them has come, so
//! where both sides come in the same order little waits.
//!
//! Law: the faults of a match are the reference's, also in groups that nothing else matches.

mod one_side;
mod output;
mod taken;

use super::batch::{Batch, Row};
use super::context::Context;
use super::matching::{Matches, match_labels};
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::math::apply;
use crate::plan::{BinaryPlan, Join, Steps};
use crate::promql::ast::Cardinality;
use crate::promql::ops::BinaryOp;
use one_side::OneSide;
use output::Outputs;
use taken::Taken;

/// Joins two vectors.
pub(crate) struct BinaryOperator {
    join: Join,
    many: Input,
    one: OneSide,
    /// For each series of the many side, its match group.
    groups: Vec<u32>,
    series: SeriesList,
    outputs: Outputs,
    taken: Taken,
    /// Steps at which the many side has anything.
    any_many: Vec<bool>,
    steps: usize,
    /// The next series of the result.
    done: usize,
    stage: Stage,
}

/// What is being done.
enum Stage {
    /// Series of the many side look for their match.
    Joining,
    /// Series of the one side that nothing matched are filled up, from this one on.
    Filling(usize),
    Over,
}

impl BinaryOperator {
    pub(crate) fn open(
        plan: &BinaryPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let join = &plan.join;
        let mut left = open(&plan.left, steps, cx)?;
        let mut right = open(&plan.right, steps, cx)?;
        if join.matching.card == Cardinality::OneToMany {
            std::mem::swap(&mut left, &mut right);
        }
        let (many, one) = (left, right);
        let matches = Matches::of(many.series(), one.series(), &join.matching, cx)?;
        let (outputs, metas, memory) =
            Outputs::of(join, many.series(), one.series(), &matches, cx)?;
        let taken = Taken::of(join, &matches, &outputs, &metas, steps.count, cx)?;
        Ok(Box::new(Self {
            one: OneSide::new(one, &matches, join, steps.count, cx)?,
            join: join.clone(),
            many,
            groups: matches.left,
            series: SeriesList::new(metas, memory),
            outputs,
            taken,
            any_many: vec![false; steps.count],
            steps: steps.count,
            done: 0,
            stage: Stage::Joining,
        }))
    }

    /// Joins the next batch of the many side.
    fn join_batch(&mut self, many: &Batch, cx: &mut Context) -> Result<Batch, QueryError> {
        let rows = (many.first..many.end()).map(|number| self.outputs.count(number)).sum();
        let mut batch = Batch::new(cx, self.done, rows, self.steps)?;
        for (number, row) in many.iter() {
            self.any_many.iter_mut().zip(row.present).for_each(|(any, &p)| *any |= p);
            let group = self.groups[number];
            if self.outputs.count(number) > 0 {
                self.one.complete(group, cx)?;
                self.join_row(number, row, &mut batch)?;
            }
            self.one.release(group);
        }
        self.done = batch.end();
        Ok(batch)
    }

    fn join_row(&mut self, number: usize, row: Row<'_>, out: &mut Batch) -> Result<(), QueryError> {
        let group = self.groups[number];
        let first_output = self.outputs.first(number) - out.first;
        for (step, value) in row.iter() {
            let (other, variant) = if let Some((other, owner)) = self.one.get(group, step) {
                (other, self.outputs.variant(owner))
            } else if let Some(fill) = self.join.matching.fill.right {
                (fill, self.outputs.count(number) - 1)
            } else {
                continue;
            };
            self.taken.take(number, group, step)?;
            if let Some(value) = self.combine(value, other) {
                out.row_mut(first_output + variant).set(step, value);
            }
        }
        Ok(())
    }

    /// What a value of the many side and one of the one side make.
    fn combine(&self, many: f64, one: f64) -> Option<f64> {
        let swapped = self.join.matching.card == Cardinality::OneToMany;
        let (left, right) = if swapped { (one, many) } else { (many, one) };
        let (value, keep) = apply(self.join.op, left, right);
        if self.join.return_bool { Some(f64::from(u8::from(keep))) } else { keep.then_some(value) }
    }

    /// After the last series of the many side: what the one side has that is not allowed.
    fn check_duplicates(&self) -> Result<(), QueryError> {
        let filled = self.join.matching.fill.is_set();
        let mut duplicates = self.one.duplicates().iter();
        let Some((_, &(a, b))) = duplicates.find(|(step, _)| filled || self.any_many[**step])
        else {
            return Ok(());
        };
        let series = self.one.series();
        let labels = match_labels(&series[b], &self.join.matching);
        let mut both = [series[a].labels().to_string(), series[b].labels().to_string()];
        both.sort();
        let swapped = self.join.matching.card == Cardinality::OneToMany;
        let side = if swapped { "left" } else { "right" };
        Err(QueryError::Execution(format!(
            "found duplicate series for the match group {labels} on the {side} hand-side of the \
             operation: [{}, {}];many-to-many matching not allowed: matching labels must be \
             unique on one side",
            both[0], both[1]
        )))
    }

    /// Fills up the next series of the one side where nothing matched them.
    fn fill(&mut self, from: usize, fill: f64, cx: &Context) -> Result<Option<Batch>, QueryError> {
        let total = self.one.series().len();
        let Some(mut batch) = Batch::next_of(cx, from, total, self.steps)? else {
            return Ok(None);
        };
        for at in 0..batch.rows() {
            let number = batch.first + at;
            let group = self.one.group(number);
            for step in 0..self.steps {
                let Some((other, owner)) = self.one.get(group, step) else { continue };
                let unmatched = owner == number && !self.taken.is_matched(group, step);
                if let Some(value) = self.combine(fill, other).filter(|_| unmatched) {
                    batch.row_mut(at).set(step, value);
                }
            }
        }
        self.stage = Stage::Filling(batch.end());
        batch.first = self.done;
        self.done = batch.end();
        Ok(Some(batch))
    }

    fn tell_of_trim(&self, many: &Batch, cx: &mut Context) {
        let trims = matches!(self.join.op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
        if trims
            && many.iter().any(|(number, row)| self.outputs.count(number) > 0 && !row.is_empty())
        {
            let op = self.join.op.as_str();
            cx.annotate(Annotation::incompatible_types("float", op, "float"), self.join.span);
        }
    }
}

impl Operator for BinaryOperator {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        loop {
            match self.stage {
                Stage::Joining => {
                    if let Some(many) = self.many.next(cx)? {
                        self.tell_of_trim(&many, cx);
                        let batch = self.join_batch(&many, cx)?;
                        if batch.rows() > 0 {
                            return Ok(Some(batch));
                        }
                        continue;
                    }
                    self.one.finish(cx)?;
                    self.check_duplicates()?;
                    self.stage = Stage::Filling(0);
                }
                Stage::Filling(from) => {
                    let Some(fill) = self.join.matching.fill.left else {
                        self.stage = Stage::Over;
                        continue;
                    };
                    let batch = self.fill(from, fill, cx)?;
                    if batch.is_none() {
                        self.stage = Stage::Over;
                    }
                    return Ok(batch);
                }
                Stage::Over => return Ok(None),
            }
        }
    }
}
