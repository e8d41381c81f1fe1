//! What does not depend on the step is evaluated at the first one and repeated at all others.

use super::batch::{Batch, rows_per_batch};
use super::context::Context;
use super::series::SeriesMeta;
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::plan::{Steps, VectorPlan};

/// Repeats the only step of its input.
pub(crate) struct Repeat {
    input: Input,
    steps: usize,
    once: Option<Batch>,
    done: usize,
}

impl Repeat {
    pub(crate) fn open(
        plan: &VectorPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(plan, steps.first(), cx)?;
        if steps.count <= 1 {
            return Ok(input);
        }
        Ok(Box::new(Self { input, steps: steps.count, once: None, done: 0 }))
    }
}

impl Operator for Repeat {
    fn series(&self) -> &[SeriesMeta] {
        self.input.series()
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        if self.once.as_ref().is_none_or(|once| once.end() == self.done) {
            self.once = self.input.next(cx)?;
        }
        let Some(once) = &self.once else { return Ok(None) };
        let rows = rows_per_batch(self.steps).min(once.end() - self.done);
        let mut batch = Batch::new(cx, self.done, rows, self.steps)?;
        for at in 0..rows {
            let row = once.row(self.done + at - once.first);
            let repeated = batch.row_mut(at);
            repeated.values.fill(row.values[0]);
            repeated.present.fill(row.present[0]);
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
