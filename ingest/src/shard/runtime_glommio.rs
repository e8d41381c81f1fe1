//! Shards on glommio: the only file that knows it.
//!
//! Law: nothing here is called before [`super::probe`] has said yes, and every executor carries
//! a heartbeat. glommio 0.9.0 may park although a task is runnable: a completion that arrives
//! between two looks makes it believe that it was preempted before it ran anything, and a
//! further wake does not help a task that already counts as woken. A timer that fires ends such
//! a park, so the longest one is the heartbeat's period.
//!
//! `io_memory` is the least that glommio takes (64 KiB, where the default pins 30 MiB per
//! executor) since a shard does no file I/O. A short `preempt_timer` bounds how long a foreign
//! wake waits behind a busy task.

use std::time::Duration;

use glommio::{BuilderErrorKind, GlommioError, LocalExecutorBuilder, Placement};
use tokio::sync::oneshot;

use super::probe::RING_DEPTH;
use super::runtime::{ShardContext, SpawnError, Spawned, live, panic_message};

#[cfg(test)]
mod tests;

/// The longest that an executor stays parked by mistake.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(20);

const PREEMPT_TIMER: Duration = Duration::from_millis(1);

/// Starts an executor on its own thread.
pub(super) fn spawn(
    context: ShardContext,
    cpu: Option<usize>,
    heartbeat: Option<Duration>,
) -> Result<Spawned, SpawnError> {
    let (ready_sender, ready) = oneshot::channel();
    let (body, body_receiver) = oneshot::channel();
    let handle = LocalExecutorBuilder::new(cpu.map_or(Placement::Unbound, Placement::Fixed))
        .name("shard")
        .io_memory(0)
        .ring_depth(RING_DEPTH as usize)
        .preempt_timer(PREEMPT_TIMER)
        .spawn(move || async move {
            let heart = heartbeat.map(|every| glommio::spawn_local(beat(every)));
            let end = live(context, ready_sender, body_receiver).await;
            if let Some(heart) = heart {
                heart.cancel().await;
            }
            end
        })
        .map_err(|error| told(&error))?;
    Ok(Spawned { ready, body, join: Box::new(move || handle.join().map_err(|error| told(&error))) })
}

/// Lets the executor look at its rings and at wakes from other threads, if it is time to.
pub(super) async fn yield_now() {
    glommio::executor().yield_if_needed().await;
}

async fn beat(every: Duration) {
    loop {
        glommio::timer::sleep(every).await;
    }
}

fn told<T: std::fmt::Debug>(error: &GlommioError<T>) -> SpawnError {
    let out_of_memory = match error {
        GlommioError::IoError(source) | GlommioError::EnhancedIoError { source, .. } => {
            source.kind() == std::io::ErrorKind::OutOfMemory
        }
        _ => false,
    };
    let reason = match error {
        GlommioError::BuilderError(BuilderErrorKind::ThreadPanic(panic)) => panic_message(&**panic),
        _ => error.to_string(),
    };
    SpawnError { reason, out_of_memory }
}
