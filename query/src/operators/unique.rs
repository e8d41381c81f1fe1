//! Joins series whose labels have become equal.
//!
//! Law: the series of the result have distinct labels. Two that have a value at one step are an
//! error ([`Clash::Step`]); for functions of ranges, two that have any ([`Clash::Series`]).
//! Where no labels are equal, which is nearly always, the input is passed through.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use super::batch::{Batch, Row};
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator};
use crate::error::QueryError;

/// What equal labels may not have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// Values at one step.
    Step,
    /// Any values.
    Series,
}

struct Unique {
    input: Input,
    series: SeriesList,
    /// For each series of the input, its number among the joined ones.
    joined: Vec<usize>,
    clash: Clash,
    steps: usize,
    table: Option<Table>,
    done: usize,
}

/// The values of all series, since any two may have to be joined.
struct Table {
    values: Vec<f64>,
    present: Vec<bool>,
    filled: Vec<bool>,
    _memory: Reservation,
}

/// Makes the labels of `input` distinct.
pub(crate) fn unique(
    input: Input,
    steps: usize,
    clash: Clash,
    cx: &mut Context,
) -> Result<Input, QueryError> {
    let series = input.series();
    let bytes = series.len() * (size_of::<Labels>() + size_of::<usize>()) * 2;
    let _memory = cx.limits.reserve("telling series apart", bytes)?;
    let mut numbers: HashMap<Labels, usize> = HashMap::with_capacity(series.len());
    let mut joined = Vec::with_capacity(series.len());
    let mut metas: Vec<SeriesMeta> = Vec::new();
    for meta in series {
        let next = numbers.len();
        match numbers.entry(meta.labels()) {
            Entry::Occupied(known) => joined.push(*known.get()),
            Entry::Vacant(new) => {
                new.insert(next);
                joined.push(next);
            }
        }
    }
    if numbers.len() == series.len() {
        return Ok(input);
    }
    for (meta, &number) in series.iter().zip(&joined) {
        if number == metas.len() {
            metas.push(meta.clone());
        }
    }
    let series = cx.list(metas)?;
    Ok(Box::new(Unique { input, series, joined, clash, steps, table: None, done: 0 }))
}

impl Unique {
    fn read_all(&mut self, cx: &mut Context) -> Result<Table, QueryError> {
        let rows = self.series.len();
        let points = rows.saturating_mul(self.steps);
        let memory =
            cx.limits.reserve("joining series", points.saturating_mul(9).saturating_add(rows))?;
        let mut table = Table {
            values: vec![0.0; points],
            present: vec![false; points],
            filled: vec![false; rows],
            _memory: memory,
        };
        while let Some(batch) = self.input.next(cx)? {
            for (number, row) in batch.iter() {
                self.join(&mut table, self.joined[number], row)?;
            }
        }
        Ok(table)
    }

    fn join(&self, table: &mut Table, number: usize, row: Row<'_>) -> Result<(), QueryError> {
        let clash = || {
            let text = "vector cannot contain metrics with the same labelset";
            Err(QueryError::Execution(text.to_owned()))
        };
        if row.is_empty() {
            return Ok(());
        }
        if self.clash == Clash::Series && table.filled[number] {
            return clash();
        }
        table.filled[number] = true;
        for (step, value) in row.iter() {
            let at = number * self.steps + step;
            if table.present[at] {
                return clash();
            }
            table.present[at] = true;
            table.values[at] = value;
        }
        Ok(())
    }
}

impl Operator for Unique {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let table = match self.table.take() {
            Some(table) => table,
            None => self.read_all(cx)?,
        };
        let next = Batch::next_of(cx, self.done, self.series.len(), self.steps)?;
        let batch = next.map(|mut batch| {
            for at in 0..batch.rows() {
                let number = batch.first + at;
                let range = number * self.steps..(number + 1) * self.steps;
                let row =
                    Row { values: &table.values[range.clone()], present: &table.present[range] };
                batch.row_mut(at).copy_from(row);
            }
            self.done = batch.end();
            batch
        });
        self.table = Some(table);
        Ok(batch)
    }
}
