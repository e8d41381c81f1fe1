//! `label_replace` and `label_join`: the values stay, the labels change.

use hydrograph_storage::labels::METRIC_NAME;

use super::batch::Batch;
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::plan::{LabelsPlan, Relabeling, Steps};

/// A label gets no longer value than this.
const VALUE_BYTES_MAX: usize = 1 << 16;

/// Changes one label of each series.
pub(crate) struct Relabel {
    input: Input,
    series: SeriesList,
}

impl Relabel {
    pub(crate) fn open(
        plan: &LabelsPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(&plan.input, steps, cx)?;
        let bytes = size_of_val(input.series());
        let mut memory = cx.limits.reserve("labels", bytes)?;
        let mut metas = Vec::with_capacity(input.series().len());
        for meta in input.series() {
            cx.limits.check()?;
            let Some(value) = value_of(meta, plan)? else {
                metas.push(meta.clone());
                continue;
            };
            let labels = meta.labels().with(&plan.target, &value);
            memory.grow(labels.text_bytes())?;
            metas.push(if plan.target == METRIC_NAME {
                SeriesMeta::new(labels)
            } else {
                meta.with_labels(labels)
            });
        }
        Ok(Box::new(Self { series: SeriesList::new(metas, memory), input }))
    }
}

/// The new value of the label, if it gets one.
fn value_of(meta: &SeriesMeta, plan: &LabelsPlan) -> Result<Option<String>, QueryError> {
    let value = match &plan.how {
        Relabeling::Replace { source, pattern, replacement } => {
            let Some(captures) = pattern.captures(meta.get(source)) else {
                return Ok(None);
            };
            let mut value = String::new();
            captures.expand(replacement, &mut value);
            value
        }
        Relabeling::Join { sources, separator } => {
            let values: Vec<&str> = sources.iter().map(|source| meta.get(source)).collect();
            values.join(separator)
        }
    };
    if value.len() > VALUE_BYTES_MAX {
        return Err(QueryError::Execution(format!(
            "label {} would get a value of {} bytes (no more than {VALUE_BYTES_MAX} are allowed)",
            plan.target,
            value.len()
        )));
    }
    Ok(Some(value))
}

impl Operator for Relabel {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        self.input.next(cx)
    }
}
