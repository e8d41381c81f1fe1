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

mod batch;
mod flush;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use batch::{Batch, Row, Section};
pub use flush::{FlushCursor, FlushStep, FlushedSeries};
pub use snapshot::{SnapshotCopy, TailSnapshot};

use crate::ids::Offset;
use crate::labels::Labels;
use crate::limits::{QueryLimits, Stopped};
use crate::source::{LabelQuestion, Selector};

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

type SeriesKey = (Arc<str>, Labels);
type GenerationSamples = BTreeMap<SeriesKey, BTreeMap<i64, f64>>;

struct Generation {
    stats: GenerationStats,
    samples: GenerationSamples,
}

impl Generation {
    fn new(id: u64, at: Offset) -> Self {
        let stats = GenerationStats {
            id: GenerationId(id),
            records: 0,
            first: at,
            end: at,
            samples: 0,
            series: 0,
            arena_bytes: 0,
            times_ms: None,
            newest_receive_ms: None,
        };
        Self { stats, samples: BTreeMap::new() }
    }
}

/// One partition's catalogue and generations.
pub struct Memtable {
    config: MemtableConfig,
    active: Generation,
    frozen: Vec<Arc<Generation>>,
}

impl Memtable {
    /// An empty memtable.
    pub fn new(config: MemtableConfig) -> Self {
        Self { config, active: Generation::new(0, Offset(0)), frozen: Vec::new() }
    }

    /// Applies the record at `offset`, which lies after all that were applied before.
    pub fn apply(&mut self, offset: Offset, batch: &Batch<'_>) -> Applied {
        let stats = &mut self.active.stats;
        assert!(offset >= stats.end, "records are applied in the order of the log");
        if stats.records == 0 {
            stats.first = offset;
        }
        stats.end = offset.next();
        stats.records += 1;
        stats.newest_receive_ms = stats.newest_receive_ms.max(Some(batch.receive_time_ms));
        let mut applied = Applied::default();
        for section in &batch.sections {
            let tenant: Arc<str> = Arc::from(batch.symbols[section.tenant as usize]);
            for row in &section.rows {
                let pairs = row
                    .labels
                    .iter()
                    .map(|&(n, v)| (batch.symbols[n as usize], batch.symbols[v as usize]));
                let key = (Arc::clone(&tenant), Labels::from_sorted(pairs));
                let series = self.active.samples.entry(key).or_insert_with(|| {
                    applied.new_series += 1;
                    BTreeMap::new()
                });
                for (&t_ms, &value) in row.times.iter().zip(&row.values) {
                    let newest = series.last_key_value().map(|(&newest, _)| newest);
                    applied.out_of_order += u64::from(newest >= Some(t_ms));
                    applied.samples += 1;
                    series.insert(t_ms, value);
                    stats.times_ms = Some(match stats.times_ms {
                        None => (t_ms, t_ms),
                        Some((min, max)) => (min.min(t_ms), max.max(t_ms)),
                    });
                }
            }
        }
        stats.samples += applied.samples;
        stats.series = self.active.samples.len() as u64;
        stats.arena_bytes += applied.samples * 16;
        applied
    }

    /// What the generation holds that records go to.
    pub fn active(&self) -> GenerationStats {
        self.active.stats
    }

    /// What the frozen generations hold, the oldest first.
    pub fn frozen(&self) -> impl Iterator<Item = GenerationStats> + '_ {
        self.frozen.iter().map(|generation| generation.stats)
    }

    /// Freezes the active generation, if a record was applied to it, and begins the next one.
    pub fn freeze(&mut self) -> Option<GenerationId> {
        let GenerationStats { id, end, records, .. } = self.active.stats;
        if records == 0 {
            return None;
        }
        let next = Generation::new(id.0 + 1, end);
        self.frozen.push(Arc::new(std::mem::replace(&mut self.active, next)));
        Some(id)
    }

    /// Forgets a frozen generation, whose samples are in blocks now. Its memory is free at once;
    /// snapshots that share it keep it.
    pub fn release(&mut self, id: GenerationId) {
        self.frozen.retain(|generation| generation.stats.id != id);
    }

    /// Does up to `budget` units of upkeep (a unit is about a series); false when none is left.
    pub fn maintain(&mut self, budget: usize) -> bool {
        let _ = budget;
        false
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
        let mut strings = BTreeSet::new();
        for generation in self.generations() {
            for ((owner, labels), samples) in &generation.samples {
                let selected = selectors.is_empty()
                    || selectors.iter().any(|selector| {
                        snapshot::matches(selector, labels)
                            && samples.keys().any(|&t_ms| selector.range.contains(t_ms))
                    });
                if &**owner != tenant || !selected {
                    continue;
                }
                match question {
                    LabelQuestion::Names => strings.extend(labels.iter().map(|(n, _)| n.into())),
                    LabelQuestion::Values(name) => strings.extend(labels.get(name).map(Into::into)),
                }
            }
        }
        strings
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        self.frozen.iter().map(Arc::as_ref).chain(std::iter::once(&self.active))
    }
}
