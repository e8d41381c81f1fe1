//! Which partition a series goes to.
//!
//! ```text
//! shard     = base(tenant) + (hash(metric family) + hash(labels) mod 2^k) mod 2^t     mod 4,096
//! partition = shard mod P
//! ```
//! Law: routing is locality only, no reader's correctness rests on it. The same series goes to
//! the same partition in every process, as long as spread and partition count stand.

use hydrograph_proto::fingerprint::{fingerprint, symbol_hash};
use hydrograph_storage::ids::PartitionId;

/// Virtual shards; a power of two.
const SHARDS: u64 = 4096;

/// How far a tenant's series are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// t: the tenant uses 2^t shards, at most 2^12.
    pub tenant_bits: u32,
    /// k: one metric family uses 2^k of them.
    pub family_bits: u32,
}

impl Spread {
    /// Every family somewhere in all shards, each family in one.
    pub const STATIC: Self = Self { tenant_bits: 12, family_bits: 0 };
}

/// Routes the series of one tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Router {
    base: u64,
    tenant_mask: u64,
    family_mask: u64,
    partitions: u64,
}

impl Router {
    pub(super) fn new(tenant: &str, spread: Spread, partitions: u32) -> Self {
        assert!(spread.tenant_bits <= 12 && spread.family_bits <= spread.tenant_bits, "{spread:?}");
        assert!(partitions > 0, "a log has partitions");
        Self {
            base: symbol_hash(tenant) % SHARDS,
            tenant_mask: (1 << spread.tenant_bits) - 1,
            family_mask: (1 << spread.family_bits) - 1,
            partitions: partitions.into(),
        }
    }

    /// The partition of a series of metric `name` with these labels, sorted.
    #[inline]
    pub(super) fn partition(&self, name: &str, labels: &[(&str, &str)]) -> PartitionId {
        let mut within = symbol_hash(metric_family(name));
        if self.family_mask != 0 {
            let hashes = labels.iter().map(|(name, value)| (symbol_hash(name), symbol_hash(value)));
            within = within.wrapping_add(fingerprint(0, hashes).0 as u64 & self.family_mask);
        }
        let shard = (self.base + (within & self.tenant_mask)) % SHARDS;
        PartitionId((shard % self.partitions) as u32)
    }
}

/// The metric's name without the suffix of a histogram's or summary's parts, which queries use
/// together.
#[inline]
pub fn metric_family(name: &str) -> &str {
    let family = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part));
    family.filter(|family| !family.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests;
