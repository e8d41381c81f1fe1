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
use crate::plan::{BucketsFunction, BucketsPlan, Steps};
use crate::promql::Span;

/// The label with a bucket's upper bound.
const BOUND: &str = "le";

/// Gathers buckets into histograms.
pub(crate) struct Buckets {
    input: Input,
    series: SeriesList,
    function: BucketsFunction,
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
    result: Option<Stored>,
}

/// A bucket, or with an unused bound a result, over all steps.
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
        if plan.function == BucketsFunction::Quantile {
            for &q in params.iter().flat_map(|column| column.iter()) {
                if !(0.0..=1.0).contains(&q) {
                    cx.annotate(Annotation::invalid_quantile(q), plan.param_span);
                }
            }
        }
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
            let next = metas.len();
            let number = *numbers.entry(labels.clone()).or_insert(next);
            if number == next {
                let mut histogram = meta.with_labels(labels);
                histogram.drop_name(cx.delayed_names);
                metas.push(histogram);
                histograms.push(Histogram::default());
            }
            histograms[number].missing += 1;
            place.push(Ok((upper, number)));
        }
        let memory = cx.limits.reserve("the buckets of histograms", 0)?;
        Ok(Box::new(Self {
            series: cx.list(metas)?,
            input,
            function: plan.function,
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
        let _result_memory = cx.limits.reserve("the result of a histogram", steps * 9)?;
        let mut result =
            Stored { upper: 0.0, values: vec![0.0; steps], present: vec![false; steps] };
        let mut buckets = Vec::with_capacity(stored.len());
        for step in 0..steps {
            let there = stored.iter().filter(|bucket| bucket.present[step]);
            buckets.clear();
            buckets.extend(there.map(|b| Bucket { upper: b.upper, count: b.values[step] }));
            if buckets.is_empty() {
                continue;
            }
            result.present[step] = true;
            result.values[step] = match self.function {
                BucketsFunction::Quantile => self.quantile(histogram, step, &mut buckets, cx),
                BucketsFunction::Fraction => {
                    fraction(self.params[0][step], self.params[1][step], &mut buckets)
                }
            };
        }
        self.kept_bytes -= stored.len() * steps * 9;
        self.kept_bytes += steps * 9;
        self.histograms[histogram].result = Some(result);
        Ok(())
    }

    fn quantile(
        &self,
        histogram: usize,
        step: usize,
        buckets: &mut Vec<Bucket>,
        cx: &mut Context,
    ) -> f64 {
        let (value, repaired) = quantile(self.params[0][step], buckets);
        if let Some(repaired) = repaired {
            let name = if cx.delayed_names { self.series[histogram].get("__name__") } else { "" };
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
            let histogram = batch.first + at;
            while self.histograms[histogram].missing > 0 {
                self.read(cx)?;
            }
            if let Some(result) = self.histograms[histogram].result.take() {
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
