//! Functions of each value by itself.

use super::batch::{Batch, RowMut};
use super::context::Context;
use super::scalar::{Column, column};
use super::series::{SeriesList, SeriesMeta, drop_names};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::functions::math::{Elementwise, clamp, round};
use crate::plan::{ElementwisePlan, Steps};

/// Applies one function to all values.
pub(crate) struct ElementwiseOperator {
    input: Input,
    series: SeriesList,
    function: Elementwise,
    steps: Steps,
    /// A value for each step.
    params: Vec<Column>,
}

impl ElementwiseOperator {
    pub(crate) fn open(
        plan: &ElementwisePlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(&plan.input, steps, cx)?;
        let mut params = Vec::new();
        for param in &plan.params {
            params.push(column(param, steps, cx)?);
        }
        let mut metas = input.series().to_vec();
        drop_names(&mut metas, cx.delayed_names);
        let series = cx.list(metas)?;
        Ok(Box::new(Self { input, series, function: plan.function, steps, params }))
    }

    fn fill(&self, row: &mut RowMut<'_>) {
        let params = &self.params;
        let values = &mut *row.values;
        match self.function {
            Elementwise::Plain(function) => values.iter_mut().for_each(|v| *v = function(*v)),
            Elementwise::Date(field) => values.iter_mut().for_each(|v| *v = field.of(*v)),
            Elementwise::Clamp => {
                for (step, value) in values.iter_mut().enumerate() {
                    let (low, high) = (params[0][step], params[1][step]);
                    *value = clamp(*value, low, high);
                    row.present[step] &= low <= high || low.is_nan() || high.is_nan();
                }
            }
            Elementwise::ClampMin => {
                let pairs = values.iter_mut().zip(params[0].iter());
                pairs.for_each(|(v, &low)| *v = clamp(*v, low, f64::INFINITY));
            }
            Elementwise::ClampMax => {
                let pairs = values.iter_mut().zip(params[0].iter());
                pairs.for_each(|(v, &high)| *v = clamp(*v, f64::NEG_INFINITY, high));
            }
            Elementwise::Round => {
                values.iter_mut().zip(params[0].iter()).for_each(|(v, &to)| *v = round(*v, to));
            }
            Elementwise::Nothing => row.present.fill(false),
            Elementwise::StepTime => {
                let times = self.steps.times();
                values.iter_mut().zip(times).for_each(|(v, t_ms)| *v = t_ms as f64 / 1000.0);
            }
        }
    }
}

impl Operator for ElementwiseOperator {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let Some(mut batch) = self.input.next(cx)? else { return Ok(None) };
        for at in 0..batch.rows() {
            self.fill(&mut batch.row_mut(at));
        }
        Ok(Some(batch))
    }
}
