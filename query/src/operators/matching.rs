//! Which series of two vectors belong together.

use std::collections::HashMap;

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::limits::Reservation;

use super::context::Context;
use super::series::SeriesMeta;
use crate::error::QueryError;
use crate::promql::ast::VectorMatching;

/// For each series of both sides, the number of its match group.
pub(crate) struct Matches {
    pub(crate) left: Vec<u32>,
    pub(crate) right: Vec<u32>,
    pub(crate) groups: usize,
    _memory: Reservation,
}

impl Matches {
    /// Compares the labels that the matching names.
    pub(crate) fn of(
        left: &[SeriesMeta],
        right: &[SeriesMeta],
        matching: &VectorMatching,
        cx: &Context,
    ) -> Result<Self, QueryError> {
        let bytes = (left.len() + right.len()) * 4;
        let mut memory = cx.limits.reserve("matching series", bytes)?;
        let mut numbers: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut key = Vec::new();
        let mut number_all = |series: &[SeriesMeta]| -> Result<Vec<u32>, QueryError> {
            let mut groups = Vec::with_capacity(series.len());
            for meta in series {
                key.clear();
                for (name, value) in meta.pairs().filter(|(name, _)| decides(matching, name)) {
                    key.extend_from_slice(&(name.len() as u32).to_le_bytes());
                    key.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    key.extend_from_slice(name.as_bytes());
                    key.extend_from_slice(value.as_bytes());
                }
                let next = numbers.len() as u32;
                let number = if let Some(&known) = numbers.get(key.as_slice()) {
                    known
                } else {
                    memory.grow(key.len() + 40)?;
                    numbers.insert(key.clone().into_boxed_slice(), next);
                    next
                };
                groups.push(number);
            }
            Ok(groups)
        };
        let (left, right) = (number_all(left)?, number_all(right)?);
        Ok(Self { left, right, groups: numbers.len(), _memory: memory })
    }
}

/// Whether a label decides what belongs together.
fn decides(matching: &VectorMatching, name: &str) -> bool {
    let listed = matching.labels.iter().any(|label| label == name);
    if matching.on { listed } else { !listed && name != METRIC_NAME }
}

/// The labels that put a series into its match group.
pub(crate) fn match_labels(meta: &SeriesMeta, matching: &VectorMatching) -> Labels {
    Labels::from_sorted(meta.pairs().filter(|(name, _)| decides(matching, name)))
}
