//! The seam between a shard and the runtime that drives it: starts named threads that each run
//! one async function to its end, on glommio or on tokio.
//!
//! Law: all shards of a process run on the same runtime. Every thread has said that it is ready
//! before any of them is given its work, so that a runtime that does not come up is given up
//! whole. A task that is still pending when its glommio executor ends would leak its inbox
//! (senders then wait for ever), so a shard's function must return, and a panic in it is caught
//! where it is polled: it drops what the function held and becomes the shard's result.
//!
//! What runs on a shard may use runtime-agnostic channels of tokio, never `tokio::time`, tokio's
//! files or sockets, and it spawns nothing.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use tokio::sync::oneshot;

use super::probe::{Refusal, probe};
use super::progress::ShardProgress;
use super::{runtime_glommio, runtime_tokio};

#[cfg(test)]
mod tests;

/// How long executors that find no memory to lock are tried again: what other executors
/// locked is given back late after they have ended.
const START_TRIES: u32 = 40;
const START_RETRY: Duration = Duration::from_millis(50);

/// A thread that has said nothing for so long will not.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// Which runtime drives the shards, as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShardRuntime {
    /// glommio where io_uring works, else tokio.
    #[default]
    Auto,
    /// glommio, or an error.
    Glommio,
    /// One current-thread tokio runtime per shard.
    Tokio,
}

/// Which runtime drives the shards, as decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeKind {
    /// io_uring.
    Glommio,
    /// epoll.
    Tokio,
}

impl std::fmt::Display for RuntimeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Glommio => "glommio",
            Self::Tokio => "tokio",
        })
    }
}

/// Why shards could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// glommio was asked for and cannot run here.
    #[error("shard runtime glommio cannot run here")]
    Refused(#[source] Refusal),
    /// A thread did not come up.
    #[error("shard {shard} did not start on {kind}: {reason}")]
    Thread {
        /// Which.
        shard: usize,
        /// On what.
        kind: RuntimeKind,
        /// What its runtime said.
        reason: String,
    },
}

/// What a shard's function is given.
#[derive(Clone)]
pub struct ShardContext {
    /// Number of the shard, from 0.
    pub shard: usize,
    /// What drives it.
    pub kind: RuntimeKind,
    /// To be moved on with each piece of work.
    pub progress: Arc<ShardProgress>,
}

impl ShardContext {
    /// Lets whatever else the thread has to do go first, if there is any, then goes on.
    pub async fn yield_now(&self) {
        match self.kind {
            RuntimeKind::Glommio => runtime_glommio::yield_now().await,
            RuntimeKind::Tokio => tokio::task::yield_now().await,
        }
    }
}

/// A shard's function: made on the shard's own thread, so that its future need not be `Send`.
pub type ShardBody = Box<dyn FnOnce(ShardContext) -> LocalBoxFuture<'static, ()> + Send>;

/// How a shard's function ended: the message of its panic, if it did not return.
pub type ShardEnd = Result<(), String>;

/// A started thread: says that it is ready, then waits to be told what to run.
pub(super) struct Spawned {
    pub(super) ready: oneshot::Receiver<()>,
    pub(super) body: oneshot::Sender<ShardBody>,
    pub(super) join: Join,
}

/// Waits for a thread's end, blocking.
pub(super) type Join = Box<dyn FnOnce() -> Result<ShardEnd, SpawnError> + Send>;

/// What a runtime said when it did not come up.
#[derive(Debug)]
pub(super) struct SpawnError {
    pub(super) reason: String,
    pub(super) out_of_memory: bool,
}

/// The running threads of all shards.
pub struct ShardThreads {
    kind: RuntimeKind,
    joins: Vec<Join>,
}

/// A shard that is to be started.
pub struct ShardSeed {
    /// The CPU to pin it to.
    pub cpu: Option<usize>,
    /// Its counters.
    pub progress: Arc<ShardProgress>,
    /// What it runs.
    pub body: ShardBody,
}

impl ShardThreads {
    /// Starts a thread per seed, all of them or none, and says on what.
    pub async fn start(wanted: ShardRuntime, seeds: Vec<ShardSeed>) -> Result<Self, StartError> {
        let (places, bodies): (Vec<_>, Vec<_>) =
            seeds.into_iter().map(|seed| ((seed.cpu, seed.progress), seed.body)).unzip();
        let (kind, spawned, why) = match wanted {
            ShardRuntime::Tokio => {
                (RuntimeKind::Tokio, spawn_on_tokio(&places).await?, "configured".to_string())
            }
            ShardRuntime::Glommio => {
                (RuntimeKind::Glommio, spawn_on_glommio(&places).await?, "configured".to_string())
            }
            ShardRuntime::Auto => match spawn_on_glommio(&places).await {
                Ok(spawned) => (RuntimeKind::Glommio, spawned, "io_uring works".to_string()),
                Err(error) => {
                    (RuntimeKind::Tokio, spawn_on_tokio(&places).await?, with_causes(&error))
                }
            },
        };
        let pinned = places.iter().filter(|(cpu, _)| cpu.is_some()).count();
        tracing::info!(shards = places.len(), pinned, why, "shards run on {kind}");
        let mut joins = Vec::with_capacity(spawned.len());
        for (thread, body) in spawned.into_iter().zip(bodies) {
            // A thread that is gone by now says so when it is joined.
            let _ = thread.body.send(body);
            joins.push(thread.join);
        }
        Ok(Self { kind, joins })
    }

    /// What drives them.
    pub fn kind(&self) -> RuntimeKind {
        self.kind
    }

    /// Waits until every shard's function has ended, in the order of their numbers.
    pub async fn join(self) -> Vec<ShardEnd> {
        let mut ends = Vec::with_capacity(self.joins.len());
        for join in self.joins {
            ends.push(join_blocking(join).await.unwrap_or_else(|error| Err(error.reason)));
        }
        ends
    }
}

/// Where a shard runs, and its counters.
type Place = (Option<usize>, Arc<ShardProgress>);

async fn spawn_on_tokio(places: &[Place]) -> Result<Vec<Spawned>, StartError> {
    spawn_all(RuntimeKind::Tokio, places, runtime_tokio::spawn).await
}

async fn spawn_on_glommio(places: &[Place]) -> Result<Vec<Spawned>, StartError> {
    probe().map_err(StartError::Refused)?;
    spawn_all(RuntimeKind::Glommio, places, |context, cpu| {
        runtime_glommio::spawn(context, cpu, Some(runtime_glommio::HEARTBEAT))
    })
    .await
}

/// Starts all threads; where one does not come up, those that did are ended again.
async fn spawn_all(
    kind: RuntimeKind,
    places: &[Place],
    spawn: impl Fn(ShardContext, Option<usize>) -> Result<Spawned, SpawnError>,
) -> Result<Vec<Spawned>, StartError> {
    let mut spawned = Vec::with_capacity(places.len());
    for (shard, (cpu, progress)) in places.iter().enumerate() {
        let context = ShardContext { shard, kind, progress: Arc::clone(progress) };
        match spawn_one(|| spawn(context.clone(), *cpu)).await {
            Ok(thread) => spawned.push(thread),
            Err(error) => {
                for thread in spawned {
                    drop(thread.body);
                    // It has done nothing yet, so how it ended does not matter.
                    let _ = join_blocking(thread.join).await;
                }
                return Err(StartError::Thread { shard, kind, reason: error.reason });
            }
        }
    }
    Ok(spawned)
}

/// Starts one thread and waits until it is ready; tries again while it finds no memory.
async fn spawn_one(spawn: impl Fn() -> Result<Spawned, SpawnError>) -> Result<Spawned, SpawnError> {
    let mut tries_left = START_TRIES;
    loop {
        tries_left -= 1;
        let error = match spawn() {
            Ok(thread) => match wait_until_ready(thread).await {
                Ok(thread) => return Ok(thread),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if !error.out_of_memory || tries_left == 0 {
            return Err(error);
        }
        tokio::time::sleep(START_RETRY).await;
    }
}

async fn wait_until_ready(thread: Spawned) -> Result<Spawned, SpawnError> {
    let Spawned { mut ready, body, join } = thread;
    match tokio::time::timeout(READY_TIMEOUT, &mut ready).await {
        Ok(Ok(())) => Ok(Spawned { ready, body, join }),
        Ok(Err(_ended)) => {
            let reason = match join_blocking(join).await {
                Err(error) => return Err(error),
                Ok(Err(panic)) => panic,
                Ok(Ok(())) => "it ended at once".to_string(),
            };
            Err(SpawnError { reason, out_of_memory: false })
        }
        Err(_elapsed) => {
            let reason = format!("not ready within {} s", READY_TIMEOUT.as_secs());
            Err(SpawnError { reason, out_of_memory: false })
        }
    }
}

async fn join_blocking(join: Join) -> Result<ShardEnd, SpawnError> {
    match tokio::task::spawn_blocking(join).await {
        Ok(end) => end,
        Err(error) => Err(SpawnError { reason: error.to_string(), out_of_memory: false }),
    }
}

/// What every shard's thread does, whatever drives it.
pub(super) async fn live(
    context: ShardContext,
    ready: oneshot::Sender<()>,
    body: oneshot::Receiver<ShardBody>,
) -> ShardEnd {
    if ready.send(()).is_err() {
        return Ok(());
    }
    let Ok(body) = body.await else { return Ok(()) };
    AssertUnwindSafe(async move { body(context).await })
        .catch_unwind()
        .await
        .map_err(|panic| panic_message(&*panic))
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_string())
}

/// An error and all that led to it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        line.push_str(": ");
        line.push_str(&next.to_string());
        cause = next.source();
    }
    line
}
