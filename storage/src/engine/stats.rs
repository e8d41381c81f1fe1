//! What an engine tells about itself, for metrics and limits.

use crate::ids::Offset;

/// Counts since the engine was opened, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// The next offset to be applied.
    pub position: Offset,
    /// The manifest's offset.
    pub committed: Offset,
    /// Records applied.
    pub records: u64,
    /// Samples applied.
    pub samples: u64,
    /// Records that were intact but meaningless and went to the dead letters.
    pub dead_letters: u64,
    /// Manifests committed.
    pub commits: u64,
    /// Blocks named by the manifest.
    pub blocks: u64,
    /// Series in memory.
    pub series: u64,
    /// Memory of all generations.
    pub memory_bytes: u64,
    /// Memory of generations that wait for their flush: the flush debt.
    pub debt_bytes: u64,
    /// Requests of the store that had to be repeated.
    pub retries: u64,
}
