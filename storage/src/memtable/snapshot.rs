//! One instant of a memtable, for one query.

use std::collections::BTreeMap;

use super::Memtable;
use crate::labels::Labels;
use crate::limits::{QueryLimits, Reservation, Stopped};
use crate::samples::Samples;
use crate::source::{SampleReader, Selector, SourceError};
use crate::time_range::TimeRange;

/// A snapshot whose instant is fixed and whose bytes are still being copied.
pub struct SnapshotCopy {
    snapshot: TailSnapshot,
}

/// The matching series of one instant, readable from any thread. Its bytes are given back to the
/// query's budget when it is dropped.
pub struct TailSnapshot {
    selected: Vec<Vec<(Labels, u32)>>,
    samples: Vec<BTreeMap<i64, f64>>,
    _reservation: Reservation,
}

pub(super) fn matches(selector: &Selector, labels: &Labels) -> bool {
    selector.matchers.iter().all(|m| m.matches(labels.get(&m.name).unwrap_or("")))
}

impl SnapshotCopy {
    pub(super) fn begin(
        memtable: &Memtable,
        tenant: &str,
        selectors: &[Selector],
        limits: &QueryLimits,
    ) -> Result<Self, Stopped> {
        limits.check()?;
        let mut reservation = limits.reserve("tail snapshot", 0)?;
        let mut merged: BTreeMap<Labels, BTreeMap<i64, f64>> = BTreeMap::new();
        for generation in memtable.generations() {
            for ((_, labels), samples) in
                generation.samples.iter().filter(|((owner, _), _)| &**owner == tenant)
            {
                merged.entry(labels.clone()).or_default().extend(samples);
            }
        }
        let mut selected = vec![Vec::new(); selectors.len()];
        let mut columns = Vec::new();
        for (labels, samples) in merged {
            for (selector, series) in selectors.iter().zip(&mut selected) {
                if matches(selector, &labels) {
                    series.push((labels.clone(), columns.len() as u32));
                }
            }
            reservation.grow(samples.len() * 16 + labels.text_bytes())?;
            columns.push(samples);
        }
        let snapshot = TailSnapshot { selected, samples: columns, _reservation: reservation };
        Ok(Self { snapshot })
    }

    /// Copies about `max_bytes`; true when all is copied.
    pub fn step(&mut self, memtable: &Memtable, max_bytes: usize) -> Result<bool, Stopped> {
        let _ = (memtable, max_bytes);
        Ok(true)
    }

    /// The snapshot, once a step has said that all is copied.
    pub fn finish(self) -> TailSnapshot {
        self.snapshot
    }
}

impl TailSnapshot {
    /// The series that the `nth` selector matched, ascending by labels, with their numbers for
    /// [`SampleReader::read`].
    pub fn series(&self, nth: usize) -> &[(Labels, u32)] {
        &self.selected[nth]
    }
}

impl SampleReader for TailSnapshot {
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        for (&t_ms, &value) in &self.samples[id as usize] {
            if range.contains(t_ms) {
                out.push(t_ms, value);
            }
        }
        Ok(())
    }
}
