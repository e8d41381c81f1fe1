//! What a process wants of one partition.

use crate::ids::PartitionId;

/// The two duties of an engine; a process may take or leave each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duties {
    /// Owns the partition: takes an epoch, writes blocks, moves the offset.
    pub flush: bool,
    /// Answers snapshots: keeps an index over what is in memory.
    pub answer: bool,
}

/// How one partition engine behaves.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Which partition it is.
    pub partition: PartitionId,
    /// What it does for it.
    pub duties: Duties,
    /// A generation is flushed when its samples and its new series take this much memory.
    pub flush_bytes_max: usize,
    /// A generation is flushed when its first record was applied this long ago.
    pub flush_age_ms: u64,
    /// No more records are wanted while all generations together take more than this. An owner
    /// counts what they added to the catalogue until they are flushed.
    pub memory_bytes_max: usize,
    /// A record that decodes to more than this is meaningless.
    pub record_bytes_max: usize,
    /// No more records are wanted while this many dead letters are not kept yet.
    pub dead_letters_max: usize,
    /// A request of the store without an answer for so long counts as unclear.
    pub answer_timeout_ms: u64,
    /// First pause before a request is repeated; it doubles with each attempt.
    pub backoff_ms: u64,
    /// Longest pause before a request is repeated.
    pub backoff_ms_max: u64,
    /// How often it looks by itself whether others have committed.
    pub follow_ms: u64,
}

impl EngineConfig {
    /// The usual sizes and times.
    pub fn new(partition: PartitionId, duties: Duties) -> Self {
        Self {
            partition,
            duties,
            flush_bytes_max: 64 << 20,
            flush_age_ms: 15 * 60 * 1000,
            memory_bytes_max: 160 << 20,
            record_bytes_max: 64 << 20,
            dead_letters_max: 16,
            answer_timeout_ms: 120_000,
            backoff_ms: 100,
            backoff_ms_max: 10_000,
            follow_ms: 60_000,
        }
    }
}
