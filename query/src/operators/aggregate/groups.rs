//! Which series belong together.
//!
//! Law: groups are numbered in the order in which their first series come. The labels of a
//! group are built once, from its first series.

use std::collections::HashMap;

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::limits::Reservation;

use crate::error::QueryError;
use crate::operators::Context;
use crate::operators::series::SeriesMeta;
use crate::plan::Grouping;

/// The groups of an operator's series.
pub(crate) struct Groups {
    /// For each series, the number of its group.
    of_series: Vec<u32>,
    series: Vec<SeriesMeta>,
    _memory: Reservation,
}

impl Groups {
    /// Puts each series into its group.
    pub(crate) fn of(
        series: &[SeriesMeta],
        grouping: &Grouping,
        cx: &Context,
    ) -> Result<Self, QueryError> {
        let mut memory = cx.limits.reserve("groups of series", series.len() * 4)?;
        let mut numbers: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut of_series = Vec::with_capacity(series.len());
        let mut groups: Vec<SeriesMeta> = Vec::new();
        let mut key = Vec::new();
        for meta in series {
            key.clear();
            grouping.labels_of(meta, |name, value| {
                // Lengths in front, so that no two label sets run together.
                key.extend_from_slice(&(name.len() as u32).to_le_bytes());
                key.extend_from_slice(&(value.len() as u32).to_le_bytes());
                key.extend_from_slice(name.as_bytes());
                key.extend_from_slice(value.as_bytes());
            });
            if let Some(&number) = numbers.get(key.as_slice()) {
                of_series.push(number);
                if meta.is_doomed() && !groups[number as usize].is_doomed() {
                    groups[number as usize].drop_name(true);
                }
                continue;
            }
            memory.grow(2 * key.len() + 100)?;
            of_series.push(groups.len() as u32);
            numbers.insert(key.clone().into_boxed_slice(), groups.len() as u32);
            groups.push(meta.with_labels(grouping.apply(meta)));
        }
        Ok(Self { of_series, series: groups, _memory: memory })
    }

    /// The number of a series' group.
    pub(crate) fn of_series(&self, number: usize) -> usize {
        self.of_series[number] as usize
    }

    /// How many groups there are.
    pub(crate) fn count(&self) -> usize {
        self.series.len()
    }

    /// The series that the groups become, to be owned by the operator.
    pub(crate) fn take_series(&mut self) -> Vec<SeriesMeta> {
        std::mem::take(&mut self.series)
    }
}

impl Grouping {
    /// Visits the labels that tell groups apart, in ascending order.
    fn labels_of<'a>(&self, meta: &'a SeriesMeta, mut visit: impl FnMut(&'a str, &'a str)) {
        if !self.without && self.labels.is_empty() {
            return;
        }
        for (name, value) in meta.pairs() {
            if self.keeps(name) {
                visit(name, value);
            }
        }
    }

    /// Whether a label survives the grouping.
    fn keeps(&self, name: &str) -> bool {
        let listed = self.labels.iter().any(|label| **label == *name);
        if self.without { !listed && name != METRIC_NAME } else { listed }
    }

    /// The labels of the group of a series.
    pub(crate) fn apply(&self, meta: &SeriesMeta) -> Labels {
        let mut pairs = Vec::new();
        self.labels_of(meta, |name, value| pairs.push((name, value)));
        Labels::from_sorted(pairs)
    }
}
