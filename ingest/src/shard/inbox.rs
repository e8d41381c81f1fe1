//! What a shard can be told: one enum, one bounded queue.
//!
//! Law: the queue is bounded in messages, and records also in bytes: each holds its share of its
//! partition's budget until it has been applied, so a partition that cannot take more stops its
//! own feeder and nobody else's. The shard never waits for its senders.

use std::collections::BTreeSet;
use std::sync::Arc;

use hydrograph_storage::engine::{Input, PartitionView, ReadingId};
use hydrograph_storage::ids::{Offset, PartitionId, Record};
use hydrograph_storage::manifest::Manifest;
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SourceError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::progress::ShardProgress;
use super::shards::ShardsError;

/// Messages that wait at most. Records wait in their partition, so this only has to cover the
/// time of one slice of work.
const MESSAGES_MAX: usize = 256;

/// One thing to know or to do.
pub(super) enum Message {
    /// The log holds everything before this offset as the reading begins; when it is applied,
    /// the partition is live.
    ReplayUntil { partition: PartitionId, reading: ReadingId, latest: Offset },
    /// The next records of a reading, and the share of the partition's budget that they hold.
    Records {
        partition: PartitionId,
        reading: ReadingId,
        records: Vec<Record>,
        held: OwnedSemaphorePermit,
    },
    /// Something else that an engine is to be told.
    Input { partition: PartitionId, input: Input },
    /// Time passes, for all partitions.
    Tick { now_ms: u64 },
    /// Flush a partition, also what lies between its position and `through`.
    Flush { partition: PartitionId, through: Offset, answer: FlushAnswer },
    /// Take one view of all partitions.
    Snapshot { request: SelectRequest, answer: Answer<PartitionView> },
    /// Names or values in the memtables of all partitions.
    LabelStrings {
        request: SelectRequest,
        question: LabelQuestion,
        answer: Answer<PartitionStrings>,
    },
    /// End now; what is on its way is left to the next replay.
    Stop,
}

/// Names or values in one partition's memory, and the manifest of that instant.
pub(super) type PartitionStrings = (Arc<Manifest>, BTreeSet<String>);

/// Gets one element per partition of the shard.
pub(super) type Answer<T> = oneshot::Sender<Result<Vec<T>, SourceError>>;

/// Gets the committed offset.
pub(super) type FlushAnswer = oneshot::Sender<Result<Offset, ShardsError>>;

/// The end of the queue that others hold.
#[derive(Clone)]
pub(super) struct Inbox {
    sender: mpsc::Sender<Message>,
    progress: Arc<ShardProgress>,
}

/// The shard has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl Inbox {
    /// A queue to the shard whose counters these are.
    pub(super) fn new(progress: Arc<ShardProgress>) -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(MESSAGES_MAX);
        (Self { sender, progress }, receiver)
    }

    /// Waits for room.
    pub(super) async fn send(&self, message: Message) -> Result<(), Closed> {
        let room = self.sender.reserve().await.map_err(|_closed| Closed)?;
        self.progress.give();
        room.send(message);
        Ok(())
    }

    /// Has a shard that waits for a message look up. One with a full queue does so by itself.
    pub(super) fn wake_to_end(&self) {
        if let Ok(room) = self.sender.try_reserve() {
            self.progress.give();
            room.send(Message::Stop);
        }
    }
}
