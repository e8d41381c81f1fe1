//! `absent`: one where nothing is.

use super::batch::Batch;
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::plan::{AbsentPlan, Steps};

/// One series that is there where its input has none.
pub(crate) struct Absent {
    input: Input,
    series: SeriesList,
    steps: usize,
    over: bool,
}

impl Absent {
    pub(crate) fn open(
        plan: &AbsentPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(&plan.input, steps, cx)?;
        let series = cx.list(vec![SeriesMeta::new(plan.labels.clone())])?;
        Ok(Box::new(Self { input, series, steps: steps.count, over: false }))
    }
}

impl Operator for Absent {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        if self.over {
            return Ok(None);
        }
        self.over = true;
        let mut absent = Batch::new(cx, 0, 1, self.steps)?;
        let row = absent.row_mut(0);
        row.values.fill(1.0);
        row.present.fill(true);
        while let Some(batch) = self.input.next(cx)? {
            for (_, there) in batch.iter() {
                row.present.iter_mut().zip(there.present).for_each(|(a, &t)| *a &= !t);
            }
        }
        Ok(Some(absent))
    }
}
