//! What a shard shows of its work to other threads.
//!
//! Law: `taken` and `steps` are written by the shard alone, `given` by those who give it work;
//! none ever falls. A shard has work while something given was not taken, or while it is busy
//! with what it took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of one shard.
#[derive(Debug, Default)]
pub struct ShardProgress {
    given: AtomicU64,
    taken: AtomicU64,
    steps: AtomicU64,
    busy: AtomicBool,
}

/// A shard's counters at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether there was something to do.
    pub has_work: bool,
    /// How much has been done since the shard started.
    pub steps: u64,
}

impl ShardProgress {
    /// A message is about to be put into the shard's inbox.
    pub fn give(&self) {
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// The shard took a message; that is a step too.
    pub fn take(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.step();
    }

    /// The shard did a slice of work.
    pub fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the shard has slices of work left that no message will remind it of.
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// What the watchdog looks at.
    pub fn read(&self) -> Reading {
        let steps = self.steps.load(Ordering::Relaxed);
        let taken = self.taken.load(Ordering::Relaxed);
        let waiting = self.given.load(Ordering::Relaxed) > taken;
        Reading { has_work: waiting || self.busy.load(Ordering::Relaxed), steps }
    }
}
