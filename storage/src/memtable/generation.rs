//! The samples of some consecutive records: slots by series number, and the arena behind them.
//!
//! Law: only the active generation changes, and only by appending. A frozen one is immutable, so
//! it is shared with snapshots instead of being copied, and goes when its last owner drops it.

use std::sync::Arc;

use super::arena::Arena;
use super::slot::{Arrival, Slot};
use super::{GenerationId, GenerationStats};
use crate::ids::Offset;

const PAGE_SLOTS: usize = 256;
const PAGE_BYTES: u64 = (PAGE_SLOTS * size_of::<Slot>()) as u64;

/// Samples, with what is known of them as a whole.
#[derive(Debug)]
pub(super) struct Generation {
    stats: GenerationStats,
    pages: Vec<Option<Box<[Slot]>>>,
    pages_used: u64,
    arena: Arena,
    /// Shared with running copies, which keep the generation in reach until they are done.
    copies: Arc<()>,
}

impl Generation {
    /// An empty one, whose first record will be at `first` or later.
    pub(super) fn new(id: GenerationId, first: Offset) -> Self {
        let stats = GenerationStats {
            id,
            records: 0,
            first,
            end: first,
            samples: 0,
            series: 0,
            arena_bytes: 0,
            times_ms: None,
            newest_receive_ms: None,
        };
        Self { stats, pages: Vec::new(), pages_used: 0, arena: Arena::new(), copies: Arc::new(()) }
    }

    pub(super) fn id(&self) -> GenerationId {
        self.stats.id
    }

    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    pub(super) fn stats(&self) -> GenerationStats {
        let arena_bytes = self.arena.bytes() + self.pages_used * PAGE_BYTES;
        GenerationStats { arena_bytes, ..self.stats }
    }

    /// Counts a record; its samples follow.
    pub(super) fn begin_record(&mut self, offset: Offset, receive_time_ms: i64) {
        let stats = &mut self.stats;
        assert!(offset >= stats.end, "records are applied in the order of the log");
        if stats.records == 0 {
            stats.first = offset;
        }
        stats.end = offset.next();
        stats.records += 1;
        stats.newest_receive_ms = stats.newest_receive_ms.max(Some(receive_time_ms));
    }

    /// Appends a row of samples to a series.
    #[inline]
    pub(super) fn push(&mut self, series: u32, times_ms: &[i64], values: &[f64]) -> Pushed {
        let page = series as usize / PAGE_SLOTS;
        if self.pages.get(page).is_none_or(Option::is_none) {
            self.add_page(page);
        }
        let slots = self.pages[page].as_mut().expect("the page was added");
        let slot = &mut slots[series as usize % PAGE_SLOTS];
        let mut pushed = Pushed { first: false, late: 0 };
        let (mut min_ms, mut max_ms) = self.stats.times_ms.unwrap_or((i64::MAX, i64::MIN));
        for (&t_ms, value) in times_ms.iter().zip(values) {
            match slot.push(&mut self.arena, t_ms, value.to_bits()) {
                Arrival::First => pushed.first = true,
                Arrival::Newer => {}
                Arrival::Late => pushed.late += 1,
            }
            min_ms = min_ms.min(t_ms);
            max_ms = max_ms.max(t_ms);
        }
        self.stats.times_ms = (min_ms <= max_ms).then_some((min_ms, max_ms));
        self.stats.samples += times_ms.len() as u64;
        self.stats.series += u64::from(pushed.first);
        pushed
    }

    #[cold]
    fn add_page(&mut self, page: usize) {
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages[page] = Some(vec![Slot::default(); PAGE_SLOTS].into_boxed_slice());
        self.pages_used += 1;
    }

    /// A series' slot, if it has samples here.
    #[inline]
    pub(super) fn slot(&self, series: u32) -> Option<&Slot> {
        let page = self.pages.get(series as usize / PAGE_SLOTS)?.as_ref()?;
        Some(&page[series as usize % PAGE_SLOTS]).filter(|slot| !slot.is_empty())
    }

    /// While the token lives, a copy of this generation is running.
    pub(super) fn copy_token(&self) -> Arc<()> {
        Arc::clone(&self.copies)
    }

    pub(super) fn has_copies(&self) -> bool {
        Arc::strong_count(&self.copies) > 1
    }
}

/// What a row of samples came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pushed {
    /// It holds the first sample of its series in this generation.
    pub(super) first: bool,
    /// Samples that were not newer than the one before them.
    pub(super) late: u64,
}
