//! Shards on tokio: one current-thread runtime per shard.
//!
//! Law: it offers a shard nothing that glommio's executor lacks. Timers and sockets stay off,
//! so that a shard which comes to need them fails here too.

use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::sync::oneshot;

use super::runtime::{ShardContext, ShardEnd, SpawnError, Spawned, live, panic_message};

/// Starts a runtime on its own thread.
pub(super) fn spawn(context: ShardContext, cpu: Option<usize>) -> Result<Spawned, SpawnError> {
    let (ready_sender, ready) = oneshot::channel();
    let (body, body_receiver) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name(format!("shard-{}", context.shard))
        .spawn(move || -> Result<ShardEnd, SpawnError> {
            if let Some(cpu) = cpu {
                let mut only = CpuSet::new();
                only.set(cpu);
                sched_setaffinity(None, &only).map_err(|error| told(&error.into()))?;
            }
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .map_err(|error| told(&error))?;
            Ok(runtime.block_on(live(context, ready_sender, body_receiver)))
        })
        .map_err(|error| told(&error))?;
    let join = move || thread.join().unwrap_or_else(|panic| Ok(Err(panic_message(&*panic))));
    Ok(Spawned { ready, body, join: Box::new(join) })
}

fn told(error: &std::io::Error) -> SpawnError {
    let out_of_memory = error.kind() == std::io::ErrorKind::OutOfMemory;
    SpawnError { reason: error.to_string(), out_of_memory }
}
