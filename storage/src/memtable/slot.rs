//! What a generation keeps of one series outside the arena.
//!
//! Law: the samples of a series stand in its chain in the order of arrival. While times ascend
//! strictly, the chain is ordered and is read as it stands; once a sample is not newer than the
//! one before it, the whole chain is sorted whenever it is read, and of equal timestamps the one
//! that arrived last counts. So disorder costs its reader time, never a sample.

use super::arena::{Arena, Position};
use super::codec::{Cursor, State};
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// One series in one generation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    state: State,
    min_ms: i64,
    position: Position,
    unordered: bool,
}

const _: () = assert!(size_of::<Slot>() == 48, "bytes per series are a promise");

/// How a sample stands to those of its series before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the first in this generation.
    First,
    /// It is newer than the one before it.
    Newer,
    /// It is not.
    Late,
}

impl Slot {
    /// Whether the series has no sample in this generation.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.position.head == 0 && self.state.run == 0
    }

    /// Appends a sample.
    #[inline]
    pub(super) fn push(&mut self, arena: &mut Arena, t_ms: i64, bits: u64) -> Arrival {
        let arrival = if self.is_empty() {
            self.min_ms = t_ms;
            Arrival::First
        } else if t_ms > self.state.t_ms {
            Arrival::Newer
        } else {
            if t_ms == self.state.t_ms && bits == self.state.bits {
                return Arrival::Late;
            }
            self.unordered = true;
            self.min_ms = self.min_ms.min(t_ms);
            Arrival::Late
        };
        if let Some(item) = self.state.push(t_ms, bits) {
            arena.append(&mut self.position, &item.bytes[..item.len]);
        }
        arrival
    }

    /// Appends the chain's bytes as far as this slot knows them.
    pub(super) fn gather(&self, arena: &Arena, out: &mut Vec<u8>) {
        arena.gather(self.position, out);
    }

    /// Whether the chain has to be sorted.
    pub(super) fn unordered(&self) -> bool {
        self.unordered
    }

    /// The next sample of the gathered bytes, in the order of arrival.
    #[inline]
    pub(super) fn next(&self, cursor: &mut Cursor, bytes: &[u8]) -> Option<(i64, u64)> {
        cursor.next(bytes, self.state.run)
    }

    /// The least timestamp.
    pub(super) fn min_ms(&self) -> i64 {
        self.min_ms
    }

    /// Whether a sample may lie inside `range`; sure to say so if one does.
    pub(super) fn may_overlap(&self, range: TimeRange) -> bool {
        !self.is_empty()
            && !range.is_empty()
            && self.min_ms < range.end_ms
            && (self.unordered || range.start_ms <= self.state.t_ms)
    }

    /// Whether a sample lies inside `range`, as far as least and greatest timestamp tell.
    pub(super) fn overlaps(&self, arena: &Arena, range: TimeRange) -> bool {
        self.may_overlap(range) && (!self.unordered || range.start_ms <= self.max_ms(arena))
    }

    fn max_ms(&self, arena: &Arena) -> i64 {
        let mut bytes = Vec::new();
        self.gather(arena, &mut bytes);
        let mut cursor = Cursor::default();
        let mut max_ms = i64::MIN;
        while let Some((t_ms, _)) = self.next(&mut cursor, &bytes) {
            max_ms = max_ms.max(t_ms);
        }
        max_ms
    }

    /// All samples of the gathered bytes, strictly ascending in time.
    pub(super) fn sorted(&self, bytes: &[u8]) -> Vec<(i64, u64)> {
        let mut cursor = Cursor::default();
        let mut samples: Vec<(i64, u64)> = Vec::new();
        while let Some(sample) = self.next(&mut cursor, bytes) {
            samples.push(sample);
        }
        if self.unordered {
            samples.sort_by_key(|&(t_ms, _)| t_ms);
            samples.dedup_by(|later, kept| {
                let equal = later.0 == kept.0;
                if equal {
                    kept.1 = later.1;
                }
                equal
            });
        }
        samples
    }

    /// Appends the samples of the gathered bytes inside `range`, strictly ascending.
    pub(super) fn read(&self, bytes: &[u8], range: TimeRange, out: &mut Samples) {
        if self.unordered {
            let sorted = self.sorted(bytes);
            let inside = sorted.iter().filter(|&&(t_ms, _)| range.contains(t_ms));
            inside.for_each(|&(t_ms, bits)| out.push(t_ms, f64::from_bits(bits)));
            return;
        }
        let mut cursor = Cursor::default();
        while let Some((t_ms, bits)) = self.next(&mut cursor, bytes) {
            if t_ms >= range.end_ms {
                return;
            }
            if t_ms >= range.start_ms {
                out.push(t_ms, f64::from_bits(bits));
            }
        }
    }
}
