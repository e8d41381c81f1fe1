//! Functions of classic histograms: series that differ in `le` alone become one.
//!
//! A histogram's buckets are kept from its first series to its last, then only its result,
//! until its turn has come.

use std::collections::HashMap;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use super::batch::{Batch, Row};
use super::context::Context;
use super::scalar::{Column, column};
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::annotations::{Annotation, Repair};
use crate::error::QueryError;
use crate::functions::buckets::{Bucket, fraction, quantile};
use crate::functions::go::general;
use crate::plan::{BucketsFunction, BucketsPlan, Steps};
use crate::promql::Span;

/// The limits are asked each time that so many buckets have been looked at.
const CHECK_SAMPLES: usize = 1 << 16;

/// The label with a bucket's upper bound.
const BOUND: &str = "le";

/// Gathers buckets into histograms.
pub(crate) struct Buckets {
    input: Input,
    series: SeriesList,
    function: BucketsFunction,
    /// Results of each histogram.
    outputs: usize,
    params: Vec<Column>,
    steps: Steps,
    span: Span,
    /// For each series of the input, its bound and the number of its histogram.
    place: Vec<Result<(f64, usize), String>>,
    histograms: Vec<Histogram>,
    done: usize,
    memory: Reservation,
    kept_bytes: usize,
}

#[derive(Default)]
struct Histogram {
    /// Series of the input that are still to come.
    missing: usize,
    buckets: Vec<Stored>,
    results: Vec<Stored>,
}

/// A bucket, or with an unused bound a result, over all steps.
#[derive(Default)]
struct Stored {
    upper: f64,
    values: Vec<f64>,
    present: Vec<bool>,
}

impl Buckets {
    pub(crate) fn open(
        plan: &BucketsPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let mut params = Vec::new();
        for param in &plan.params {
            params.push(column(param, steps, cx)?);
        }
        if plan.function != BucketsFunction::Fraction {
            for (column, &span) in params.iter().zip(&plan.param_spans) {
                for &q in column.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
                    cx.annotate(Annotation::invalid_quantile(q), span);
                }
            }
        }
        let outputs = outputs_of(&plan.function, &params)?;
        let input = open(&plan.input, steps, cx)?;
        let mut numbers: HashMap<Labels, usize> = HashMap::new();
        let mut metas: Vec<SeriesMeta> = Vec::new();
        let mut histograms: Vec<Histogram> = Vec::new();
        let mut place = Vec::with_capacity(input.series().len());
        for meta in input.series() {
            let bound = meta.get(BOUND);
            let Ok(upper) = bound.parse::<f64>() else {
                place.push(Err(bound.to_owned()));
                continue;
            };
            let labels = meta.labels().with(BOUND, "");
            let next = histograms.len();
            let number = *numbers.entry(labels.clone()).or_insert(next);
            if number == next {
                for output in &outputs {
                    let labels = match output {
                        Some((label, text)) => labels.with(label, text),
                        None => labels.clone(),
                    };
                    let mut histogram = meta.with_labels(labels);
                    histogram.drop_name(cx.delayed_names);
                    metas.push(histogram);
                }
                histograms.push(Histogram::default());
            }
            histograms[number].missing += 1;
            place.push(Ok((upper, number)));
        }
        let memory = cx.limits.reserve("the buckets of histograms", 0)?;
        Ok(Box::new(Self {
            series: cx.list(metas)?,
            input,
            function: plan.function.clone(),
            outputs: outputs.len(),
            params,
            steps,
            span: plan.span,
            place,
            histograms,
            done: 0,
            memory,
            kept_bytes: 0,
        }))
    }

    /// Reads one batch of the input.
    fn read(&mut self, cx: &mut Context) -> Result<(), QueryError> {
        let Some(batch) = self.input.next(cx)? else { unreachable!("every series is in a batch") };
        for (number, row) in batch.iter() {
            let (upper, histogram) = match &self.place[number] {
                Ok(place) => *place,
                Err(bound) => {
                    self.annotate_bound(number, bound, row, cx);
                    continue;
                }
            };
            let target = &mut self.histograms[histogram];
            target.missing -= 1;
            if !row.is_empty() {
                self.kept_bytes += row.values.len() * 9;
                let (values, present) = (row.values.to_vec(), row.present.to_vec());
                target.buckets.push(Stored { upper, values, present });
            }
            if target.missing == 0 {
                self.finish(histogram, cx)?;
            }
        }
        self.memory.resize(self.kept_bytes)?;
        Ok(())
    }

    fn annotate_bound(&self, number: usize, bound: &str, row: Row<'_>, cx: &mut Context) {
        if row.is_empty() {
            return;
        }
        let meta = &self.input.series()[number];
        let name = if cx.delayed_names { meta.get("__name__") } else { "" };
        cx.annotate(Annotation::bad_bucket_label(name, bound), self.span);
    }

    /// Turns the buckets of a histogram into its result.
    fn finish(&mut self, histogram: usize, cx: &mut Context) -> Result<(), QueryError> {
        let stored = std::mem::take(&mut self.histograms[histogram].buckets);
        if stored.is_empty() {
            return Ok(());
        }
        let steps = self.steps.count;
        let more = self.outputs.saturating_mul(steps).saturating_mul(9);
        self.memory.resize(self.kept_bytes.saturating_add(more))?;
        let mut buckets = Vec::with_capacity(stored.len());
        let mut unchecked = 0;
        for output in 0..self.outputs {
            let mut result =
                Stored { upper: 0.0, values: vec![0.0; steps], present: vec![false; steps] };
            for step in 0..steps {
                unchecked += stored.len();
                if unchecked >= CHECK_SAMPLES {
                    unchecked = 0;
                    cx.limits.check()?;
                }
                let there = stored.iter().filter(|bucket| bucket.present[step]);
                buckets.clear();
                buckets.extend(there.map(|b| Bucket { upper: b.upper, count: b.values[step] }));
                if buckets.is_empty() {
                    continue;
                }
                result.present[step] = true;
                result.values[step] = if self.function == BucketsFunction::Fraction {
                    fraction(self.params[0][step], self.params[1][step], &mut buckets)
                } else {
                    self.quantile(histogram, output, step, &mut buckets, cx)
                };
            }
            self.histograms[histogram].results.push(result);
        }
        self.kept_bytes += more;
        self.kept_bytes -= stored.len() * steps * 9;
        Ok(())
    }

    fn quantile(
        &self,
        histogram: usize,
        output: usize,
        step: usize,
        buckets: &mut Vec<Bucket>,
        cx: &mut Context,
    ) -> f64 {
        let (value, repaired) = quantile(self.params[output][step], buckets);
        if let Some(repaired) = repaired {
            let meta = &self.series[histogram * self.outputs];
            let name = if cx.delayed_names { meta.get("__name__") } else { "" };
            let repair = Repair {
                t_ms: self.steps.time(step),
                bucket_min: repaired.bucket_min,
                bucket_max: repaired.bucket_max,
                difference_max: repaired.difference_max,
            };
            cx.annotate(Annotation::forced_monotonicity(name, repair), self.span);
        }
        value
    }
}

/// The label and its value that each result of a histogram has more.
fn outputs_of(
    function: &BucketsFunction,
    params: &[Column],
) -> Result<Vec<Option<(String, String)>>, QueryError> {
    let BucketsFunction::Quantiles(label) = function else { return Ok(vec![None]) };
    let mut outputs = Vec::new();
    for column in params {
        let first = column.first().copied().unwrap_or(f64::NAN);
        if column.iter().any(|q| q.to_bits() != first.to_bits()) {
            let text = "quantiles that change from step to step in histogram_quantiles";
            return Err(QueryError::Unsupported(text.to_owned()));
        }
        let mut text = general(first);
        if first.is_finite() && !text.contains(['.', 'e']) {
            text.push_str(".0");
        }
        outputs.push(Some((label.clone(), text)));
    }
    Ok(outputs)
}

impl Operator for Buckets {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let steps = self.steps.count;
        let Some(mut batch) = Batch::next_of(cx, self.done, self.series.len(), steps)? else {
            // Series without a bound may still have something to be told of.
            while let Some(rest) = self.input.next(cx)? {
                for (number, row) in rest.iter() {
                    if let Err(bound) = &self.place[number] {
                        self.annotate_bound(number, bound, row, cx);
                    }
                }
            }
            return Ok(None);
        };
        for at in 0..batch.rows() {
            let number = batch.first + at;
            let (histogram, output) = (number / self.outputs, number % self.outputs);
            while self.histograms[histogram].missing > 0 {
                self.read(cx)?;
            }
            if let Some(result) = self.histograms[histogram].results.get_mut(output) {
                let result = std::mem::take(result);
                let row = Row { values: &result.values, present: &result.present };
                batch.row_mut(at).copy_from(row);
                self.kept_bytes -= steps * 9;
            }
        }
        self.memory.resize(self.kept_bytes)?;
        self.done = batch.end();
        Ok(Some(batch))
    }
}
