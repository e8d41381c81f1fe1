//! Sees that every shard with work makes progress.
//!
//! Law: a shard that had work at each of [`PATIENCE_LOOKS`] looks in a row and did no step
//! between them is stalled, and stays so until it does one. Looks are counted, not time, so
//! that a process which was stopped and goes on is not taken for one that hangs.
//!
//! The watchdog runs beside the shards (on tokio), never on one, and only reports: readiness
//! fails and the log says which shard. What follows is for whoever operates the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::progress::{Reading, ShardProgress};

#[cfg(test)]
mod tests;

/// How often the shards are looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(500);

/// For how many looks a shard may be busy with one step.
pub const PATIENCE_LOOKS: u32 = 10;

/// Which shards are stalled, for readiness to ask.
#[derive(Debug)]
pub struct ShardHealth(Vec<AtomicBool>);

impl ShardHealth {
    /// All `shards` are well.
    pub fn new(shards: usize) -> Self {
        Self((0..shards).map(|_| AtomicBool::new(false)).collect())
    }

    /// The numbers of the stalled shards.
    pub fn stalled(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|&shard| self.0[shard].load(Ordering::Relaxed)).collect()
    }
}

/// A change for the worse or the better, after so many looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Stalled,
    Recovered { looks: u32 },
}

/// What was seen of one shard so far.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    steps: u64,
    /// How often it had work since it did its last step.
    looks: u32,
}

impl Seen {
    fn look(&mut self, reading: Reading) -> Option<Change> {
        let stands = reading.has_work && (self.looks == 0 || reading.steps == self.steps);
        if stands {
            self.steps = reading.steps;
            self.looks = self.looks.saturating_add(1);
            return (self.looks == PATIENCE_LOOKS).then_some(Change::Stalled);
        }
        let looks = self.looks;
        *self = Self { steps: reading.steps, looks: u32::from(reading.has_work) };
        (looks >= PATIENCE_LOOKS).then_some(Change::Recovered { looks })
    }
}

/// Looks at the shards every so often, until it is dropped.
pub async fn watch(progress: Vec<Arc<ShardProgress>>, health: Arc<ShardHealth>, every: Duration) {
    let mut shards = vec![Seen::default(); progress.len()];
    let mut looks = tokio::time::interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        for (shard, seen) in shards.iter_mut().enumerate() {
            match seen.look(progress[shard].read()) {
                Some(Change::Stalled) => {
                    health.0[shard].store(true, Ordering::Relaxed);
                    let for_ms = (every * PATIENCE_LOOKS).as_millis();
                    tracing::error!(shard, for_ms, "shard has work and makes no progress");
                }
                Some(Change::Recovered { looks }) => {
                    health.0[shard].store(false, Ordering::Relaxed);
                    let after_ms = (every * looks).as_millis();
                    tracing::warn!(shard, after_ms, "shard makes progress again");
                }
                None => {}
            }
        }
    }
}
