//! What is known of each partition from outside its shard.
//!
//! Law: a shard publishes after each round of work; nobody asks it, so asking costs it nothing.

use hydrograph_storage::engine::EngineStats;
use hydrograph_storage::ids::{Offset, PartitionId};

/// How far a partition has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PartitionState {
    /// Its newest manifest is being found, and its epoch taken.
    #[default]
    Opening,
    /// The log behind the manifest's offset is being applied.
    Replaying,
    /// It follows the log.
    Live,
    /// It will do nothing more in this process.
    Stopped {
        /// Why.
        reason: String,
    },
}

impl std::fmt::Display for PartitionState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opening => f.write_str("being opened"),
            Self::Replaying => f.write_str("replaying the log"),
            Self::Live => f.write_str("live"),
            Self::Stopped { reason } => write!(f, "stopped: {reason}"),
        }
    }
}

/// What a shard publishes of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) state: PartitionState,
    pub(super) stats: EngineStats,
}

/// One partition at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Which.
    pub partition: PartitionId,
    /// Its shard.
    pub shard: usize,
    /// How far it has come.
    pub state: PartitionState,
    /// Position, committed offset, series, memory.
    pub stats: EngineStats,
    /// One past the last offset of its log.
    pub latest: Offset,
}

impl PartitionStatus {
    /// Records that are in the log and not yet applied.
    pub fn lag(&self) -> u64 {
        self.latest.0.saturating_sub(self.stats.position.0)
    }
}
