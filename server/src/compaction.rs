//! The compactor's turn in role `all`: merging, expiring and deleting blocks, beside everything
//! else.
//!
//! Law: merges and deletions hold no lock that a write or a query waits for; whatever goes wrong
//! is tried again at the next interval.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hydrograph_ingest::shard::shards::Shards;
use hydrograph_storage::clock::Clock;
use hydrograph_storage::compaction::{CompactionConfig, Compactor, Outcome};
use hydrograph_storage::ids::PartitionId;
use hydrograph_storage::manifest;
use hydrograph_storage::store::Store;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tracing::{debug, warn};

use crate::config::Config;

/// More than any partition needs at once; the rest waits for the next interval.
const STEPS_MAX: usize = 64;

/// What compaction has done since the start.
#[derive(Debug, Default)]
pub(crate) struct CompactionStats {
    pub(crate) done: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) deleted_objects: AtomicU64,
}

/// What is merged: what the plan finds ripe, or, for an operator, everything.
#[derive(Clone, Copy, Debug)]
enum Zeal {
    Ordinary,
    Eager,
}

/// One lock for both, so that a process merges one thing at a time.
struct Compactors {
    ordinary: Compactor,
    eager: Compactor,
}

/// The compactor of a process.
pub(crate) struct Compaction {
    partitions: u32,
    shards: Arc<Shards>,
    compactors: Arc<Mutex<Compactors>>,
    stats: CompactionStats,
}

impl Compaction {
    pub(crate) fn new(
        config: &Config,
        partitions: u32,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
        shards: Arc<Shards>,
    ) -> Self {
        let usual = CompactionConfig {
            grace_ms: config.compaction_grace_ms,
            ..CompactionConfig::new(Some(config.retention_ms))
        };
        let everything = CompactionConfig { flushes_max: 1, layers_max: 2, ..usual.clone() };
        let compactor = |config| {
            let seed = RandomState::new().build_hasher().finish();
            Compactor::new(Arc::clone(store), Arc::clone(clock), config, seed)
        };
        let compactors = Compactors { ordinary: compactor(usual), eager: compactor(everything) };
        Self {
            partitions,
            shards,
            compactors: Arc::new(Mutex::new(compactors)),
            stats: CompactionStats::default(),
        }
    }

    pub(crate) fn stats(&self) -> &CompactionStats {
        &self.stats
    }

    /// Looks for work at each interval, for ever.
    pub(crate) async fn run(&self, interval: Duration) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for partition in (0..self.partitions).map(PartitionId) {
                if let Err(error) = self.turn(Zeal::Ordinary, partition).await {
                    self.stats.failed.fetch_add(1, Ordering::Relaxed);
                    warn!(%partition, error = format!("{error:#}"), "compaction will be tried again");
                }
            }
        }
    }

    /// Merges whatever can be merged, now.
    pub(crate) async fn merge_all(&self) -> Result<()> {
        for partition in (0..self.partitions).map(PartitionId) {
            self.turn(Zeal::Eager, partition).await?;
        }
        Ok(())
    }

    /// Waits until what is being merged is done.
    pub(crate) async fn settle(&self) {
        drop(self.compactors.lock().await);
    }

    async fn turn(&self, zeal: Zeal, partition: PartitionId) -> Result<()> {
        let merged = self.merge(zeal, partition).await;
        // Deleting makes the room that a merge may have lacked, so it comes whatever that said.
        let collected = self
            .blocking(zeal, move |compactor| {
                Handle::current().block_on(compactor.collect(partition))
            })
            .await??;
        let deleted = collected.dropped + collected.unnamed + collected.manifests;
        self.stats.deleted_objects.fetch_add(deleted as u64, Ordering::Relaxed);
        merged
    }

    async fn merge(&self, zeal: Zeal, partition: PartitionId) -> Result<()> {
        for _ in 0..STEPS_MAX {
            let once = move |compactor: &mut Compactor| {
                Handle::current().block_on(compactor.run_once(partition))
            };
            match self.blocking(zeal, once).await?? {
                Outcome::Idle => break,
                Outcome::Outrun => {}
                Outcome::Done { choice, manifest } => {
                    debug!(%partition, ?choice, "compacted");
                    self.stats.done.fetch_add(1, Ordering::Relaxed);
                    let bytes = manifest::encode(&manifest).into();
                    self.shards.manifest_seen(partition, manifest.number, bytes).await;
                }
            }
        }
        Ok(())
    }

    /// Merging computes for long, so it has a thread that may block. The error is a panic's.
    async fn blocking<T: Send + 'static>(
        &self,
        zeal: Zeal,
        work: impl FnOnce(&mut Compactor) -> T + Send + 'static,
    ) -> Result<T> {
        let mut compactors = Arc::clone(&self.compactors).lock_owned().await;
        let done = tokio::task::spawn_blocking(move || match zeal {
            Zeal::Ordinary => work(&mut compactors.ordinary),
            Zeal::Eager => work(&mut compactors.eager),
        });
        done.await.context("compaction broke")
    }
}
