//! All shards of a process, as the rest of it sees them.
//!
//! Law: every question is answered or fails with the name of the partition that is in the way;
//! none waits longer than its own deadline. Shutting down is one ordered list, in
//! [`Shards::shutdown`]; dropped without it, the shards end where they stand, as in a crash.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{join_all, try_join_all};
use hydrograph_storage::clock::Clock;
use hydrograph_storage::engine::{EngineConfig, Input, PartitionView, StopReason};
use hydrograph_storage::ids::{Offset, PartitionId};
use hydrograph_storage::limits::Stopped;
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SourceError};
use hydrograph_storage::store::Store;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cpus::Cpus;
use super::driver;
use super::inbox::{Answer, Inbox, Message, PartitionStrings};
use super::partition::PartitionSeed;
use super::progress::ShardProgress;
use super::runtime::{RuntimeKind, ShardRuntime, ShardSeed, ShardThreads, StartError};
use super::status::{PartitionState, PartitionStatus, Published};
use super::tasks::Tasks;
use super::watchdog::{LOOK_EVERY, ShardHealth, watch};
use crate::log::{Log, LogError};

#[cfg(test)]
mod tests;

/// How often engines are told the time.
const TICK: Duration = Duration::from_millis(100);

/// What the shards of a process are made with.
#[derive(Clone, Debug)]
pub struct ShardsConfig {
    /// What drives them.
    pub runtime: ShardRuntime,
    /// Where they may run.
    pub cpus: Cpus,
    /// One per partition.
    pub engines: Vec<EngineConfig>,
    /// From a true source of randomness, so that no two processes ever have the same.
    pub nonce_seed: u64,
    /// Bytes of records that are read ahead of each engine at most.
    pub records_bytes_max: usize,
    /// How long a shutdown waits for the last flush.
    pub shutdown_ms_max: u64,
}

/// Why the shards did not do as they were asked.
#[derive(Debug, thiserror::Error)]
pub enum ShardsError {
    /// The partition will do nothing more in this process.
    #[error("partition {partition} has stopped")]
    Stopped {
        /// Which.
        partition: PartitionId,
        /// Why.
        #[source]
        reason: StopReason,
    },
    /// The shard's thread has ended.
    #[error("shard {shard} has ended: {reason}")]
    Ended {
        /// Which.
        shard: usize,
        /// What it left behind.
        reason: String,
    },
    /// The log's end could not be learned.
    #[error("end of partition {partition}")]
    Log {
        /// Whose.
        partition: PartitionId,
        /// Why.
        #[source]
        source: LogError,
    },
    /// The last flush was not committed in time; the log still has what it would have held.
    #[error("not flushed within {0} ms")]
    NotFlushed(u64),
}

/// See the module.
pub struct Shards {
    kind: RuntimeKind,
    inboxes: Vec<Inbox>,
    partitions: Vec<Followed>,
    log: Arc<dyn Log>,
    health: Arc<ShardHealth>,
    shutdown_ms_max: u64,
    tracker: TaskTracker,
    ended: CancellationToken,
    threads: Mutex<Option<ShardThreads>>,
}

/// A partition as it is seen from outside its shard.
struct Followed {
    id: PartitionId,
    shard: usize,
    flushes: bool,
    published: watch::Receiver<Published>,
}

impl Shards {
    /// Starts the shards' threads, which open their partitions; [`Shards::wait_live`] waits for
    /// that. Tasks beside the shards run on `runtime`.
    pub async fn start(
        config: ShardsConfig,
        log: Arc<dyn Log>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        runtime: Handle,
    ) -> Result<Self, StartError> {
        let places = config.cpus.place_shards(config.engines.len() as u32);
        let (tracker, ended) = (TaskTracker::new(), CancellationToken::new());
        let mut partitions = Vec::with_capacity(config.engines.len());
        let mut owned: Vec<Vec<PartitionSeed>> = places.iter().map(|_| Vec::new()).collect();
        let mut nonces = StdRng::seed_from_u64(config.nonce_seed);
        for engine in config.engines {
            let (id, flushes) = (engine.partition, engine.duties.flush);
            let shard = id.0 as usize % places.len();
            let (sender, published) = watch::channel(Published::default());
            partitions.push(Followed { id, shard, flushes, published });
            owned[shard].push(PartitionSeed {
                engine,
                nonce_seed: nonces.next_u64(),
                records_bytes_max: config.records_bytes_max,
                published: sender,
            });
        }
        let (mut inboxes, mut seeds, mut counters) = (Vec::new(), Vec::new(), Vec::new());
        for (cpu, owned) in places.into_iter().zip(owned) {
            let progress = Arc::new(ShardProgress::default());
            let (inbox, messages) = Inbox::new(Arc::clone(&progress));
            let tasks = Tasks {
                log: Arc::clone(&log),
                store: Arc::clone(&store),
                inbox: inbox.clone(),
                runtime: runtime.clone(),
                tracker: tracker.clone(),
                ended: ended.clone(),
            };
            tasks.start(tick(inbox.clone(), Arc::clone(&clock)));
            inboxes.push(inbox);
            counters.push(Arc::clone(&progress));
            let body = move |context| driver::run(context, owned, messages, tasks).boxed_local();
            seeds.push(ShardSeed { cpu, progress, body: Box::new(body) });
        }
        let threads = ShardThreads::start(config.runtime, seeds).await?;
        let health = Arc::new(ShardHealth::new(counters.len()));
        let watching = watch(counters, Arc::clone(&health), LOOK_EVERY);
        let until = ended.clone();
        let watching = async move { until.run_until_cancelled(watching).await };
        tracker.spawn_on(watching, &runtime);
        Ok(Self {
            kind: threads.kind(),
            inboxes,
            partitions,
            log,
            health,
            shutdown_ms_max: config.shutdown_ms_max,
            tracker,
            ended,
            threads: Mutex::new(Some(threads)),
        })
    }

    /// What drives the shards.
    pub fn kind(&self) -> RuntimeKind {
        self.kind
    }

    /// One view of all partitions, in the order of their numbers.
    pub async fn snapshot(
        &self,
        request: &SelectRequest,
    ) -> Result<Vec<PartitionView>, SourceError> {
        let message = |answer| Message::Snapshot { request: request.clone(), answer };
        let mut views = self.ask(request, message).await?;
        views.sort_by_key(|view| view.manifest.partition);
        Ok(views)
    }

    /// Label names or values in the memory of each partition, with the manifest of that instant.
    pub(super) async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<PartitionStrings>, SourceError> {
        let message = |answer| Message::LabelStrings {
            request: request.clone(),
            question: question.clone(),
            answer,
        };
        self.ask(request, message).await
    }

    /// Flushes everything that is in the log by now, and answers when it is committed.
    pub async fn flush_all(&self) -> Result<Vec<(PartitionId, Offset)>, ShardsError> {
        let owned = self.partitions.iter().filter(|partition| partition.flushes);
        let flushes =
            owned.map(|partition| async { Ok((partition.id, self.flush_one(partition).await?)) });
        // All are flushed, whatever becomes of one.
        join_all(flushes).await.into_iter().collect()
    }

    /// Waits until each of these partitions has applied everything before its offset.
    pub async fn caught_up(&self, through: &[(PartitionId, Offset)]) -> Result<(), SourceError> {
        let waits = through.iter().map(|&(id, offset)| {
            let partition = self.partitions.iter().find(|partition| partition.id == id);
            async move {
                let none = || SourceError::Unavailable(format!("there is no partition {id}"));
                let partition = partition.ok_or_else(none)?;
                partition.wait_for(|published| published.stats.position >= offset).await
            }
        });
        try_join_all(waits).await.map(drop)
    }

    /// Waits until every partition has been opened and replayed.
    pub async fn wait_live(&self) -> Result<(), SourceError> {
        let is_live = |published: &Published| published.state == PartitionState::Live;
        let waits = self.partitions.iter().map(|partition| partition.wait_for(is_live));
        try_join_all(waits).await.map(drop)
    }

    /// What keeps the shards from being ready, a line for each cause; nothing where they are.
    pub fn unready(&self) -> Vec<String> {
        let partitions = self.partitions.iter().filter_map(|partition| {
            let state = partition.state();
            (state != PartitionState::Live)
                .then(|| format!("partition {} is {state}", partition.id))
        });
        let stalled = self.health.stalled().into_iter();
        partitions.chain(stalled.map(|shard| format!("shard {shard} makes no progress"))).collect()
    }

    /// Every partition, in the order of their numbers.
    pub async fn status(&self) -> Vec<PartitionStatus> {
        join_all(self.partitions.iter().map(|partition| async {
            let stats = partition.published.borrow().stats;
            // Where the log does not say, no lag is claimed.
            let latest = self.log.latest(partition.id).await.unwrap_or(stats.position);
            let (partition, shard, state) = (partition.id, partition.shard, partition.state());
            PartitionStatus { partition, shard, state, stats, latest }
        }))
        .await
    }

    /// Tells a partition of a manifest that somebody else in this process has committed.
    pub async fn manifest_seen(&self, partition: PartitionId, number: u64, bytes: bytes::Bytes) {
        if let Some(found) = self.partitions.iter().find(|found| found.id == partition) {
            let input = Input::ManifestSeen { number, bytes };
            // A shard that has ended follows no manifests.
            let _ = self.inboxes[found.shard].send(Message::Input { partition, input }).await;
        }
    }

    /// Ends the shards in order. To be called when nothing appends to the log any more; calling
    /// it again does nothing. The error is the first of what went wrong; the rest was done.
    pub async fn shutdown(&self) -> Result<(), ShardsError> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return Ok(()) };
        // 1. Apply and flush what is in the log, and see it committed.
        let patience = Duration::from_millis(self.shutdown_ms_max);
        let flushed = match tokio::time::timeout(patience, self.flush_all()).await {
            Ok(flushed) => flushed.map(drop),
            Err(_elapsed) => Err(ShardsError::NotFlushed(self.shutdown_ms_max)),
        };
        // 2. End feeders, requests and timers, so that nobody sends any more.
        self.ended.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        // 3. Have the loops return; one that has done so already takes no message.
        for inbox in &self.inboxes {
            let _ = inbox.send(Message::Stop).await;
        }
        // 4. Join the threads.
        let ends = threads.join().await.into_iter().enumerate();
        let ended =
            ends.map(|(shard, end)| end.map_err(|reason| ShardsError::Ended { shard, reason }));
        flushed.and(ended.collect())
    }

    async fn flush_one(&self, partition: &Followed) -> Result<Offset, ShardsError> {
        let Followed { id, shard, .. } = *partition;
        let log_error = |source| ShardsError::Log { partition: id, source };
        let through = self.log.latest(id).await.map_err(log_error)?;
        let ended = || ShardsError::Ended { shard, reason: "nothing more is flushed".to_string() };
        let (answer, answered) = oneshot::channel();
        let message = Message::Flush { partition: id, through, answer };
        self.inboxes[shard].send(message).await.map_err(|_closed| ended())?;
        answered.await.map_err(|_dropped| ended())?
    }

    /// Asks every shard and waits for all answers, as long as the query may take.
    async fn ask<T>(
        &self,
        request: &SelectRequest,
        message: impl Fn(Answer<T>) -> Message,
    ) -> Result<Vec<T>, SourceError> {
        let ended = |shard| move || SourceError::Unavailable(format!("shard {shard} has ended"));
        let asks = self.inboxes.iter().enumerate().map(|(shard, inbox)| {
            let (answer, answered) = oneshot::channel();
            let message = message(answer);
            async move {
                inbox.send(message).await.map_err(|_closed| ended(shard)())?;
                answered.await.map_err(|_dropped| ended(shard)())?
            }
        });
        let patience = Duration::from_millis(request.limits.remaining_ms());
        match tokio::time::timeout(patience, try_join_all(asks)).await {
            Ok(answers) => Ok(answers?.into_iter().flatten().collect()),
            Err(_elapsed) => Err(Stopped::Deadline.into()),
        }
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        self.ended.cancel();
        for inbox in &self.inboxes {
            inbox.wake_to_end();
        }
    }
}

impl Followed {
    fn state(&self) -> PartitionState {
        if self.published.has_changed().is_err() {
            return PartitionState::Stopped { reason: "its shard has ended".to_string() };
        }
        self.published.borrow().state.clone()
    }

    /// Waits until what is published is as wanted; fails where that cannot come to be.
    async fn wait_for(&self, wanted: impl Fn(&Published) -> bool) -> Result<(), SourceError> {
        let has_stopped = |state: &PartitionState| matches!(state, PartitionState::Stopped { .. });
        let mut published = self.published.clone();
        let seen = published.wait_for(|now| wanted(now) || has_stopped(&now.state)).await;
        match seen.as_deref() {
            Ok(now) if !has_stopped(&now.state) => Ok(()),
            _ => {
                Err(SourceError::Unavailable(format!("partition {} is {}", self.id, self.state())))
            }
        }
    }
}

async fn tick(inbox: Inbox, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now_ms = clock.monotonic_ns() / 1_000_000;
        if inbox.send(Message::Tick { now_ms }).await.is_err() {
            return;
        }
    }
}
