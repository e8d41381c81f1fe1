//! What comes out of an engine.

use bytes::Bytes;

use super::input::FlushTicket;
use crate::ids::{Epoch, Offset};

/// Names one request to the store; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectId(pub u64);

/// Names one reading of the log; a new one makes all older ones void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadingId(pub u64);

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Do this with the store, in any order with others, and answer with
    /// [`super::Input::Completed`].
    Store {
        /// Comes back in the answer.
        id: EffectId,
        /// What to do.
        request: StoreRequest,
    },
    /// Stop any earlier reading and read the log from here on.
    ReadLog {
        /// Comes back with the records.
        reading: ReadingId,
        /// The first record wanted.
        from: Offset,
    },
    /// Everything before this offset is in committed blocks: the log may forget it.
    ReleaseLog {
        /// The committed offset.
        before: Offset,
    },
    /// The answer to [`super::Input::Flush`].
    Flushed {
        /// Whose answer.
        ticket: FlushTicket,
        /// The committed offset, or why nothing will be flushed here any more.
        result: Result<Offset, StopReason>,
    },
    /// A newer manifest is in force; [`super::Engine::manifest`] shows it.
    Committed {
        /// Its number.
        number: u64,
    },
    /// The engine has dropped its state and will do nothing more. Drop it and stop reading.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

/// One request to the store, about the engine's own partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreRequest {
    /// Find the highest manifest and the boundary.
    ListManifests,
    /// Read one manifest.
    ReadManifest {
        /// Its number.
        number: u64,
    },
    /// Create one manifest unless it exists.
    CreateManifest {
        /// Its number.
        number: u64,
        /// Its content.
        bytes: Bytes,
    },
    /// Create one block unless it exists.
    CreateBlock {
        /// Its name within the partition.
        name: String,
        /// Its content.
        bytes: Bytes,
    },
    /// Keep one record that is intact but meaningless, unless it is kept already.
    CreateDeadLetter {
        /// Where it stood in the log.
        offset: Offset,
        /// What is wrong with it.
        reason: String,
        /// The record.
        bytes: Bytes,
    },
}

/// Why an engine stopped for good. Only `Fenced` is ordinary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// Another owner has opened the partition since.
    #[error("fenced off by epoch {0}")]
    Fenced(Epoch),
    /// A record or manifest was written by a newer binary: upgrade this one.
    #[error("{what} has format version {version}, which this binary does not know")]
    NewerVersion {
        /// The record or manifest.
        what: String,
        /// Its format version.
        version: u32,
    },
    /// A record's checksum failed twice.
    #[error("record at offset {0} is corrupt")]
    CorruptRecord(Offset),
    /// A manifest cannot be read or contradicts what was committed.
    #[error("manifest {number}: {reason}")]
    CorruptManifest {
        /// Which.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A generation cannot be written as a block.
    #[error("block cannot be encoded: {0}")]
    Unencodable(String),
    /// Offsets of the log are missing.
    #[error("log holds no record at offset {wanted}; the next one is at {found}")]
    LogGap {
        /// The next offset.
        wanted: Offset,
        /// What came instead.
        found: Offset,
    },
    /// The log does not hold the offset to go on from.
    #[error("log does not hold offset {wanted}, only {earliest} to {latest}")]
    LogLost {
        /// The next offset.
        wanted: Offset,
        /// First offset held.
        earliest: Offset,
        /// One past the last offset held.
        latest: Offset,
    },
    /// The log is damaged.
    #[error("log is corrupt: {0}")]
    LogCorrupt(String),
}
