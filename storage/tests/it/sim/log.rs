//! A log of one partition that forgets, in a crash, what was not synced.

use std::ops::Range;

use bytes::Bytes;
use hydrograph_storage::ids::{Offset, Record};
use rand::RngExt;
use rand::rngs::StdRng;

use super::records::Content;

#[derive(Default)]
pub(super) struct Log {
    entries: Vec<(Bytes, Content)>,
    durable: usize,
    released: usize,
}

impl Log {
    pub(super) fn append(&mut self, bytes: Bytes, content: Content) {
        self.entries.push((bytes, content));
    }

    /// Everything appended is acknowledged.
    pub(super) fn sync(&mut self) {
        self.durable = self.entries.len();
    }

    /// The machine loses power: of what was not synced, some beginning survives.
    pub(super) fn crash(&mut self, rng: &mut StdRng) {
        let kept = rng.random_range(self.durable..=self.entries.len());
        self.entries.truncate(kept);
        self.durable = kept;
    }

    pub(super) fn release(&mut self, before: Offset) {
        assert!(before.0 <= self.durable as u64, "released what was never read");
        self.released = self.released.max(before.0 as usize);
    }

    pub(super) fn earliest(&self) -> Offset {
        Offset(self.released as u64)
    }

    pub(super) fn latest(&self) -> Offset {
        Offset(self.durable as u64)
    }

    pub(super) fn read(&self, from: Offset, count: usize) -> Vec<Record> {
        let start = from.0 as usize;
        let end = (start + count).min(self.durable);
        (start..end)
            .map(|at| Record { offset: Offset(at as u64), bytes: self.entries[at].0.clone() })
            .collect()
    }

    pub(super) fn contents(
        &self,
        offsets: Range<Offset>,
    ) -> impl Iterator<Item = (Offset, &Content)> {
        let range = offsets.start.0 as usize..offsets.end.0 as usize;
        range.map(|at| (Offset(at as u64), &self.entries[at].1))
    }
}
