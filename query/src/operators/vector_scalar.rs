//! Operators between a vector and a scalar.
//!
//! Law: a comparison lets the vector's value through, on whichever side it stands.

use super::batch::{Batch, RowMut};
use super::context::Context;
use super::scalar::{Column, column};
use super::series::{SeriesList, SeriesMeta, drop_names};
use super::{Input, Operator, open};
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::math::{apply, changes_meaning};
use crate::plan::{Steps, VectorScalarPlan};
use crate::promql::Span;
use crate::promql::ops::BinaryOp;

/// Applies one operator to all values.
pub(crate) struct VectorScalar {
    input: Input,
    series: SeriesList,
    op: BinaryOp,
    scalar: Column,
    scalar_is_left: bool,
    return_bool: bool,
    span: Span,
}

impl VectorScalar {
    pub(crate) fn open(
        plan: &VectorScalarPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(&plan.vector, steps, cx)?;
        let scalar = column(&plan.scalar, steps, cx)?;
        let mut metas = input.series().to_vec();
        if changes_meaning(plan.op) || plan.return_bool {
            drop_names(&mut metas, cx.delayed_names);
        }
        Ok(Box::new(Self {
            series: cx.list(metas)?,
            input,
            op: plan.op,
            scalar,
            scalar_is_left: plan.scalar_is_left,
            return_bool: plan.return_bool,
            span: plan.span,
        }))
    }

    fn fill(&self, row: &mut RowMut<'_>) {
        for (step, value) in row.values.iter_mut().enumerate() {
            let other = self.scalar[step];
            let (left, right) = if self.scalar_is_left { (other, *value) } else { (*value, other) };
            let (result, keep) = apply(self.op, left, right);
            if self.return_bool {
                *value = f64::from(u8::from(keep));
                continue;
            }
            row.present[step] &= keep;
            if !self.op.is_comparison() {
                *value = result;
            }
        }
    }
}

impl Operator for VectorScalar {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let Some(mut batch) = self.input.next(cx)? else { return Ok(None) };
        let trims = matches!(self.op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
        if trims && batch.iter().any(|(_, row)| !row.is_empty()) {
            let op = self.op.as_str();
            cx.annotate(Annotation::incompatible_types("float", op, "float"), self.span);
        }
        for at in 0..batch.rows() {
            self.fill(&mut batch.row_mut(at));
        }
        Ok(Some(batch))
    }
}
