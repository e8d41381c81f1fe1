//! What a partition's writer shows to its readers: which segments there are, and the newest
//! records in memory.
//!
//! Law: only durable records get here; the writer puts them in before it moves the latest offset.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hydrograph_storage::ids::{Offset, Record};

/// Shared between one writer and its readers.
#[derive(Debug)]
pub(super) struct Tail {
    recent_bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// First offsets of the segments, ascending; never empty.
    segments: VecDeque<u64>,
    /// The newest records, without gaps; those that fit.
    recent: VecDeque<Recent>,
    recent_bytes: usize,
}

/// A record in memory, and where its frame ends on disk.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    pub(super) record: Record,
    pub(super) segment: u64,
    pub(super) end_position: u64,
}

/// Where an offset is to be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentSpan {
    /// First offset, which names the file.
    pub(super) first: u64,
    /// First offset of the next segment, if there is one.
    pub(super) end: Option<u64>,
}

impl Tail {
    pub(super) fn new(segments: VecDeque<u64>, recent_bytes_max: usize) -> Self {
        let state = State { segments, recent: VecDeque::new(), recent_bytes: 0 };
        Self { recent_bytes_max, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first offset held.
    pub(super) fn earliest(&self) -> u64 {
        self.state().segments[0]
    }

    /// The segment that holds, or will hold, `offset`; `None` below the earliest.
    pub(super) fn segment_of(&self, offset: u64) -> Option<SegmentSpan> {
        let state = self.state();
        let after = state.segments.partition_point(|first| *first <= offset);
        let first = *state.segments.get(after.checked_sub(1)?)?;
        Some(SegmentSpan { first, end: state.segments.get(after).copied() })
    }

    /// The segments are now these.
    pub(super) fn set_segments(&self, firsts: impl Iterator<Item = u64>) {
        self.state().segments = firsts.collect();
    }

    /// Records became durable.
    pub(super) fn push(&self, records: impl IntoIterator<Item = Recent>) {
        let mut state = self.state();
        for recent in records {
            state.recent_bytes += cost(&recent.record.bytes);
            state.recent.push_back(recent);
        }
        while state.recent_bytes > self.recent_bytes_max
            && let Some(oldest) = state.recent.pop_front()
        {
            state.recent_bytes -= cost(&oldest.record.bytes);
        }
    }

    /// Records from `offset` on, at least one and about `max_bytes`; none if `offset` is not in
    /// memory.
    pub(super) fn recent(&self, offset: Offset, max_bytes: usize) -> Vec<Recent> {
        let state = self.state();
        let Some(oldest) = state.recent.front() else { return Vec::new() };
        let Some(skip) = offset.0.checked_sub(oldest.record.offset.0) else { return Vec::new() };
        let mut bytes = 0;
        let fits = |recent: &&Recent| {
            let before = bytes;
            bytes += recent.record.bytes.len();
            before == 0 || bytes <= max_bytes
        };
        state
            .recent
            .range((skip as usize).min(state.recent.len())..)
            .take_while(fits)
            .cloned()
            .collect()
    }
}

/// What a record in memory is charged.
fn cost(record: &Bytes) -> usize {
    record.len() + size_of::<Recent>()
}
