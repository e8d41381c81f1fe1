//! Reads one partition's log and puts its records into the inbox of the shard that owns it.
//!
//! Law: a feeder is one reading, from one offset on, in the order of the log, nothing left out;
//! it reads only as far as its partition's budget of bytes reaches. Faults that pass are waited
//! out here; those that do not go to the engine, and the feeder ends.

use std::sync::Arc;
use std::time::Duration;

use hydrograph_storage::engine::{Input, LogFault, ReadingId};
use hydrograph_storage::ids::{Offset, PartitionId};
use tokio::sync::Semaphore;

use super::inbox::{Closed, Inbox, Message};
use crate::log::{Log, LogError, LogReader};

#[cfg(test)]
mod tests;

/// What is read at once: small beside the budget, large beside a record.
const READ_BYTES: usize = 1 << 20;

/// The budget is counted in units, so that a permit's `u32` is wide enough.
const UNIT_BYTES: usize = 1 << 10;

const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(2);

/// A budget of about `bytes`, at least two readings' worth, so that one can be on its way while
/// another is applied.
pub(super) fn budget(bytes: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(bytes.max(2 * READ_BYTES) / UNIT_BYTES))
}

/// One reading of one partition.
pub(super) struct Feeder {
    pub(super) partition: PartitionId,
    pub(super) reading: ReadingId,
    pub(super) from: Offset,
    pub(super) log: Arc<dyn Log>,
    pub(super) inbox: Inbox,
    pub(super) budget: Arc<Semaphore>,
}

/// Why a feeder ends.
enum End {
    /// Nobody listens any more.
    Closed,
    /// The log cannot go on.
    Log(LogError),
}

impl From<Closed> for End {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

impl From<LogError> for End {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl Feeder {
    /// Reads until it is dropped or the log cannot go on.
    pub(super) async fn run(mut self) {
        let mut pause = RETRY_FIRST;
        loop {
            let began_at = self.from;
            let Err(End::Log(error)) = self.read().await else { return };
            let fault = match error {
                LogError::OutOfRange { earliest, latest, .. } => {
                    LogFault::OutOfRange { earliest, latest }
                }
                error @ LogError::Corrupt { .. } => LogFault::Corrupt(error.to_string()),
                error => {
                    let partition = self.partition.0;
                    tracing::warn!(partition, %error, "reading the log is tried again");
                    pause = if self.from > began_at { RETRY_FIRST } else { pause };
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_LAST);
                    continue;
                }
            };
            let input = Input::LogFailed { reading: self.reading, fault };
            // If nobody listens any more, nobody needs to know.
            let _ = self.inbox.send(Message::Input { partition: self.partition, input }).await;
            return;
        }
    }

    async fn read(&mut self) -> Result<(), End> {
        let Self { partition, reading, .. } = *self;
        let latest = self.log.latest(partition).await?;
        self.inbox.send(Message::ReplayUntil { partition, reading, latest }).await?;
        let mut reader = self.log.read(partition, self.from).await?;
        loop {
            self.read_some(&mut *reader).await?;
        }
    }

    async fn read_some(&mut self, reader: &mut dyn LogReader) -> Result<(), End> {
        let Self { partition, reading, .. } = *self;
        let room = Arc::clone(&self.budget).acquire_many_owned((READ_BYTES / UNIT_BYTES) as u32);
        let mut room = room.await.map_err(|_closed| End::Closed)?;
        let records = reader.next(READ_BYTES).await?;
        let Some(last) = records.last() else { return Ok(()) };
        self.from = last.offset.next();
        let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, room.num_permits());
        let spare = room.num_permits() - units;
        drop(room.split(spare));
        self.inbox.send(Message::Records { partition, reading, records, held: room }).await?;
        Ok(())
    }
}
