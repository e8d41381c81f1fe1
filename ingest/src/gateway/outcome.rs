//! What a write is answered.

use std::sync::Arc;

use hydrograph_proto::remote_write::DecodeError;
use hydrograph_proto::write_batch::FinishError;
use hydrograph_storage::ids::{Offset, PartitionId};

use crate::log::LogError;

/// Refusals that are described in an answer; the others are counted.
const REASONS_MAX: usize = 5;

/// A request that was taken, wholly or in part. What was accepted of it is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOutcome {
    /// Samples stored.
    pub stored_samples: u64,
    /// What was refused.
    pub rejected: Rejected,
    /// What cannot be stored yet.
    pub unsupported: Unsupported,
    /// Where the samples stand: a query that has read this far sees them.
    pub positions: Vec<(PartitionId, Offset)>,
}

/// What validation refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Series with labels that are not taken.
    pub series: u64,
    /// Samples of those series, and samples with times that are not taken.
    pub samples: u64,
    /// The first few refusals in words.
    pub reasons: Vec<String>,
}

impl Rejected {
    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.series == 0 && self.samples == 0
    }

    pub(super) fn note(&mut self, describe: impl FnOnce() -> String) {
        if self.reasons.len() < REASONS_MAX {
            self.reasons.push(describe());
        }
    }
}

/// What a request brought that cannot be stored yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsupported {
    /// Native histograms.
    pub histograms: u64,
    /// Exemplars.
    pub exemplars: u64,
    /// Descriptions of metrics.
    pub metadata: u64,
}

/// Why a request was not taken, or not wholly logged. A part of it may be stored: the sender
/// sends it again, and samples that come twice count once.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The body is not a write request.
    #[error("malformed write request")]
    Malformed(#[from] DecodeError),
    /// The tenant's name is not allowed.
    #[error("invalid tenant {tenant:?}")]
    Tenant {
        /// As sent.
        tenant: String,
    },
    /// Too much is being written; the same request may succeed in a moment.
    #[error("too many bytes of write requests in flight (limit: {limit_bytes})")]
    Overloaded {
        /// What may be in flight.
        limit_bytes: usize,
    },
    /// The log did not take it.
    #[error("write was not logged")]
    Unavailable(#[source] Arc<LogError>),
    /// No memory to encode it.
    #[error("write was not encoded")]
    Encode(#[source] Arc<FinishError>),
    /// The gateway is shutting down.
    #[error("gateway is shutting down")]
    Closed,
}

impl From<FinishError> for WriteError {
    fn from(error: FinishError) -> Self {
        Self::Encode(Arc::new(error))
    }
}
