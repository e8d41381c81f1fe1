//! The side of a binary operator that has one series in each match group at a step.

use std::collections::BTreeMap;

use hydrograph_storage::limits::Reservation;

use crate::error::QueryError;
use crate::operators::Input;
use crate::operators::batch::Row;
use crate::operators::context::Context;
use crate::operators::matching::Matches;
use crate::operators::series::SeriesMeta;
use crate::plan::Join;

/// Rows that wait in their match groups.
pub(super) struct OneSide {
    input: Input,
    /// For each series, its match group.
    groups: Vec<u32>,
    slots: Vec<Slot>,
    steps: usize,
    /// All rows are needed until the end.
    keep_all: bool,
    /// At which steps two series were in one group, and which.
    duplicates: BTreeMap<usize, (usize, usize)>,
    memory: Reservation,
    kept_bytes: usize,
}

#[derive(Clone, Default)]
struct Slot {
    /// Series of this side that are still to come.
    coming: u32,
    /// There is more than one, so duplicates are possible.
    several: bool,
    /// Series of the other side that still need the row.
    needed: u32,
    row: Option<Stored>,
}

#[derive(Clone)]
struct Stored {
    values: Vec<f64>,
    /// The series that a step's value is of, [`NOBODY`] where there is no value.
    owners: Vec<u32>,
}

const NOBODY: u32 = u32::MAX;
const BYTES_PER_POINT: usize = 12;

impl OneSide {
    pub(super) fn new(
        input: Input,
        matches: &Matches,
        join: &Join,
        steps: usize,
        cx: &Context,
    ) -> Result<Self, QueryError> {
        let bytes = matches.groups * size_of::<Slot>();
        let memory = cx.limits.reserve("the one side of a match", bytes)?;
        let mut slots = vec![Slot::default(); matches.groups];
        for &group in &matches.right {
            let slot = &mut slots[group as usize];
            slot.several = slot.coming > 0;
            slot.coming += 1;
        }
        for &group in &matches.left {
            slots[group as usize].needed += 1;
        }
        Ok(Self {
            input,
            groups: matches.right.clone(),
            slots,
            steps,
            keep_all: join.matching.fill.left.is_some(),
            duplicates: BTreeMap::new(),
            memory,
            kept_bytes: bytes,
        })
    }

    /// All series of this side.
    pub(super) fn series(&self) -> &[SeriesMeta] {
        self.input.series()
    }

    /// The match group of a series.
    pub(super) fn group(&self, series: usize) -> u32 {
        self.groups[series]
    }

    /// The steps at which a group has two series, with the first two.
    pub(super) fn duplicates(&self) -> &BTreeMap<usize, (usize, usize)> {
        &self.duplicates
    }

    /// Reads on until all series of a group have come.
    pub(super) fn complete(&mut self, group: u32, cx: &mut Context) -> Result<(), QueryError> {
        while self.slots[group as usize].coming > 0 {
            let more = self.read(cx)?;
            assert!(more, "every series is in a batch");
        }
        Ok(())
    }

    /// Reads all that is left.
    pub(super) fn finish(&mut self, cx: &mut Context) -> Result<(), QueryError> {
        while self.read(cx)? {}
        Ok(())
    }

    /// The value of a complete group, and whose it is.
    pub(super) fn get(&self, group: u32, step: usize) -> Option<(f64, usize)> {
        let row = self.slots[group as usize].row.as_ref()?;
        let owner = row.owners[step];
        (owner != NOBODY).then(|| (row.values[step], owner as usize))
    }

    /// One series of the other side needs the group no longer.
    pub(super) fn release(&mut self, group: u32) {
        self.slots[group as usize].needed -= 1;
        self.forget(group);
    }

    fn forget(&mut self, group: u32) {
        let slot = &mut self.slots[group as usize];
        let unused = slot.needed == 0 && slot.coming == 0 && !self.keep_all;
        if unused && slot.row.take().is_some() {
            self.kept_bytes -= self.steps * BYTES_PER_POINT;
        }
    }

    fn read(&mut self, cx: &mut Context) -> Result<bool, QueryError> {
        let Some(batch) = self.input.next(cx)? else { return Ok(false) };
        let more = batch.rows().saturating_mul(self.steps).saturating_mul(BYTES_PER_POINT);
        // Rows are kept before what they take is known; there are no more than these.
        self.memory.resize(self.kept_bytes.saturating_add(more))?;
        for (number, row) in batch.iter() {
            let group = self.groups[number];
            let slot = &mut self.slots[group as usize];
            slot.coming -= 1;
            if !row.is_empty() && (slot.needed > 0 || slot.several || self.keep_all) {
                self.store(group, number, row);
            }
            self.forget(group);
        }
        self.memory.resize(self.kept_bytes)?;
        Ok(true)
    }

    fn store(&mut self, group: u32, number: usize, row: Row<'_>) {
        let steps = self.steps;
        let stored = self.slots[group as usize].row.get_or_insert_with(|| {
            self.kept_bytes += steps * BYTES_PER_POINT;
            Stored { values: vec![0.0; steps], owners: vec![NOBODY; steps] }
        });
        for (step, value) in row.iter() {
            if stored.owners[step] == NOBODY {
                stored.values[step] = value;
                stored.owners[step] = number as u32;
            } else {
                let both = (stored.owners[step] as usize, number);
                self.duplicates.entry(step).or_insert(both);
            }
        }
    }
}
