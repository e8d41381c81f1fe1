//! Function calls.

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::matcher::dialect;

use super::build::{Builder, string_of};
use super::{
    AbsentPlan, BucketsFunction, BucketsPlan, LabelsPlan, RangeFunctionPlan, RangeInput,
    Relabeling, ScalarPlan, SortOrder, SortPlan, Steps, VectorPlan, Want,
};
use crate::error::QueryError;
use crate::functions::dates::DateField;
use crate::functions::go;
use crate::functions::math::Elementwise;
use crate::functions::range::RangeFunction;
use crate::operators::Clash;
use crate::promql::ast::{Call, Extension};
use crate::promql::ops::MatchOp;
use crate::promql::{Expr, ExprKind, Span, ValueType};

fn date_field(name: &str) -> Option<DateField> {
    Some(match name {
        "day_of_month" => DateField::DayOfMonth,
        "day_of_week" => DateField::DayOfWeek,
        "day_of_year" => DateField::DayOfYear,
        "days_in_month" => DateField::DaysInMonth,
        "hour" => DateField::Hour,
        "minute" => DateField::Minute,
        "month" => DateField::Month,
        "year" => DateField::Year,
        _ => return None,
    })
}

fn unsupported(name: &str) -> QueryError {
    QueryError::Unsupported(format!("function {name}"))
}

impl Builder {
    /// Plans a call that makes a vector.
    pub(super) fn call(
        &mut self,
        call: &Call,
        span: Span,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let name = call.func.name;
        if let Some(function) = RangeFunction::by_name(name) {
            return self.range_function(function, call, steps);
        }
        if let Some(function) = Elementwise::plain(name) {
            let input = self.vector(&call.args[0], steps)?;
            return Ok(self.elementwise(function, Vec::new(), input));
        }
        if let Some(field) = date_field(name) {
            return self.date(field, call, steps);
        }
        match name {
            "absent" | "absent_over_time" => self.absent(call, steps),
            "clamp" => self.with_params(Elementwise::Clamp, call, steps),
            "clamp_max" => self.with_params(Elementwise::ClampMax, call, steps),
            "clamp_min" => self.with_params(Elementwise::ClampMin, call, steps),
            "round" => self.with_params(Elementwise::Round, call, steps),
            "timestamp" => self.timestamp(Want::Time, call, steps),
            "start_timestamp" => self.timestamp(Want::Start, call, steps),
            "vector" => {
                let scalar = self.scalar(&call.args[0], steps)?;
                Ok(VectorPlan::OfScalar(Box::new(scalar)))
            }
            "histogram_quantile" => self.buckets(BucketsFunction::Quantile, call, steps),
            "histogram_fraction" => self.buckets(BucketsFunction::Fraction, call, steps),
            "histogram_quantiles" => self.quantiles(call, steps),
            "histogram_avg" | "histogram_count" | "histogram_stddev" | "histogram_stdvar"
            | "histogram_sum" => {
                let input = self.vector(&call.args[0], steps)?;
                Ok(self.elementwise(Elementwise::Nothing, Vec::new(), input))
            }
            "info" => self.info(call, steps),
            "label_replace" => self.label_replace(call, steps),
            "label_join" => self.label_join(call, steps),
            "sort" => self.sort(SortOrder::Ascending, call, span, steps),
            "sort_desc" => self.sort(SortOrder::Descending, call, span, steps),
            "sort_by_label" => {
                let labels = strings_of(&call.args[1..]);
                self.sort(SortOrder::ByLabels(labels), call, span, steps)
            }
            "sort_by_label_desc" => {
                let labels = strings_of(&call.args[1..]);
                self.sort(SortOrder::ByLabelsDescending(labels), call, span, steps)
            }
            _ => Err(unsupported(name)),
        }
    }

    /// Plans a call that makes a scalar.
    pub(super) fn scalar_call(
        &mut self,
        expr: &Expr,
        call: &Call,
        steps: Steps,
    ) -> Result<ScalarPlan, QueryError> {
        let seconds = |ms: i64| ScalarPlan::Constant(ms as f64 / 1000.0);
        Ok(match call.func.name {
            "pi" => ScalarPlan::Constant(std::f64::consts::PI),
            "time" => ScalarPlan::Time,
            "start" => seconds(self.start_ms),
            "end" => seconds(self.end_ms),
            "range" => seconds(self.times.range_ms),
            "step" => seconds(self.times.step_ms),
            "max_of" => self.of_two(go::max, call, steps)?,
            "min_of" => self.of_two(go::min, call, steps)?,
            "scalar" if self.is_invariant(expr, steps) => {
                let vector = self.vector(&call.args[0], steps.first())?;
                ScalarPlan::Repeat(Box::new(ScalarPlan::OfVector(Box::new(vector))))
            }
            "scalar" => ScalarPlan::OfVector(Box::new(self.vector(&call.args[0], steps)?)),
            name => return Err(unsupported(name)),
        })
    }

    fn of_two(
        &mut self,
        function: fn(f64, f64) -> f64,
        call: &Call,
        steps: Steps,
    ) -> Result<ScalarPlan, QueryError> {
        let left = Box::new(self.scalar(&call.args[0], steps)?);
        let right = Box::new(self.scalar(&call.args[1], steps)?);
        Ok(ScalarPlan::OfTwo { function, left, right })
    }

    fn range_function(
        &mut self,
        function: RangeFunction,
        call: &Call,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let mut params = Vec::new();
        let mut param_span = Span::default();
        for arg in call.args.iter().filter(|arg| arg.value_type() == ValueType::Scalar) {
            if params.is_empty() {
                param_span = arg.without_parens().range;
            }
            params.push(self.scalar(arg, steps)?);
        }
        let is_range = |arg: &&Expr| arg.value_type() == ValueType::Matrix;
        let Some(range) = call.args.iter().find(is_range) else {
            unreachable!("the parser asks for a range vector")
        };
        let range = self.range(range, steps)?;
        if let Some(extension) = range.window.reach.extension.filter(|e| !function.extends(*e)) {
            let (modifier, functions) = match extension {
                Extension::Anchored => ("anchored", "changes, delta, increase, rate, resets"),
                Extension::Smoothed => ("smoothed", "delta, increase, rate"),
            };
            return Err(QueryError::Execution(format!(
                "{modifier} modifier can only be used with: {functions} - not with {}",
                call.func.name
            )));
        }
        let distinct = function.keeps_name()
            || match &range.input {
                RangeInput::Selector { set, .. } => {
                    self.options.delayed_names || self.has_one_name(*set)
                }
                RangeInput::Subquery { plan, .. } => self.distinct_without_name(plan),
            };
        let starts = self.options.start_timestamps && function.looks_at_starts();
        let plan = RangeFunctionPlan { function, range, params, param_span, starts };
        let plan = VectorPlan::Range(Box::new(plan));
        Ok(if distinct { plan } else { VectorPlan::Unique(Box::new(plan), Clash::Series) })
    }

    /// Plans a function whose first argument is a vector and whose others are numbers.
    fn with_params(
        &mut self,
        function: Elementwise,
        call: &Call,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let input = self.vector(&call.args[0], steps)?;
        let mut params = Vec::new();
        for arg in &call.args[1..] {
            params.push(self.scalar(arg, steps)?);
        }
        if params.is_empty() {
            params.push(ScalarPlan::Constant(1.0));
        }
        Ok(self.elementwise(function, params, input))
    }

    fn date(
        &mut self,
        field: DateField,
        call: &Call,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let Some(arg) = call.args.first() else {
            return Ok(VectorPlan::OfScalar(Box::new(ScalarPlan::Date(field))));
        };
        let input = self.vector(arg, steps)?;
        Ok(self.elementwise(Elementwise::Date(field), Vec::new(), input))
    }

    fn timestamp(
        &mut self,
        want: Want,
        call: &Call,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let arg = call.args[0].without_parens();
        if want == Want::Start && !self.options.start_timestamps {
            let input = self.vector(arg, steps)?;
            return Ok(self.elementwise(Elementwise::Nothing, Vec::new(), input));
        }
        if let ExprKind::VectorSelector(selector) = &arg.kind {
            let plan = self.selector(selector, steps)?;
            let distinct = self.options.delayed_names || self.has_one_name(plan.set);
            let plan = VectorPlan::Selector(super::SelectorPlan { want, ..plan });
            return Ok(if distinct {
                plan
            } else {
                VectorPlan::Unique(Box::new(plan), Clash::Step)
            });
        }
        let input = self.vector(arg, steps)?;
        let function =
            if want == Want::Start { Elementwise::Nothing } else { Elementwise::StepTime };
        Ok(self.elementwise(function, Vec::new(), input))
    }

    fn absent(&mut self, call: &Call, steps: Steps) -> Result<VectorPlan, QueryError> {
        let arg = call.args[0].without_parens();
        let labels = labels_of_absent(arg);
        let input = if arg.value_type() == ValueType::Matrix {
            let plan = RangeFunctionPlan {
                function: RangeFunction::Present,
                range: self.range(arg, steps)?,
                params: Vec::new(),
                param_span: Span::default(),
                starts: false,
            };
            VectorPlan::Range(Box::new(plan))
        } else {
            self.vector(arg, steps)?
        };
        Ok(VectorPlan::Absent(Box::new(AbsentPlan { input, labels })))
    }

    fn buckets(
        &mut self,
        function: BucketsFunction,
        call: &Call,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let [numbers @ .., histograms] = &call.args[..] else {
            unreachable!("the parser asks for a vector")
        };
        self.buckets_of(function, numbers, histograms, steps)
    }

    fn quantiles(&mut self, call: &Call, steps: Steps) -> Result<VectorPlan, QueryError> {
        let [histograms, label, numbers @ ..] = &call.args[..] else {
            unreachable!("the parser asks for a vector and a string")
        };
        let label = String::from_utf8_lossy(string_of(label)).into_owned();
        let function = BucketsFunction::Quantiles(label);
        self.buckets_of(function, numbers, histograms, steps)
    }

    fn buckets_of(
        &mut self,
        function: BucketsFunction,
        numbers: &[Expr],
        histograms: &Expr,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let mut params = Vec::new();
        for number in numbers {
            params.push(self.scalar(number, steps)?);
        }
        let plan = BucketsPlan {
            function,
            params,
            param_spans: numbers.iter().map(|number| number.without_parens().range).collect(),
            input: self.vector(histograms, steps)?,
            span: histograms.without_parens().range,
        };
        let plan = VectorPlan::Buckets(Box::new(plan));
        Ok(VectorPlan::Unique(Box::new(plan), Clash::Step))
    }

    fn label_replace(&mut self, call: &Call, steps: Steps) -> Result<VectorPlan, QueryError> {
        let pattern = string_at(call, 4);
        let Ok(regex) = dialect::compile(&pattern) else {
            let text = format!("invalid regular expression in label_replace(): {pattern}");
            return Err(QueryError::Execution(text));
        };
        let target = label_name(&call.args[1], "destination", "label_replace")?;
        let how = Relabeling::Replace {
            source: string_at(call, 3),
            pattern: regex,
            replacement: string_at(call, 2),
        };
        self.relabel(call, target, how, steps)
    }

    fn label_join(&mut self, call: &Call, steps: Steps) -> Result<VectorPlan, QueryError> {
        let mut sources = Vec::new();
        for arg in &call.args[3..] {
            sources.push(label_name(arg, "source", "label_join")?);
        }
        let target = label_name(&call.args[1], "destination", "label_join")?;
        let how = Relabeling::Join { sources, separator: string_at(call, 2) };
        self.relabel(call, target, how, steps)
    }

    fn relabel(
        &mut self,
        call: &Call,
        target: String,
        how: Relabeling,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let input = self.vector(&call.args[0], steps)?;
        let plan = VectorPlan::Labels(Box::new(LabelsPlan { input, target, how }));
        Ok(VectorPlan::Unique(Box::new(plan), Clash::Step))
    }

    fn sort(
        &mut self,
        order: SortOrder,
        call: &Call,
        span: Span,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let input = self.vector(&call.args[0], steps)?;
        Ok(VectorPlan::Sort(Box::new(SortPlan { order, input, span })))
    }
}

fn string_at(call: &Call, at: usize) -> String {
    String::from_utf8_lossy(string_of(&call.args[at])).into_owned()
}

fn strings_of(args: &[Expr]) -> Vec<String> {
    args.iter().map(|arg| String::from_utf8_lossy(string_of(arg)).into_owned()).collect()
}

fn label_name(arg: &Expr, role: &str, function: &str) -> Result<String, QueryError> {
    let bytes = string_of(arg);
    match std::str::from_utf8(bytes) {
        Ok(label) if !label.is_empty() => Ok(label.to_owned()),
        _ => Err(QueryError::Execution(format!(
            "invalid {role} label name in {function}(): {}",
            String::from_utf8_lossy(bytes)
        ))),
    }
}

/// The labels that a selector asks for by equality, each once.
fn labels_of_absent(arg: &Expr) -> Labels {
    let matchers = arg.selector().map_or(&[][..], |selector| &selector.matchers);
    let mut labels = Labels::empty();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|matcher| matcher.name != METRIC_NAME) {
        let first = !seen.contains(&matcher.name.as_str());
        if matcher.op == MatchOp::Equal && first {
            labels = labels.with(&matcher.name, &matcher.value);
            seen.push(&matcher.name);
        } else {
            labels = labels.with(&matcher.name, "");
        }
    }
    labels
}
