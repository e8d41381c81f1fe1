//! `label_replace` and `label_join`: the values stay, the labels change.

use hydrograph_storage::labels::METRIC_NAME;

use super::batch::Batch;
use super::context::Context;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::plan::{LabelsPlan, Relabeling, Steps};

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
        let metas = input.series().iter().map(|meta| relabel(meta, plan)).collect();
        Ok(Box::new(Self { series: cx.list(metas)?, input }))
    }
}

fn relabel(meta: &SeriesMeta, plan: &LabelsPlan) -> SeriesMeta {
    let value = match &plan.how {
        Relabeling::Replace { source, pattern, replacement } => {
            let Some(captures) = pattern.captures(meta.get(source)) else {
                return meta.clone();
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
    let labels = meta.labels().with(&plan.target, &value);
    if plan.target == METRIC_NAME { SeriesMeta::new(labels) } else { meta.with_labels(labels) }
}

impl Operator for Relabel {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        self.input.next(cx)
    }
}
