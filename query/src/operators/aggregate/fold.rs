//! Aggregations that need no more than a small state for each group and step.

use hydrograph_storage::limits::Reservation;

use super::groups::Groups;
use crate::error::QueryError;
use crate::operators::batch::Batch;
use crate::operators::series::{SeriesList, SeriesMeta};
use crate::operators::{Context, Input, Operator};
use crate::plan::Steps;

/// A state that takes one value after another.
pub(super) trait Fold: Copy {
    /// The state of one value.
    fn first(value: f64) -> Self;
    /// Takes one value more.
    fn add(&mut self, value: f64);
    /// The result.
    fn result(self) -> f64;
}

/// Folds all series of each group.
pub(super) struct FoldAggregate<F> {
    input: Input,
    series: SeriesList,
    groups: Groups,
    steps: usize,
    /// Group by group, step by step; filled with the first batch.
    states: Option<Vec<Option<F>>>,
    done: usize,
    _memory: Reservation,
}

impl<F: Fold + 'static> FoldAggregate<F> {
    pub(super) fn open(
        input: Input,
        mut groups: Groups,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let series = cx.list(groups.take_series())?;
        let bytes = (series.len() * size_of::<Option<F>>()).saturating_mul(steps.count);
        let memory = cx.limits.reserve("an aggregation", bytes)?;
        Ok(Box::new(Self {
            input,
            series,
            groups,
            steps: steps.count,
            states: None,
            done: 0,
            _memory: memory,
        }))
    }

    fn read_all(&mut self, cx: &mut Context) -> Result<Vec<Option<F>>, QueryError> {
        let mut states: Vec<Option<F>> = vec![None; self.series.len() * self.steps];
        while let Some(batch) = self.input.next(cx)? {
            for (number, row) in batch.iter() {
                let group = self.groups.of_series(number);
                let states = &mut states[group * self.steps..(group + 1) * self.steps];
                let points = row.values.iter().zip(row.present);
                for (state, (&value, &present)) in states.iter_mut().zip(points) {
                    if present {
                        match state {
                            Some(state) => state.add(value),
                            None => *state = Some(F::first(value)),
                        }
                    }
                }
            }
        }
        Ok(states)
    }
}

impl<F: Fold + 'static> Operator for FoldAggregate<F> {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let states = match self.states.take() {
            Some(states) => states,
            None => self.read_all(cx)?,
        };
        let next = Batch::next_of(cx, self.done, self.series.len(), self.steps)?;
        let batch = next.map(|mut batch| {
            for at in 0..batch.rows() {
                let from = (batch.first + at) * self.steps;
                let mut row = batch.row_mut(at);
                for (step, state) in states[from..from + self.steps].iter().enumerate() {
                    if let Some(state) = state {
                        row.set(step, state.result());
                    }
                }
            }
            self.done = batch.end();
            batch
        });
        self.states = Some(states);
        Ok(batch)
    }
}
