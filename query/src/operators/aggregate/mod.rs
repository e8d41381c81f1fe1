//! Aggregations into groups: one accumulator for each group and step, whatever is read.

mod count_values;
mod fold;
mod groups;
mod quantile;

use super::{Context, Input, open as open_input};
use crate::error::QueryError;
use crate::functions::kahan::{Mean, Sum};
use crate::plan::{AggregatePlan, Aggregation, Steps};

pub(crate) use groups::Groups;

use fold::{Fold, FoldAggregate};

/// Opens the aggregation of a plan.
pub(crate) fn open(
    plan: &AggregatePlan,
    steps: Steps,
    cx: &mut Context,
) -> Result<Input, QueryError> {
    if let Aggregation::Quantile(q) = &plan.op {
        return quantile::QuantileAggregate::open(plan, q, steps, cx);
    }
    if let Aggregation::CountValues(label) = &plan.op {
        return count_values::CountValues::open(plan, label, steps, cx);
    }
    let input = open_input(&plan.input, steps, cx)?;
    let groups = Groups::of(input.series(), &plan.grouping, cx)?;
    match &plan.op {
        Aggregation::Sum => FoldAggregate::<Sum>::open(input, groups, steps, cx),
        Aggregation::Avg => FoldAggregate::<Mean>::open(input, groups, steps, cx),
        Aggregation::Min => FoldAggregate::<Least>::open(input, groups, steps, cx),
        Aggregation::Max => FoldAggregate::<Greatest>::open(input, groups, steps, cx),
        Aggregation::Count => FoldAggregate::<Count>::open(input, groups, steps, cx),
        Aggregation::Group => FoldAggregate::<One>::open(input, groups, steps, cx),
        Aggregation::Stddev => FoldAggregate::<Deviation>::open(input, groups, steps, cx),
        Aggregation::Stdvar => FoldAggregate::<Variance>::open(input, groups, steps, cx),
        Aggregation::Quantile(_) | Aggregation::CountValues(_) => unreachable!("opened above"),
    }
}

impl Fold for Sum {
    fn first(value: f64) -> Self {
        Self::of(value)
    }

    fn add(&mut self, value: f64) {
        *self = self.plus(value);
    }

    fn result(self) -> f64 {
        self.total()
    }
}

impl Fold for Mean {
    fn first(value: f64) -> Self {
        Self::of(value)
    }

    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    fn result(self) -> f64 {
        self.mean()
    }
}

/// The least; any number is less than NaN.
#[derive(Clone, Copy)]
struct Least(f64);

impl Fold for Least {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if value < self.0 || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn result(self) -> f64 {
        self.0
    }
}

/// The greatest; any number is greater than NaN.
#[derive(Clone, Copy)]
struct Greatest(f64);

impl Fold for Greatest {
    fn first(value: f64) -> Self {
        Self(value)
    }

    fn add(&mut self, value: f64) {
        if value > self.0 || self.0.is_nan() {
            self.0 = value;
        }
    }

    fn result(self) -> f64 {
        self.0
    }
}

/// How many.
#[derive(Clone, Copy)]
struct Count(f64);

impl Fold for Count {
    fn first(_: f64) -> Self {
        Self(1.0)
    }

    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }

    fn result(self) -> f64 {
        self.0
    }
}

/// One, whatever there is.
#[derive(Clone, Copy)]
struct One;

impl Fold for One {
    fn first(_: f64) -> Self {
        Self
    }

    fn add(&mut self, _: f64) {}

    fn result(self) -> f64 {
        1.0
    }
}

/// The population variance, by Welford's method.
#[derive(Clone, Copy)]
struct Variance {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Fold for Variance {
    fn first(value: f64) -> Self {
        let squares = if value.is_finite() { 0.0 } else { f64::NAN };
        Self { count: 1.0, mean: value, squares }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn result(self) -> f64 {
        self.squares / self.count
    }
}

/// The square root of the variance.
#[derive(Clone, Copy)]
struct Deviation(Variance);

impl Fold for Deviation {
    fn first(value: f64) -> Self {
        Self(Variance::first(value))
    }

    fn add(&mut self, value: f64) {
        self.0.add(value);
    }

    fn result(self) -> f64 {
        self.0.result().sqrt()
    }
}
