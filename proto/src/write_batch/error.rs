//! What can be wrong with a write batch, by what the caller does about it.

use thiserror::Error;

/// Why a record is not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// The bytes are not those that were written: fetch them again, then stop the partition.
    #[error("damaged record: {what}")]
    Checksum {
        /// What gives the damage away.
        what: &'static str,
    },
    /// The bytes are as written and mean nothing: a matter for the dead letters.
    #[error("meaningless record: {what}")]
    Meaningless {
        /// What does not make sense.
        what: &'static str,
    },
    /// Written by a newer binary: stop the partition until this one is upgraded.
    #[error("record of format version {version}, newer than this binary reads")]
    NewerVersion {
        /// Version of the record.
        version: u16,
    },
}

/// Why a series was not taken into a batch; the batch is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PushError {
    /// The batch is too full for it: finish the batch, then push again.
    #[error("write batch is full")]
    Full,
    /// No batch can hold it: push its samples in several parts, or refuse it.
    #[error("series of up to {bytes} bytes is too large for a write batch")]
    TooLarge {
        /// Bytes that it may take.
        bytes: usize,
    },
    /// It is not a series with samples as the format has them.
    #[error("invalid series: {what}")]
    Invalid {
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Why a batch was not encoded.
#[derive(Debug, Error)]
pub enum FinishError {
    /// zstd had no memory.
    #[error("write batch is not compressed")]
    Compress(#[from] std::io::Error),
}
