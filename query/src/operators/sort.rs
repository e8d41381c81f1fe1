//! `sort` and its like. The order of series depends on values, so an instant query reads its
//! input while this is opened; a range query is ordered by labels at the end anyway.

use std::cmp::Ordering;

use super::batch::Batch;
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::natural;
use crate::plan::{SortOrder, SortPlan, Steps};
use hydrograph_storage::limits::Reservation;

/// The series of one step in order.
pub(crate) struct Sort {
    series: SeriesList,
    values: Vec<f64>,
    done: usize,
    _memory: Reservation,
}

impl Sort {
    pub(crate) fn open(
        plan: &SortPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let mut input = open(&plan.input, steps, cx)?;
        if steps.count != 1 {
            cx.annotate(Annotation::sort_in_range_query(), plan.span);
            return Ok(input);
        }
        let bytes = input.series().len() * size_of::<(f64, usize)>() * 2;
        let memory = cx.limits.reserve("sorting series", bytes)?;
        let mut found: Vec<(f64, usize)> = Vec::new();
        while let Some(batch) = input.next(cx)? {
            for (number, row) in batch.iter().filter(|(_, row)| row.present[0]) {
                found.push((row.values[0], number));
            }
        }
        let metas = input.series();
        found.sort_by(|a, b| compare(&plan.order, (a.0, &metas[a.1]), (b.0, &metas[b.1])));
        let series = cx.list(found.iter().map(|&(_, number)| metas[number].clone()).collect())?;
        let values = found.iter().map(|(value, _)| *value).collect();
        Ok(Box::new(Self { series, values, done: 0, _memory: memory }))
    }
}

/// NaN comes last in either direction.
fn compare(order: &SortOrder, a: (f64, &SeriesMeta), b: (f64, &SeriesMeta)) -> Ordering {
    let by_value = |ascending: Ordering| {
        if a.0.is_nan() || b.0.is_nan() { a.0.is_nan().cmp(&b.0.is_nan()) } else { ascending }
    };
    match order {
        SortOrder::Ascending => by_value(a.0.total_cmp(&b.0)),
        SortOrder::Descending => by_value(b.0.total_cmp(&a.0)),
        SortOrder::ByLabels(labels) => by_labels(labels, a.1, b.1),
        SortOrder::ByLabelsDescending(labels) => by_labels(labels, a.1, b.1).reverse(),
    }
}

fn by_labels(labels: &[String], a: &SeriesMeta, b: &SeriesMeta) -> Ordering {
    for label in labels {
        let (left, right) = (a.get(label), b.get(label));
        if left == right {
            continue;
        }
        if natural::precedes(left, right) {
            return Ordering::Less;
        }
        if natural::precedes(right, left) {
            return Ordering::Greater;
        }
    }
    a.pairs().cmp(b.pairs())
}

impl Operator for Sort {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let Some(mut batch) = Batch::next_of(cx, self.done, self.series.len(), 1)? else {
            return Ok(None);
        };
        for at in 0..batch.rows() {
            batch.row_mut(at).set(0, self.values[self.done + at]);
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
