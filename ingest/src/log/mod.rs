//! The log: ordered, durable records in partitions, Kafka's model.
//!
//! Law: an append is answered only when the record is durable; within a partition offsets are
//! dense from the earliest on, and every reader sees the same records at the same offsets.

#[cfg(test)]
pub(crate) mod conformance;
pub mod embedded;

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId, Record};

/// Why the log did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Not now; the same call may succeed later. Nothing was acknowledged.
    #[error("log unavailable: {reason}")]
    Unavailable {
        /// What is in the way: disk full, broker away, shutting down.
        reason: String,
        /// The cause, where there is one.
        #[source]
        source: Option<std::io::Error>,
    },
    /// Stored bytes are not what was written, at this place.
    #[error("log of partition {partition} is corrupt at offset {offset}: {reason}")]
    Corrupt {
        /// Where.
        partition: PartitionId,
        /// The first offset that cannot be read.
        offset: Offset,
        /// File, position and cause.
        reason: String,
    },
    /// The offset asked for is not in the log.
    #[error(
        "offset {offset} of partition {partition} is outside the log, which holds {earliest} to {latest}"
    )]
    OutOfRange {
        /// Where.
        partition: PartitionId,
        /// What was asked for.
        offset: Offset,
        /// First offset held.
        earliest: Offset,
        /// One past the last offset held.
        latest: Offset,
    },
    /// A record is larger than the log takes.
    #[error("record of {bytes} bytes is larger than the log's limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that fits.
        limit: usize,
    },
    /// An earlier fsync had failed: nothing more is acknowledged until the process restarts.
    #[error("log of partition {partition} is poisoned by an earlier write error")]
    Poisoned {
        /// Where.
        partition: PartitionId,
    },
}

/// A topic: all partitions of one log.
#[async_trait]
pub trait Log: Send + Sync {
    /// Number of partitions, numbered from 0.
    fn partitions(&self) -> u32;

    /// Appends one record and answers its offset once it is durable. Records of one caller stand
    /// in the order in which their appends were first polled. A future that is dropped leaves its
    /// record in the log or not, but never a part of it.
    async fn append(&self, partition: PartitionId, record: Bytes) -> Result<Offset, LogError>;

    /// Reads from `from` on. Fails at once with `OutOfRange` where the log does not hold it
    /// (the latest offset, where the next record will stand, is inside).
    async fn read(
        &self,
        partition: PartitionId,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError>;

    /// The first offset held.
    async fn earliest(&self, partition: PartitionId) -> Result<Offset, LogError>;

    /// One past the last durable offset.
    async fn latest(&self, partition: PartitionId) -> Result<Offset, LogError>;

    /// Everything before `offset` is in committed blocks: the log may delete it.
    async fn release(&self, partition: PartitionId, offset: Offset) -> Result<(), LogError>;
}

/// A position in one partition.
#[async_trait]
pub trait LogReader: Send {
    /// The next records, at least one and about `max_bytes` together; waits until there is one.
    /// Only durable records are shown. Dropping the future loses nothing.
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<Record>, LogError>;
}
