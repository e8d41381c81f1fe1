//! What goes into an engine.

use bytes::Bytes;

use super::effect::{EffectId, ReadingId};
use crate::ids::{Offset, Record};

/// Names one request to flush, so that its answer can be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlushTicket(pub u64);

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// The next records of the log, in order, as [`super::Effect::ReadLog`] asked for. Hand over
    /// only while [`super::Engine::wants_records`]; those of an older reading are ignored.
    Records {
        /// Which reading they came from.
        reading: ReadingId,
        /// In the order of the log.
        records: Vec<Record>,
    },
    /// The log cannot go on with this reading, and reading again would not help. Faults that
    /// pass (broker away, I/O error) are retried by the driver and never come here.
    LogFailed {
        /// Which reading.
        reading: ReadingId,
        /// Why.
        fault: LogFault,
    },
    /// Time passes. To be sent at least each second.
    Tick {
        /// Milliseconds of a clock that never goes back.
        now_ms: u64,
    },
    /// Flush everything before `through` (everything applied so far, if that is more) and answer
    /// with [`super::Effect::Flushed`] once it is committed.
    Flush {
        /// Comes back in the answer.
        ticket: FlushTicket,
        /// The log's latest offset, so that replay is waited for; 0 for what is applied.
        through: Offset,
    },
    /// The answer to one [`super::Effect::Store`]. May come late, twice or never.
    Completed(EffectId, Completion),
    /// Somebody (a compactor in this process, the control topic) has seen this manifest of this
    /// partition. Older ones than the engine's are ignored.
    ManifestSeen {
        /// Its number.
        number: u64,
        /// The encoded manifest.
        bytes: Bytes,
    },
}

/// What became of a request to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// What is there of a partition's manifests.
    Listed {
        /// The highest number listed.
        highest: Option<u64>,
        /// Manifests below this number may have been deleted; 0 if none was.
        boundary: u64,
    },
    /// The object, or that there is none.
    Read(Option<Bytes>),
    /// Created, and durable. Of a block or a dead letter also: it stood there already.
    Created,
    /// A manifest was not created, because the store says that one of this number exists.
    Exists,
    /// It did not happen and may succeed later.
    Unavailable,
    /// It may have happened or may still happen: a timeout, a broken connection.
    Unclear,
}

/// Why the log cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFault {
    /// It no longer holds, or does not yet hold, the offset asked for.
    OutOfRange {
        /// First offset held.
        earliest: Offset,
        /// One past the last offset held.
        latest: Offset,
    },
    /// Its stored bytes are damaged.
    Corrupt(String),
}
