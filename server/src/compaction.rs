//! The compactor's turn in role `all`: merging, expiring and deleting blocks, beside everything
//! else.
//!
//! Law: merges and deletions hold no lock that a write or a query waits for; whatever goes wrong
//! is tried again at the next interval.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hydrograph_ingest::shard::shards::Shards;
use hydrograph_storage::clock::Clock;
use hydrograph_storage::compaction::{CompactionConfig, CompactionError, Compactor, Outcome};
use hydrograph_storage::ids::PartitionId;
use hydrograph_storage::manifest;
use hydrograph_storage::store::Store;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tracing::{debug, warn};

use crate::app::error_chain;
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

/// The compactors of a process: the ordinary one, and an eager one for operators.
pub(crate) struct Compaction {
    partitions: u32,
    shards: Arc<Shards>,
    ordinary: Arc<Mutex<Compactor>>,
    eager: Arc<Mutex<Compactor>>,
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
            Arc::new(Mutex::new(Compactor::new(Arc::clone(store), Arc::clone(clock), config, seed)))
        };
        Self {
            partitions,
            shards,
            ordinary: compactor(usual),
            eager: compactor(everything),
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
                if let Err(error) = self.turn(&self.ordinary, partition).await {
                    self.stats.failed.fetch_add(1, Ordering::Relaxed);
                    warn!(%partition, error = error_chain(&error), "compaction will be tried again");
                }
            }
        }
    }

    /// Merges whatever can be merged, now.
    pub(crate) async fn merge_all(&self) -> Result<(), CompactionError> {
        for partition in (0..self.partitions).map(PartitionId) {
            self.turn(&self.eager, partition).await?;
        }
        Ok(())
    }

    async fn turn(
        &self,
        compactor: &Arc<Mutex<Compactor>>,
        partition: PartitionId,
    ) -> Result<(), CompactionError> {
        for _ in 0..STEPS_MAX {
            match blocking(compactor, move |compactor| {
                Handle::current().block_on(compactor.run_once(partition))
            })
            .await?
            {
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
        let collected = blocking(compactor, move |compactor| {
            Handle::current().block_on(compactor.collect(partition))
        })
        .await?;
        let deleted = collected.dropped + collected.unnamed + collected.manifests;
        self.stats.deleted_objects.fetch_add(deleted as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Merging computes for long, so it has a thread that may block.
async fn blocking<T: Send + 'static>(
    compactor: &Arc<Mutex<Compactor>>,
    work: impl FnOnce(&mut Compactor) -> T + Send + 'static,
) -> T {
    let mut compactor = Arc::clone(compactor).lock_owned().await;
    let done = tokio::task::spawn_blocking(move || work(&mut compactor)).await;
    match done {
        Ok(done) => done,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}
