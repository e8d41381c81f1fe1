//! `count_values`: its series depend on values, so it reads its input while it is opened.

use std::collections::HashMap;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use crate::error::QueryError;
use crate::operators::batch::Batch;
use crate::operators::series::{SeriesList, SeriesMeta};
use crate::operators::{Context, Input, Operator, open};
use crate::plan::{AggregatePlan, Steps};
use crate::promql::format::Plain;

/// How often each value occurs in each group and step.
pub(super) struct CountValues {
    series: SeriesList,
    steps: usize,
    /// Series by series, step by step.
    counts: Vec<u32>,
    done: usize,
    _memory: Reservation,
}

impl CountValues {
    pub(super) fn open(
        plan: &AggregatePlan,
        label: &str,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let mut input = open(&plan.input, steps, cx)?;
        let mut memory = cx.limits.reserve("the values of count_values", 0)?;
        let mut numbers: HashMap<Labels, usize> = HashMap::new();
        let mut metas = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        while let Some(batch) = input.next(cx)? {
            for (number, row) in batch.iter() {
                let meta = &input.series()[number];
                // Neighbouring steps often have the same value.
                let mut last: Option<(u64, usize)> = None;
                for (step, value) in row.iter() {
                    let known = last.filter(|(bits, _)| *bits == value.to_bits());
                    let group = if let Some((_, group)) = known {
                        group
                    } else {
                        let value = Plain(value).to_string();
                        let labeled = SeriesMeta::new(meta.labels().with(label, &value));
                        let labels = plan.grouping.apply(&labeled);
                        let next = numbers.len();
                        *numbers.entry(labels).or_insert(next)
                    };
                    last = Some((value.to_bits(), group));
                    if (group + 1) * steps.count > counts.len() {
                        memory.grow(steps.count.saturating_mul(4) + 100)?;
                        counts.resize((group + 1) * steps.count, 0);
                    }
                    counts[group * steps.count + step] += 1;
                }
            }
        }
        let mut ordered: Vec<_> = numbers.into_iter().collect();
        ordered.sort_by_key(|(_, number)| *number);
        metas.extend(ordered.into_iter().map(|(labels, _)| SeriesMeta::new(labels)));
        let series = cx.list(metas)?;
        Ok(Box::new(Self { series, steps: steps.count, counts, done: 0, _memory: memory }))
    }
}

impl Operator for CountValues {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let next = Batch::next_of(cx, self.done, self.series.len(), self.steps)?;
        let Some(mut batch) = next else { return Ok(None) };
        for at in 0..batch.rows() {
            let from = (batch.first + at) * self.steps;
            let mut row = batch.row_mut(at);
            for (step, &count) in self.counts[from..from + self.steps].iter().enumerate() {
                if count > 0 {
                    row.set(step, f64::from(count));
                }
            }
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
