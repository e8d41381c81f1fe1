//! From the operators of a query to its answer.
//!
//! Law: an answer's labels are final, which names kept until now are not, and distinct: series
//! that become equal are one if no step has a value of both, else the query fails.

use std::collections::HashSet;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;
use hydrograph_storage::samples::Samples;

use crate::error::QueryError;
use crate::functions::extended;
use crate::functions::range::Window;
use crate::operators::{Context, Input, RangeVector, column, open};
use crate::plan::{Plan, RangePlan, Root, Steps};
use crate::value::{MatrixSeries, Point, Value, VectorSample};

/// Evaluates a plan. An answer to a range query is a matrix, whatever the expression is.
pub(crate) fn evaluate(plan: &Plan, is_range: bool, cx: &mut Context) -> Result<Value, QueryError> {
    let steps = plan.steps;
    match &plan.root {
        Root::String(text) => Ok(Value::String { t_ms: steps.start_ms, text: text.clone() }),
        Root::Scalar(plan) => {
            let column = column(plan, steps, cx)?;
            if is_range {
                let floats = steps.times().zip(column.iter().copied()).collect();
                return Ok(Value::Matrix(vec![MatrixSeries { labels: Labels::empty(), floats }]));
            }
            Ok(Value::Scalar { t_ms: steps.start_ms, value: column[0] })
        }
        Root::Vector(plan) => {
            let input = open(plan, steps, cx)?;
            if is_range { matrix(input, steps, cx) } else { vector(input, steps, cx) }
        }
        Root::Matrix(plan) => samples(plan, steps, cx),
    }
}

fn vector(mut input: Input, steps: Steps, cx: &mut Context) -> Result<Value, QueryError> {
    let mut memory = cx.limits.reserve("the answer", 0)?;
    let mut vector = Vec::new();
    while let Some(batch) = input.next(cx)? {
        memory.grow(batch.rows() * 2 * size_of::<VectorSample>())?;
        for (number, row) in batch.iter().filter(|(_, row)| row.present[0]) {
            let labels = input.series()[number].clone().into_final();
            let point = Point::Float(row.values[0]);
            vector.push(VectorSample { labels, t_ms: steps.start_ms, point });
        }
    }
    let mut seen = HashSet::with_capacity(vector.len());
    if !vector.iter().all(|sample| seen.insert(&sample.labels)) {
        return Err(same_labels());
    }
    drop(seen);
    Ok(Value::Vector(vector))
}

fn matrix(mut input: Input, steps: Steps, cx: &mut Context) -> Result<Value, QueryError> {
    let mut memory = cx.limits.reserve("the answer", 0)?;
    let mut series = Vec::new();
    while let Some(batch) = input.next(cx)? {
        for (number, row) in batch.iter().filter(|(_, row)| !row.is_empty()) {
            let points = row.iter().map(|(step, value)| (steps.time(step), value));
            let labels = input.series()[number].clone().into_final();
            push(&mut series, labels, points.collect(), &mut memory)?;
        }
    }
    in_order(series)
}

/// The samples of a range as they are.
fn samples(plan: &RangePlan, steps: Steps, cx: &mut Context) -> Result<Value, QueryError> {
    let mut memory = cx.limits.reserve("the answer", 0)?;
    let (start_ms, end_ms) = plan.window.bounds(steps.start_ms);
    let extension = plan.window.reach.extension;
    let mut input = RangeVector::open(plan, cx)?;
    let mut series = Vec::new();
    for number in 0..input.series().len() {
        cx.limits.check()?;
        let samples = input.next(cx)?;
        let floats: Samples = if extension.is_none() {
            samples.iter().filter(|(t_ms, _)| start_ms < *t_ms && *t_ms <= end_ms).collect()
        } else if samples.is_empty() {
            Samples::new()
        } else {
            let Samples { times_ms, values, .. } = samples;
            let t_ms = steps.start_ms;
            let (first, starts_ms) = (0, &[][..]);
            let window =
                Window { times_ms, values, start_ms, end_ms, t_ms, first, starts_ms, extension };
            extended::samples(&window).unwrap_or_default()
        };
        if !floats.is_empty() {
            let labels = input.series()[number].clone().into_final();
            push(&mut series, labels, floats, &mut memory)?;
        }
    }
    in_order(series)
}

fn push(
    series: &mut Vec<MatrixSeries>,
    labels: Labels,
    floats: Samples,
    memory: &mut Reservation,
) -> Result<(), QueryError> {
    memory.grow(floats.capacity_bytes() + 2 * size_of::<MatrixSeries>())?;
    series.push(MatrixSeries { labels, floats });
    Ok(())
}

/// Sorts by labels, and joins what has become equal.
fn in_order(mut series: Vec<MatrixSeries>) -> Result<Value, QueryError> {
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    let mut joined: Vec<MatrixSeries> = Vec::with_capacity(series.len());
    for next in series {
        match joined.last_mut() {
            Some(last) if last.labels == next.labels => {
                let count = last.floats.len() + next.floats.len();
                last.floats.merge_newer(&next.floats);
                if last.floats.len() < count {
                    return Err(same_labels());
                }
            }
            _ => joined.push(next),
        }
    }
    Ok(Value::Matrix(joined))
}

fn same_labels() -> QueryError {
    QueryError::Execution("vector cannot contain metrics with the same labelset".to_owned())
}
