//! Compaction: merging blocks into windows, expiring them, and deleting what nobody needs.
//!
//! Law: what a partition holds does not change by it, but for what has expired. Planning is a
//! pure function of the manifest ([`plan`]); a dumb executor carries the choice out ([`merge`])
//! and commits it as a swap that needs its inputs still named. Giving up at any point is safe:
//! what was written and not committed is garbage by kind ([`garbage`]). It is deleted at once
//! where it is certain that nobody can name it.
//!
//! Reading and encoding blocks takes the thread for long: run it where that may be.

pub mod garbage;
pub mod merge;
mod outputs;
pub mod plan;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::block::{BlockEntry, BlockError, PageCache};
use crate::clock::Clock;
use crate::ids::PartitionId;
use crate::manifest::{self, Change, CommitError, LoadError, Manifest, Nonce, Swap};
use crate::store::{Store, StoreError};
use plan::Choice;

/// When to merge and what to keep.
#[derive(Clone, Debug)]
pub struct CompactionConfig {
    /// Blocks older than this are dropped; without it, none.
    pub retention_ms: Option<i64>,
    /// So many flushes are merged even if their window is not over.
    pub flushes_max: usize,
    /// So many offset ranges in one window are merged.
    pub layers_max: usize,
    /// A merge takes so many bytes at most, but at least one flush.
    pub merge_bytes_max: u64,
    /// A tenant with this much in a merge gets blocks of its own.
    pub tenant_bytes_min: u64,
    /// How long a block must have been seen dropped before it is deleted: at least twice any
    /// query's deadline.
    pub grace_ms: u64,
    /// How many old manifests stay.
    pub manifests_kept: u64,
}

impl CompactionConfig {
    /// The usual sizes and times.
    pub fn new(retention_ms: Option<i64>) -> Self {
        Self {
            retention_ms,
            flushes_max: 16,
            layers_max: 4,
            merge_bytes_max: 512 << 20,
            tenant_bytes_min: 1 << 20,
            grace_ms: 10 * 60 * 1000,
            manifests_kept: 64,
        }
    }
}

/// Why compaction did not go on. None of these has changed what the partition holds.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompactionError {
    /// The manifest could not be read or committed.
    #[error(transparent)]
    Manifest(#[from] LoadError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody knows whether a block was created; it may become garbage.
    #[error("block {0} was not created")]
    NotCreated(String),
    /// A block could not be read or written.
    #[error("block {name}")]
    Block {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: BlockError,
    },
}

/// What one call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is nothing to do now.
    Idle,
    /// The choice was carried out and this manifest has it. There may be more to do.
    Done {
        /// What was done.
        choice: Choice,
        /// For the partition's engine: see [`crate::engine::Input::ManifestSeen`].
        manifest: Arc<Manifest>,
    },
    /// Another has merged or expired the same blocks first.
    Outrun,
}

/// Compacts partitions, one call at a time.
pub struct Compactor {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    config: CompactionConfig,
    nonces: StdRng,
    pages: Arc<PageCache>,
    /// The newest of all partitions.
    newest_receive_ms: Option<i64>,
    /// When this collector first saw a block dropped, by the clock that never goes back.
    dropped_since_ns: BTreeMap<String, u64>,
}

impl Compactor {
    /// A compactor. Two that ever live must not have the same `nonce_seed`.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        config: CompactionConfig,
        nonce_seed: u64,
    ) -> Self {
        Self {
            store,
            clock,
            config,
            nonces: StdRng::seed_from_u64(nonce_seed),
            pages: PageCache::new(0),
            newest_receive_ms: None,
            dropped_since_ns: BTreeMap::new(),
        }
    }

    /// Does the next thing that there is to do in a partition, if any.
    pub async fn run_once(&mut self, partition: PartitionId) -> Result<Outcome, CompactionError> {
        let base = manifest::load(&*self.store, partition).await?;
        self.newest_receive_ms = self.newest_receive_ms.max(base.newest_receive_ms);
        let Some(newest_ms) = self.newest_receive_ms else { return Ok(Outcome::Idle) };
        let clock_ms = self.clock.now_ms();
        let choice = plan::plan(&base, clock_ms.min(newest_ms), &self.config);
        let swap = match &choice {
            Choice::Nothing => return Ok(Outcome::Idle),
            Choice::Expire { blocks, before_ms } => Swap {
                inputs: blocks.clone(),
                outputs: Vec::new(),
                expired_before_ms: Some(*before_ms),
            },
            Choice::Merge { blocks, level } => {
                let opened = merge::open(&*self.store, blocks, &self.pages)?;
                let target = merge::Target {
                    partition,
                    epoch: base.epoch,
                    level: *level,
                    created_ms: clock_ms,
                    tenant_bytes_min: self.config.tenant_bytes_min,
                };
                let outputs = merge::merge(&opened, &target, &mut self.nonces)?;
                let outputs = merge::create(&*self.store, partition, outputs).await?;
                let inputs = blocks.iter().cloned().collect();
                Swap { inputs, outputs, expired_before_ms: None }
            }
        };
        let outputs = swap.outputs.clone();
        match self.commit(base, Change::Swap(swap)).await {
            Ok(manifest) => Ok(Outcome::Done { choice, manifest }),
            Err(LoadError::Commit(CommitError::InputGone(_))) => {
                self.discard_unknown(partition, outputs).await;
                Ok(Outcome::Outrun)
            }
            Err(error @ LoadError::TooLarge { .. }) => {
                self.discard_unknown(partition, outputs).await;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the outputs of a merge whose commit is over and that the newest manifest does not
    /// know. (It may: inputs are gone too when this very merge was committed, its answer lost
    /// and its manifest forgotten.)
    async fn discard_unknown(&self, partition: PartitionId, mut outputs: Vec<BlockEntry>) {
        let Ok(newest) = manifest::load(&*self.store, partition).await else { return };
        outputs.retain(|output| {
            let named = newest.blocks.iter().any(|block| block.name == output.name);
            !named && !newest.dropped.contains(&output.name)
        });
        merge::discard(&*self.store, &outputs).await;
    }

    async fn commit(
        &mut self,
        base: Arc<Manifest>,
        change: Change,
    ) -> Result<Arc<Manifest>, LoadError> {
        let [high, low] = [self.nonces.next_u64(), self.nonces.next_u64()];
        let nonce = Nonce(u128::from(high) << 64 | u128::from(low));
        manifest::commit(&*self.store, base, change, nonce).await
    }
}
