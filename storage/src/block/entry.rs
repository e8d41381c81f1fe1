//! What a block says of itself, and what a manifest keeps of it. Plain data.

use std::ops::Range;

use crate::ids::{Epoch, Offset, PartitionId};
use crate::names::BlockName;
use crate::time_range::TimeRange;

/// A manifest keeps a span per tenant of a block with up to so many tenants.
pub const TENANT_SPANS_MAX: usize = 64;

/// Given by whoever writes a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// The partition whose samples it holds.
    pub partition: PartitionId,
    /// The epoch in which it is written.
    pub epoch: Epoch,
    /// The records that it holds the samples of.
    pub offsets: Range<Offset>,
    /// 0 for a flush, 1 for a window of 2 h, 2 for a window of 24 h.
    pub level: u8,
    /// Tells apart attempts to write the same block.
    pub nonce: u64,
    /// Names of the blocks that were merged into this one.
    pub inputs: Vec<String>,
    /// When it was begun, by the writer's clock.
    pub created_ms: i64,
}

impl BlockHeader {
    /// The block's name in the store.
    pub fn name(&self) -> String {
        BlockName {
            partition: self.partition,
            epoch: self.epoch,
            offsets: self.offsets.clone(),
            level: self.level,
            nonce: self.nonce,
        }
        .to_name()
    }
}

/// What a manifest keeps of a block: enough to plan merges and to leave it out of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockEntry {
    /// Name in the store.
    pub name: String,
    /// Length of the file.
    pub bytes: u64,
    /// 0 for a flush, 1 for a window of 2 h, 2 for a window of 24 h.
    pub level: u8,
    /// The epoch in which it was written.
    pub epoch: Epoch,
    /// The records that it holds the samples of.
    pub offsets: Range<Offset>,
    /// Time of its first sample.
    pub min_time_ms: i64,
    /// Time of its last sample.
    pub max_time_ms: i64,
    /// Rows of all tenants.
    pub rows: u64,
    /// Samples of all tenants.
    pub samples: u64,
    /// Series of all tenants.
    pub series: u64,
    /// Ascending by tenant. Empty if there would be more than [`TENANT_SPANS_MAX`]: then it may
    /// hold any tenant's samples, and its own directory says whose.
    pub tenants: Vec<TenantSpan>,
}

impl BlockEntry {
    /// Whether it may hold samples of a tenant inside a range.
    pub fn may_hold(&self, tenant: &str, range: TimeRange) -> bool {
        let (min_time_ms, max_time_ms) = if self.tenants.is_empty() {
            (self.min_time_ms, self.max_time_ms)
        } else {
            let span = self.tenants.binary_search_by(|span| span.tenant.as_str().cmp(tenant));
            let Ok(at) = span else { return false };
            (self.tenants[at].min_time_ms, self.tenants[at].max_time_ms)
        };
        TimeRange::closed(min_time_ms, max_time_ms).overlaps(&range)
    }
}

/// What a block holds of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSpan {
    /// Whose series.
    pub tenant: String,
    /// Time of the first sample.
    pub min_time_ms: i64,
    /// Time of the last sample.
    pub max_time_ms: i64,
    /// Number of samples.
    pub samples: u64,
    /// Number of series.
    pub series: u64,
}
