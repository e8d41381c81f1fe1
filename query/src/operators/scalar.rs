//! Scalars: one number at each step.

use std::ops::Deref;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use super::batch::Batch;
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::functions::math::apply_to_scalars;
use crate::plan::{ScalarPlan, Steps, VectorPlan};

/// The values of a scalar at all steps, charged to the query.
pub(crate) struct Column {
    values: Vec<f64>,
    _memory: Reservation,
}

impl Deref for Column {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// Evaluates a scalar.
pub(crate) fn column(
    plan: &ScalarPlan,
    steps: Steps,
    cx: &mut Context,
) -> Result<Column, QueryError> {
    let memory = cx.limits.reserve("a scalar", steps.count.saturating_mul(8))?;
    let values = match plan {
        ScalarPlan::Constant(value) => vec![*value; steps.count],
        ScalarPlan::Time => steps.times().map(|t_ms| t_ms as f64 / 1000.0).collect(),
        ScalarPlan::Date(field) => steps.times().map(|t_ms| field.of_second(t_ms / 1000)).collect(),
        ScalarPlan::Binary { op, left, right } => {
            let left = column(left, steps, cx)?;
            let right = column(right, steps, cx)?;
            left.iter().zip(&*right).map(|(&l, &r)| apply_to_scalars(*op, l, r)).collect()
        }
        ScalarPlan::OfTwo { function, left, right } => {
            let left = column(left, steps, cx)?;
            let right = column(right, steps, cx)?;
            left.iter().zip(&*right).map(|(&l, &r)| function(l, r)).collect()
        }
        ScalarPlan::Negate(inner) => column(inner, steps, cx)?.iter().map(|v| -v).collect(),
        ScalarPlan::OfVector(inner) => of_vector(inner, steps, cx)?,
        ScalarPlan::Repeat(inner) => {
            let once = column(inner, steps.first(), cx)?;
            once.first().map_or_else(Vec::new, |&value| vec![value; steps.count])
        }
    };
    Ok(Column { values, _memory: memory })
}

/// The one value of each step, NaN where there is none or several.
fn of_vector(plan: &VectorPlan, steps: Steps, cx: &mut Context) -> Result<Vec<f64>, QueryError> {
    let mut input = open(plan, steps, cx)?;
    let mut values = vec![f64::NAN; steps.count];
    let mut seen = vec![false; steps.count];
    while let Some(batch) = input.next(cx)? {
        for (_, row) in batch.iter() {
            for (step, value) in row.iter() {
                values[step] = if seen[step] { f64::NAN } else { value };
                seen[step] = true;
            }
        }
    }
    Ok(values)
}

/// `vector(…)`: a scalar as the one series without labels.
pub(crate) struct OfScalar {
    series: SeriesList,
    values: Option<Column>,
}

impl OfScalar {
    pub(crate) fn open(
        plan: &ScalarPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let values = column(plan, steps, cx)?;
        let series = cx.list(vec![SeriesMeta::new(Labels::empty())])?;
        Ok(Box::new(Self { series, values: Some(values) }))
    }
}

impl Operator for OfScalar {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let Some(values) = self.values.take() else { return Ok(None) };
        let mut batch = Batch::new(cx, 0, 1, values.len())?;
        let row = batch.row_mut(0);
        row.values.copy_from_slice(&values);
        row.present.fill(true);
        Ok(Some(batch))
    }
}
