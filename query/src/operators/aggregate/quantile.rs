//! `quantile`: needs all values of a group at a step.

use hydrograph_storage::limits::Reservation;

use super::groups::Groups;
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::quantile::quantile;
use crate::operators::batch::Batch;
use crate::operators::scalar::{Column, column};
use crate::operators::series::{SeriesList, SeriesMeta};
use crate::operators::{Context, Input, Operator, open};
use crate::plan::{AggregatePlan, ScalarPlan, Steps};

/// Collects the values of each group and step.
pub(super) struct QuantileAggregate {
    input: Input,
    series: SeriesList,
    groups: Groups,
    q: Column,
    steps: usize,
    /// Group by group, step by step; filled with the first batch.
    values: Option<Vec<Vec<f64>>>,
    done: usize,
    memory: Reservation,
}

impl QuantileAggregate {
    pub(super) fn open(
        plan: &AggregatePlan,
        q: &ScalarPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let q = column(q, steps, cx)?;
        let input = open(&plan.input, steps, cx)?;
        annotate(&q, plan, cx);
        let mut groups = Groups::of(input.series(), &plan.grouping, cx)?;
        let series = cx.list(groups.take_series())?;
        let bytes = (series.len() * size_of::<Vec<f64>>()).saturating_mul(steps.count);
        let memory = cx.limits.reserve("the values of a quantile", bytes)?;
        Ok(Box::new(Self {
            input,
            series,
            groups,
            q,
            steps: steps.count,
            values: None,
            done: 0,
            memory,
        }))
    }

    fn read_all(&mut self, cx: &mut Context) -> Result<Vec<Vec<f64>>, QueryError> {
        let mut values = vec![Vec::new(); self.series.len() * self.steps];
        while let Some(batch) = self.input.next(cx)? {
            let count: usize = batch.iter().map(|(_, row)| row.iter().count()).sum();
            // Vectors that grow may be half empty.
            self.memory.grow(count * 16)?;
            for (number, row) in batch.iter() {
                let from = self.groups.of_series(number) * self.steps;
                for (step, value) in row.iter() {
                    values[from + step].push(value);
                }
            }
        }
        Ok(values)
    }
}

/// Tells of quantiles out of range: the least, the greatest, and NaN.
fn annotate(q: &[f64], plan: &AggregatePlan, cx: &mut Context) {
    let greatest = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = q.iter().copied().fold(f64::INFINITY, f64::min);
    if q.iter().any(|q| q.is_nan()) {
        cx.annotate(Annotation::invalid_quantile(f64::NAN), plan.param_span);
    }
    if greatest > 1.0 {
        cx.annotate(Annotation::invalid_quantile(greatest), plan.param_span);
    }
    if least < 0.0 {
        cx.annotate(Annotation::invalid_quantile(least), plan.param_span);
    }
}

impl Operator for QuantileAggregate {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let mut values = match self.values.take() {
            Some(values) => values,
            None => self.read_all(cx)?,
        };
        let next = Batch::next_of(cx, self.done, self.series.len(), self.steps)?;
        let batch = next.map(|mut batch| {
            for at in 0..batch.rows() {
                let from = (batch.first + at) * self.steps;
                let mut row = batch.row_mut(at);
                for step in 0..self.steps {
                    let values = &mut values[from + step];
                    if !values.is_empty() {
                        row.set(step, quantile(self.q[step], values));
                    }
                }
            }
            self.done = batch.end();
            batch
        });
        self.values = Some(values);
        Ok(batch)
    }
}
