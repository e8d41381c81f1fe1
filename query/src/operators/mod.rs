//! Operators: what a plan becomes to be evaluated.
//!
//! The laws of an [`Operator`]:
//! - Its series are known before its first batch. Where they depend on values (`count_values`,
//!   the order of `sort` and `topk`), it reads its input while it is opened.
//! - Batches hold consecutive series, each series exactly once, in ascending order; a series
//!   may turn out to have no value. After the last batch comes `None`, for ever.
//! - All series have the same steps, those that it was opened for.
//! - It is synchronous and runs on one thread; it checks the limits once per batch and reserves
//!   whatever grows with the data.

mod absent;
mod aggregate;
mod batch;
mod binary;
mod buckets;
mod context;
mod elementwise;
mod info;
mod labels;
mod matching;
mod range_function;
mod range_vector;
mod repeat;
mod scalar;
mod selector;
mod series;
mod set;
mod sort;
mod top;
mod unique;
mod vector_scalar;

pub(crate) use batch::Batch;
pub(crate) use context::Context;
pub(crate) use range_vector::RangeVector;
pub(crate) use scalar::column;
pub(crate) use series::SeriesMeta;
pub(crate) use unique::{Clash, unique};

use crate::error::QueryError;
use crate::plan::{Steps, VectorPlan};

/// A stream of series.
pub(crate) trait Operator {
    /// All its series.
    fn series(&self) -> &[SeriesMeta];

    /// The values of the next few of them.
    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError>;
}

/// An operator that another one reads.
pub(crate) type Input = Box<dyn Operator>;

/// Makes the operators of a plan.
pub(crate) fn open(plan: &VectorPlan, steps: Steps, cx: &mut Context) -> Result<Input, QueryError> {
    cx.limits.check()?;
    match plan {
        VectorPlan::Selector(plan) => selector::Selector::open(plan, steps, cx),
        VectorPlan::Range(plan) => range_function::RangeFunctionOperator::open(plan, steps, cx),
        VectorPlan::Absent(plan) => absent::Absent::open(plan, steps, cx),
        VectorPlan::Elementwise(plan) => elementwise::ElementwiseOperator::open(plan, steps, cx),
        VectorPlan::OfScalar(plan) => scalar::OfScalar::open(plan, steps, cx),
        VectorPlan::Repeat(plan) => repeat::Repeat::open(plan, steps, cx),
        VectorPlan::Unique(input, clash) => {
            let input = open(input, steps, cx)?;
            unique(input, steps.count, *clash, cx)
        }
        VectorPlan::VectorScalar(plan) => vector_scalar::VectorScalar::open(plan, steps, cx),
        VectorPlan::Binary(plan) => binary::BinaryOperator::open(plan, steps, cx),
        VectorPlan::Set(plan) => set::open(plan, steps, cx),
        VectorPlan::Aggregate(plan) => aggregate::open(plan, steps, cx),
        VectorPlan::Top(plan) => top::Top::open(plan, steps, cx),
        VectorPlan::Labels(plan) => labels::Relabel::open(plan, steps, cx),
        VectorPlan::Buckets(plan) => buckets::Buckets::open(plan, steps, cx),
        VectorPlan::Info(plan) => info::Info::open(plan, steps, cx),
        VectorPlan::Sort(plan) => sort::Sort::open(plan, steps, cx),
    }
}
