//! Functions of range vectors: two pointers walk over the samples of a series, step by step.

use hydrograph_storage::limits::{QueryLimits, Reservation};
use hydrograph_storage::samples::Samples;

use super::batch::{Batch, Row, RowMut};
use super::context::Context;
use super::range_vector::RangeVector;
use super::scalar::{Column, column};
use super::series::{SeriesList, SeriesMeta, drop_names};
use super::{Input, Operator};
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::range::{RangeFunction, Scan, Window};
use crate::plan::{RangeFunctionPlan, RangeWindow, Steps};
use crate::promql::Span;

/// Applies one function to all windows of all series.
pub(crate) struct RangeFunctionOperator {
    input: RangeVector,
    series: SeriesList,
    walk: Walk,
    span: Span,
    param_span: Span,
    done: usize,
    told_of: Option<String>,
}

/// Walks over one series after another.
struct Walk {
    function: RangeFunction,
    window: RangeWindow,
    steps: Steps,
    /// A value for each step.
    params: Vec<Column>,
    /// Start timestamps count.
    starts: bool,
    scan: Scan,
    scratch: Vec<f64>,
    /// Windows of the last series with start timestamps that cannot be.
    overlaps: usize,
    /// Samples that windows have seen since the limits were asked.
    unchecked: usize,
    memory: Reservation,
}

/// The limits are asked each time that windows have seen so many samples.
const CHECK_SAMPLES: usize = 1 << 16;

impl Walk {
    fn fill(
        &mut self,
        samples: &Samples,
        mut row: RowMut<'_>,
        limits: &QueryLimits,
    ) -> Result<(), QueryError> {
        let Samples { times_ms, values, starts_ms } = samples;
        let starts_ms = if self.starts { &starts_ms[..] } else { &[] };
        self.scan.prepare(self.function, times_ms, values, starts_ms);
        self.overlaps = 0;
        let (mut from, mut to) = (0, 0);
        for (step, t_ms) in self.steps.times().enumerate() {
            let (start_ms, end_ms) = self.window.bounds(t_ms);
            let reach = &self.window.reach;
            let (from_ms, to_ms) =
                (start_ms.saturating_sub(reach.before_ms), end_ms.saturating_add(reach.after_ms));
            while to < times_ms.len() && times_ms[to] <= to_ms {
                to += 1;
            }
            while from < to && times_ms[from] <= from_ms {
                from += 1;
            }
            self.unchecked += to - from + 1;
            if self.unchecked >= CHECK_SAMPLES {
                self.unchecked = 0;
                limits.check()?;
            }
            if from == to {
                continue;
            }
            let window = Window {
                times_ms: &times_ms[from..to],
                values: &values[from..to],
                start_ms,
                end_ms,
                t_ms,
                first: from,
                starts_ms: starts_ms.get(from..to).unwrap_or(&[]),
                extension: reach.extension,
            };
            let param = |nth: usize| self.params.get(nth).map_or(0.0, |column| column[step]);
            let params = [param(0), param(1)];
            let value = self
                .function
                .apply(&window, &self.scan, params, &mut self.scratch)
                .map_err(QueryError::Execution)?;
            if let Some(value) = value {
                row.set(step, value);
            }
            self.overlaps += usize::from(self.scan.overlaps(&window));
        }
        self.memory.resize(self.scratch.capacity() * 8 + self.scan.capacity_bytes())?;
        Ok(())
    }
}

impl RangeFunctionOperator {
    pub(crate) fn open(
        plan: &RangeFunctionPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let mut params = Vec::new();
        for param in &plan.params {
            params.push(column(param, steps, cx)?);
        }
        let input = RangeVector::open(&plan.range, cx)?;
        let mut metas = input.series().to_vec();
        if !plan.function.keeps_name() {
            drop_names(&mut metas, cx.delayed_names);
        }
        let memory = cx.limits.reserve("the samples of a range", 0)?;
        let walk = Walk {
            function: plan.function,
            window: plan.range.window,
            steps,
            params,
            starts: plan.starts,
            scan: Scan::default(),
            scratch: Vec::new(),
            overlaps: 0,
            unchecked: 0,
            memory,
        };
        Ok(Box::new(Self {
            series: cx.list(metas)?,
            input,
            walk,
            span: plan.range.span,
            param_span: plan.param_span,
            done: 0,
            told_of: None,
        }))
    }

    fn annotate(&mut self, number: usize, row: Row<'_>, cx: &mut Context) {
        if self.walk.overlaps > 0 {
            let name = self.input.series()[number].get("__name__");
            for _ in 0..self.walk.overlaps {
                cx.annotate(Annotation::start_overlap(name), self.span);
            }
        }
        match self.walk.function {
            RangeFunction::Rate | RangeFunction::Increase if !row.is_empty() => {
                self.check_name(number, cx);
            }
            RangeFunction::Quantile => {
                for (step, _) in row.iter() {
                    let q = self.walk.params[0][step];
                    if !(0.0..=1.0).contains(&q) {
                        cx.annotate(Annotation::invalid_quantile(q), self.param_span);
                    }
                }
            }
            _ => {}
        }
    }

    /// Tells of a counter that is not called like one, once per name in a row.
    fn check_name(&mut self, number: usize, cx: &mut Context) {
        let name = self.input.series()[number].get("__name__");
        let known = self.told_of.as_deref() == Some(name);
        if name.is_empty() || known || is_counter_name(name) {
            return;
        }
        cx.annotate(Annotation::possible_non_counter(name), self.span);
        self.told_of = Some(name.to_owned());
    }
}

fn is_counter_name(name: &str) -> bool {
    ["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| name.ends_with(suffix))
}

impl Operator for RangeFunctionOperator {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let total = self.series.len();
        let steps = self.walk.steps.count;
        let Some(mut batch) = Batch::next_of(cx, self.done, total, steps)? else {
            return Ok(None);
        };
        for at in 0..batch.rows() {
            let samples = self.input.next(cx)?;
            self.walk.fill(samples, batch.row_mut(at), &cx.limits)?;
            self.annotate(batch.first + at, batch.row(at), cx);
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
