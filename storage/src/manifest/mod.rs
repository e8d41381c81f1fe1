//! The manifest of a partition: the numbered list of its blocks, its committed offset and its
//! epoch. One object per number, created if absent, never changed.
//!
//! Law: blocks and offset move together, in one create of number n+1 (DESIGN §3.3). What a
//! manifest says follows from the one before it by one [`Change`], so a lost race is answered
//! by making the same change to the winner, if it still makes sense there.
//!
//! The bytes are in storage/FORMAT.md. Decoding is total: any bytes give a manifest or an error.

mod change;
mod codec;
mod commit;
mod load;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use change::{Change, Conflict, Flush, Swap};
pub use codec::{ManifestError, decode, encode};
pub use commit::{Commit, CommitError, Step};
pub use load::{LoadError, commit, load};

use crate::block::BlockEntry;
use crate::ids::{Epoch, Offset, PartitionId};

/// The most bytes of an encoded manifest. A change that would make one larger has to wait.
pub const MANIFEST_BYTES_MAX: usize = 1 << 20;

/// Tells one commit's manifest from another's of the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Nonce(pub u128);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Offsets whose records were intact but meaningless: they are in the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedRange {
    /// First offset skipped.
    pub start: Offset,
    /// One past the last.
    pub end: Offset,
}

/// The state of a partition up to its offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Position in the partition's sequence of manifests; the first created is 1.
    pub number: u64,
    /// Of the commit that made it.
    pub nonce: Nonce,
    /// Which partition.
    pub partition: PartitionId,
    /// Of the owner at the time.
    pub epoch: Epoch,
    /// Everything before it is in the blocks; replay starts here.
    pub offset: Offset,
    /// In the order of precedence: ascending by offset range.
    pub blocks: Vec<BlockEntry>,
    /// Names of blocks that were merged or expired and are not deleted yet, ascending.
    pub dropped: BTreeSet<String>,
    /// The newest receive time of any record before the offset.
    pub newest_receive_ms: Option<i64>,
    /// Ascending and disjoint.
    pub skipped: Vec<SkippedRange>,
    /// Per window (by its start) the offset after the last change of its content.
    pub window_versions: BTreeMap<i64, Offset>,
}

impl Manifest {
    /// What a partition is before its first manifest.
    pub fn empty(partition: PartitionId) -> Self {
        Self {
            number: 0,
            nonce: Nonce(0),
            partition,
            epoch: Epoch(0),
            offset: Offset(0),
            blocks: Vec::new(),
            dropped: BTreeSet::new(),
            newest_receive_ms: None,
            skipped: Vec::new(),
            window_versions: BTreeMap::new(),
        }
    }
}
