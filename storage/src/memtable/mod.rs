//! The samples of one partition that are not in blocks yet, in generations.
//!
//! ```text
//! write batch ─apply─▶ active generation ─freeze─▶ frozen generation ─flush cursor─▶ block
//!                             └── begin_snapshot ──────────┴─▶ TailSnapshot ─▶ query
//! ```
//!
//! Law: what the memtable holds is a function of the records applied to the generations that are
//! not released: for one series and timestamp the later record wins, and within a record the
//! later sample. A snapshot shows one instant, whatever happens afterwards. One thread owns a
//! memtable; nothing here locks, blocks or reads a clock. Records are not judged here: what the
//! gateway let through is stored.

mod ages;
mod arena;
mod catalogue;
mod codec;
mod flush;
mod generation;
mod postings;
mod question;
mod resolve;
mod slot;
mod snapshot;
mod symbols;

use std::collections::BTreeSet;
use std::sync::Arc;

use hydrograph_proto::write_batch::WriteBatch;

use ages::Ages;
use catalogue::Catalogue;
pub use flush::{FlushCursor, FlushStep, FlushedSeries};
use generation::Generation;
pub use snapshot::{SnapshotCopy, TailSnapshot};

use crate::ids::Offset;
use crate::limits::{QueryLimits, Stopped};
use crate::source::{LabelQuestion, Selector};
use crate::time_range::TimeRange;

/// Two hours: the window that a flushed row never crosses.
pub const WINDOW_MS: i64 = 2 * 60 * 60 * 1000;

/// What a memtable is made with.
#[derive(Clone, Debug)]
pub struct MemtableConfig {
    /// Length of the aligned windows that a flush is cut into.
    pub window_ms: i64,
}

impl Default for MemtableConfig {
    fn default() -> Self {
        Self { window_ms: WINDOW_MS }
    }
}

/// A generation of one memtable; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationId(pub u64);

/// What one record did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Samples in the record.
    pub samples: u64,
    /// Series that the catalogue did not know.
    pub new_series: u64,
    /// Samples not newer than the one of their series before them in this generation.
    pub out_of_order: u64,
}

/// What a generation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationStats {
    /// Which one.
    pub id: GenerationId,
    /// Records applied.
    pub records: u64,
    /// Offset of its first record; without a record the offset after the last one applied.
    pub first: Offset,
    /// Offset after its last record.
    pub end: Offset,
    /// Samples appended, duplicates included.
    pub samples: u64,
    /// Series with samples in it.
    pub series: u64,
    /// Bytes of memory that its samples take, slots included.
    pub arena_bytes: u64,
    /// The least and the greatest timestamp, if there is a sample.
    pub times_ms: Option<(i64, i64)>,
    /// The newest receive time of its records.
    pub newest_receive_ms: Option<i64>,
}

/// One partition's catalogue and generations.
pub struct Memtable {
    config: MemtableConfig,
    catalogue: Catalogue,
    ages: Ages,
    active: Generation,
    /// The oldest first.
    frozen: Vec<Arc<Generation>>,
    /// Released, but a running copy still needs them or the labels of their series.
    pinned: Vec<Arc<Generation>>,
    /// The catalogue's numbers of the symbols of the record that is being applied.
    symbols: Vec<u32>,
    /// The series of its rows.
    rows: Vec<u32>,
}

impl Memtable {
    /// An empty memtable.
    pub fn new(config: MemtableConfig) -> Self {
        Self {
            config,
            catalogue: Catalogue::new(),
            ages: Ages::default(),
            active: Generation::new(GenerationId(0), Offset(0)),
            frozen: Vec::new(),
            pinned: Vec::new(),
            symbols: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Applies the record at `offset`, which lies after all that were applied before.
    pub fn apply(&mut self, offset: Offset, batch: &WriteBatch<'_>) -> Applied {
        self.active.begin_record(offset, batch.receive_time_ms());
        let new_series = self.find_series(batch);
        let generation = self.active.id().0 as u32;
        let mut out_of_order = 0;
        let rows = batch.sections().flat_map(|section| section.rows());
        for (row, &series) in rows.zip(&self.rows) {
            let pushed = self.active.push(series, row.timestamps, row.values);
            out_of_order += pushed.late;
            if pushed.first {
                let before = self.catalogue.set_generation(series, generation);
                self.ages.renew(before, generation);
            }
        }
        Applied { samples: batch.samples() as u64, new_series, out_of_order }
    }

    /// Finds or adds the series of every row; returns how many are new.
    fn find_series(&mut self, batch: &WriteBatch<'_>) -> u64 {
        let catalogue = &mut self.catalogue;
        let generation = self.active.id().0 as u32;
        self.symbols.clear();
        self.symbols.extend(
            (0u32..)
                .zip(batch.symbols())
                .map(|(symbol, text)| catalogue.symbols.find(batch.symbol_hash(symbol), text)),
        );
        self.rows.clear();
        let mut new_series = 0;
        let mut guess = 0;
        for section in batch.sections() {
            let tenant = catalogue.tenant(batch.symbol(section.tenant()));
            for row in section.rows() {
                // Senders repeat their order, in which the series were numbered.
                if !catalogue.is(guess, tenant, row.labels, &self.symbols) {
                    let fingerprint = batch.fingerprint(section.tenant(), row.labels).0 as u64;
                    let known = catalogue.find(fingerprint, tenant, row.labels, &self.symbols);
                    guess = known.unwrap_or_else(|| {
                        new_series += 1;
                        self.ages.add(generation);
                        let symbols = &mut self.symbols;
                        catalogue.add(batch, fingerprint, tenant, row.labels, symbols, generation)
                    });
                }
                self.rows.push(guess);
                guess += 1;
            }
        }
        new_series
    }

    /// What the generation holds that records go to.
    pub fn active(&self) -> GenerationStats {
        self.active.stats()
    }

    /// What the frozen generations hold, the oldest first.
    pub fn frozen(&self) -> impl Iterator<Item = GenerationStats> + '_ {
        self.frozen.iter().map(|generation| generation.stats())
    }

    /// Series in the catalogue, also those that wait to be removed.
    pub fn series(&self) -> usize {
        self.catalogue.len()
    }

    /// Bytes of memory of the catalogue, roughly; the samples' are in [`GenerationStats`].
    pub fn catalogue_bytes(&self) -> usize {
        self.catalogue.bytes()
    }

    /// Freezes the active generation, if a record was applied to it, and begins the next one.
    pub fn freeze(&mut self) -> Option<GenerationId> {
        let GenerationStats { id, end, records, .. } = self.active.stats();
        if records == 0 {
            return None;
        }
        let next = Generation::new(GenerationId(id.0 + 1), end);
        self.frozen.push(Arc::new(std::mem::replace(&mut self.active, next)));
        Some(id)
    }

    /// Forgets a frozen generation, whose samples are in blocks now. Its memory is free at once;
    /// snapshots that share it keep it, and so do copies that are under way.
    pub fn release(&mut self, id: GenerationId) {
        self.unpin();
        if let Some(place) = self.frozen.iter().position(|generation| generation.id() == id) {
            let generation = self.frozen.remove(place);
            if generation.has_copies() {
                self.pinned.push(generation);
            }
        }
    }

    fn unpin(&mut self) {
        self.pinned.retain(|generation| generation.has_copies());
    }

    /// Does up to `budget` units of upkeep (a unit is about a series); false when none is left.
    pub fn maintain(&mut self, budget: usize) -> bool {
        self.unpin();
        let active = self.active.id();
        let held = self.frozen.iter().chain(&self.pinned).map(|generation| generation.id());
        let oldest = held.min().unwrap_or(active);
        let horizon = oldest.0.min(active.0.saturating_sub(1)) as u32;
        self.ages.sweep(&mut self.catalogue, horizon, budget)
    }

    /// Begins to read a frozen generation in the order of a block.
    pub fn flush_cursor(&self, id: GenerationId) -> FlushCursor {
        FlushCursor::new(self, id)
    }

    /// Resolves the selectors and takes the positions of the matching series: this instant is the
    /// snapshot. [`SnapshotCopy::step`] then copies what lies below the positions.
    pub fn begin_snapshot(
        &self,
        tenant: &str,
        selectors: &[Selector],
        limits: &QueryLimits,
    ) -> Result<SnapshotCopy, Stopped> {
        SnapshotCopy::begin(self, tenant, selectors, limits)
    }

    /// Label names or values of the series that any selector matches (of all where there is no
    /// selector) and that have samples in a live generation inside the selector's range.
    pub fn label_strings(
        &self,
        tenant: &str,
        selectors: &[Selector],
        question: &LabelQuestion,
    ) -> BTreeSet<String> {
        self.answer(tenant, selectors, question)
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.frozen.iter().map(Arc::as_ref).chain(std::iter::once(&self.active))
    }

    fn may_overlap(&self, series: u32, range: TimeRange) -> bool {
        self.generations().any(|g| g.slot(series).is_some_and(|slot| slot.may_overlap(range)))
    }

    fn overlaps(&self, series: u32, range: TimeRange) -> bool {
        self.generations()
            .any(|g| g.slot(series).is_some_and(|slot| slot.overlaps(g.arena(), range)))
    }

    /// A generation that is not active any more, also if it is released, while a copy needs it.
    fn frozen_or_pinned(&self, id: GenerationId) -> Option<Arc<Generation>> {
        let held = self.frozen.iter().chain(&self.pinned);
        held.into_iter().find(|generation| generation.id() == id).cloned()
    }
}

#[cfg(test)]
mod tests;
