//! Rows gathered into Arrow arrays, a bounded number at a time.
//!
//! Law: one row is at most [`super::ROW_SAMPLES_MAX`] samples of one series; exactly one of the
//! value columns is set in it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, Int8Array, Int64Array, ListArray, MapArray, PrimitiveArray,
    StringBuilder, StructArray, TimestampMillisecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type};

use super::decimal::{Form, Kind};
use super::schema;
use crate::labels::{Labels, METRIC_NAME};

/// A list column that grows.
struct Lists<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    ends: Vec<i32>,
    set: Vec<bool>,
}

impl<T: ArrowPrimitiveType> Lists<T> {
    fn new() -> Self {
        Self { values: Vec::new(), ends: vec![0], set: Vec::new() }
    }

    fn end_row(&mut self, set: bool) {
        self.ends.push(self.values.len() as i32);
        self.set.push(set);
    }

    fn take(&mut self, nullable: bool) -> ArrayRef {
        let Self { values, ends, set } = std::mem::replace(self, Self::new());
        Arc::new(ListArray::new(
            schema::list_element(T::DATA_TYPE),
            OffsetBuffer::new(ScalarBuffer::from(ends)),
            Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), None)),
            nullable.then(|| NullBuffer::from(set)),
        ))
    }
}

/// Rows on their way into the column writers.
pub(super) struct Columns {
    tenant: StringBuilder,
    metric: StringBuilder,
    label_ends: Vec<i32>,
    label_names: StringBuilder,
    label_values: StringBuilder,
    min_time: Vec<i64>,
    max_time: Vec<i64>,
    times: Lists<Int32Type>,
    base: Vec<Option<i64>>,
    exponent: Vec<Option<i8>>,
    gauges: Lists<Int32Type>,
    steps: Lists<Int32Type>,
    wide: Lists<Int64Type>,
    floats: Lists<Float64Type>,
}

impl Columns {
    pub(super) fn new() -> Self {
        Self {
            tenant: StringBuilder::new(),
            metric: StringBuilder::new(),
            label_ends: vec![0],
            label_names: StringBuilder::new(),
            label_values: StringBuilder::new(),
            min_time: Vec::new(),
            max_time: Vec::new(),
            times: Lists::new(),
            base: Vec::new(),
            exponent: Vec::new(),
            gauges: Lists::new(),
            steps: Lists::new(),
            wide: Lists::new(),
            floats: Lists::new(),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.min_time.len()
    }

    pub(super) fn samples(&self) -> usize {
        self.times.values.len()
    }

    /// Appends a row. `decimals` are the values in the form that is not floats.
    pub(super) fn push(
        &mut self,
        (tenant, labels): (&str, &Labels),
        times_ms: &[i64],
        values: &[f64],
        form: Form,
        decimals: &[i64],
    ) {
        self.push_labels(tenant, labels);
        let first_ms = times_ms[0];
        self.min_time.push(first_ms);
        self.max_time.push(times_ms[times_ms.len() - 1]);
        self.times.values.extend(times_ms.iter().map(|t_ms| (t_ms - first_ms) as i32));
        self.times.end_row(true);
        let exact = form.kind != Kind::Floats;
        self.base.push(exact.then_some(form.base));
        self.exponent.push(exact.then_some(form.exponent as i8));
        match form.kind {
            Kind::Gauges => {
                self.gauges
                    .values
                    .extend(decimals.iter().map(|decimal| (decimal - form.base) as i32));
            }
            Kind::Steps => {
                self.steps.values.push(0);
                self.steps
                    .values
                    .extend(decimals.windows(2).map(|pair| (pair[1] - pair[0]) as i32));
            }
            Kind::Wide => {
                self.wide.values.extend(decimals.iter().map(|decimal| decimal - form.base));
            }
            Kind::Floats => self.floats.values.extend_from_slice(values),
        }
        self.gauges.end_row(form.kind == Kind::Gauges);
        self.steps.end_row(form.kind == Kind::Steps);
        self.wide.end_row(form.kind == Kind::Wide);
        self.floats.end_row(form.kind == Kind::Floats);
    }

    fn push_labels(&mut self, tenant: &str, labels: &Labels) {
        self.tenant.append_value(tenant);
        let mut metric = "";
        let mut end = self.label_ends[self.label_ends.len() - 1];
        for (name, value) in labels {
            if name == METRIC_NAME {
                metric = value;
            } else {
                self.label_names.append_value(name);
                self.label_values.append_value(value);
                end += 1;
            }
        }
        self.metric.append_value(metric);
        self.label_ends.push(end);
    }

    /// The rows as arrays, in the order of [`schema::schema`]; none are left.
    pub(super) fn take(&mut self) -> Vec<ArrayRef> {
        let label_ends = std::mem::replace(&mut self.label_ends, vec![0]);
        let labels = StructArray::new(
            schema::label_fields(),
            vec![Arc::new(self.label_names.finish()), Arc::new(self.label_values.finish())],
            None,
        );
        let labels = MapArray::new(
            schema::label_entries(),
            OffsetBuffer::new(ScalarBuffer::from(label_ends)),
            labels,
            None,
            true,
        );
        let time = |column: &mut Vec<i64>| -> ArrayRef {
            let values = TimestampMillisecondArray::from(std::mem::take(column));
            Arc::new(values.with_timezone("UTC"))
        };
        vec![
            Arc::new(self.tenant.finish()),
            Arc::new(self.metric.finish()),
            Arc::new(labels),
            time(&mut self.min_time),
            time(&mut self.max_time),
            self.times.take(false),
            Arc::new(Int64Array::from(std::mem::take(&mut self.base))),
            Arc::new(Int8Array::from(std::mem::take(&mut self.exponent))),
            self.gauges.take(true),
            self.steps.take(true),
            self.wide.take(true),
            self.floats.take(true),
        ]
    }
}
