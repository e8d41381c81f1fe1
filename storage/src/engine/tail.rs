//! The records behind the manifest's offset: where replay stands, and the memtable that it fills.
//!
//! Law: the memtable holds exactly the records between the start of the oldest generation and
//! the position, each once. Offsets are dense: an older record is dropped, a gap is a fault.

use std::collections::VecDeque;

use hydrograph_proto::write_batch::{BatchError, WriteBatchDecoder};

use super::StopReason;
use crate::ids::{Offset, Record};
use crate::manifest::SkippedRange;
use crate::memtable::{GenerationId, Memtable, MemtableConfig};

/// Some records in a row: a generation, or fewer if they were all meaningless.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The generation of their samples, once it is frozen and if there is a sample.
    pub(super) generation: Option<GenerationId>,
    pub(super) start: Offset,
    pub(super) end: Offset,
    pub(super) newest_receive_ms: Option<i64>,
    /// Meaningless ones among them.
    pub(super) skipped: Vec<SkippedRange>,
    /// When the first was applied.
    pub(super) since_ms: u64,
    /// By how much they made the catalogue grow.
    catalogue_bytes: u64,
}

impl Span {
    fn new(start: Offset) -> Self {
        Self {
            generation: None,
            start,
            end: start,
            newest_receive_ms: None,
            skipped: Vec::new(),
            since_ms: 0,
            catalogue_bytes: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// What became of one record.
#[derive(Debug)]
pub(super) enum Fate {
    /// In the memtable; this many samples.
    Applied(u64),
    /// It was there already.
    Old,
    /// It makes no sense and was passed over; it belongs to the dead letters.
    Skipped(String),
    /// Its checksum fails.
    Damaged,
    /// It stops the partition.
    Fatal(StopReason),
}

pub(super) struct Tail {
    pub(super) memtable: Memtable,
    decoder: WriteBatchDecoder,
    pub(super) active: Span,
    pub(super) frozen: VecDeque<Span>,
    /// Counts how often the memtable was begun anew.
    pub(super) incarnation: u64,
}

impl Tail {
    pub(super) fn new(decoder: WriteBatchDecoder) -> Self {
        Self {
            memtable: Memtable::new(MemtableConfig::default()),
            decoder,
            active: Span::new(Offset(0)),
            frozen: VecDeque::new(),
            incarnation: 0,
        }
    }

    /// Forgets everything and starts anew at `position`.
    pub(super) fn seek(&mut self, position: Offset) {
        self.memtable = Memtable::new(MemtableConfig::default());
        self.active = Span::new(position);
        self.frozen.clear();
        self.incarnation += 1;
    }

    /// The next offset to be applied.
    pub(super) fn position(&self) -> Offset {
        self.active.end
    }

    /// Applies a record, unless it cannot be.
    pub(super) fn apply(&mut self, record: &Record, bytes_max: usize, now_ms: u64) -> Fate {
        let offset = record.offset;
        let wanted = self.position();
        if offset < wanted {
            return Fate::Old;
        }
        if offset > wanted {
            return Fate::Fatal(StopReason::LogGap { wanted, found: offset });
        }
        let fate = if record.bytes.len() > bytes_max {
            Fate::Skipped(format!("record has {} bytes", record.bytes.len()))
        } else {
            match self.decoder.decode(&record.bytes) {
                Ok(batch) => {
                    let receive_ms = Some(batch.receive_time_ms());
                    self.active.newest_receive_ms = self.active.newest_receive_ms.max(receive_ms);
                    let before = self.memtable.catalogue_bytes();
                    let applied = self.memtable.apply(offset, &batch);
                    let grown = self.memtable.catalogue_bytes().saturating_sub(before);
                    self.active.catalogue_bytes += grown as u64;
                    Fate::Applied(applied.samples)
                }
                Err(BatchError::Checksum { .. }) => return Fate::Damaged,
                Err(error @ BatchError::Meaningless { .. }) => Fate::Skipped(error.to_string()),
                Err(BatchError::NewerVersion { version }) => {
                    return Fate::Fatal(StopReason::NewerVersion {
                        what: format!("record at offset {offset}"),
                        version: u32::from(version),
                    });
                }
            }
        };
        if self.active.is_empty() {
            self.active.since_ms = now_ms;
        }
        self.active.end = offset.next();
        if matches!(fate, Fate::Skipped(_)) {
            match self.active.skipped.last_mut() {
                Some(last) if last.end == offset => last.end = offset.next(),
                _ => {
                    self.active.skipped.push(SkippedRange { start: offset, end: offset.next() });
                }
            }
        }
        fate
    }

    /// Closes the active span, unless it is empty, and begins the next one.
    pub(super) fn freeze(&mut self) {
        if !self.active.is_empty() {
            let next = Span::new(self.active.end);
            let mut span = std::mem::replace(&mut self.active, next);
            span.generation = self.memtable.freeze();
            self.frozen.push_back(span);
        }
    }

    /// Forgets the frozen spans that a manifest of this offset has passed.
    pub(super) fn release(&mut self, committed: Offset) {
        while self.frozen.front().is_some_and(|span| span.end <= committed) {
            if let Some(generation) = self.frozen.pop_front().and_then(|span| span.generation) {
                self.memtable.release(generation);
            }
        }
    }

    pub(super) fn debt_bytes(&self) -> u64 {
        self.memtable.frozen().map(|generation| generation.arena_bytes).sum()
    }

    /// What the samples take.
    pub(super) fn memory_bytes(&self) -> u64 {
        self.memtable.active().arena_bytes + self.debt_bytes()
    }

    /// What the active span takes: its samples, and what its series added to the catalogue.
    pub(super) fn active_bytes(&self) -> u64 {
        self.memtable.active().arena_bytes + self.active.catalogue_bytes
    }

    /// What all spans take. The catalogue outlives them, so what it holds of released ones is not
    /// counted: whatever is counted goes when it is flushed, so waiting for that comes to an end.
    pub(super) fn spans_bytes(&self) -> u64 {
        let frozen: u64 = self.frozen.iter().map(|span| span.catalogue_bytes).sum();
        self.active_bytes() + self.debt_bytes() + frozen
    }
}
