//! The block: one immutable Parquet file of one partition with an index in it (DESIGN §8,
//! storage/FORMAT.md).
//!
//! Law: what is read from a block is what was pushed into it, to the bit, or an error: every
//! byte of the file is under a checksum. Reading never panics and never allocates more than a
//! small multiple of what the file holds.
//!
//! ```text
//! push ─▶ writer ─▶ Parquet pages │ index │ footer ─▶ store ─▶ Block ─▶ select, read, scan
//! ```

mod automaton;
mod cache;
mod columns;
mod decimal;
mod decode;
mod delta;
mod entry;
mod footer;
mod groups;
mod index;
mod options;
mod pages;
mod reader;
mod scan;
mod schema;
mod section;
mod select;
mod verify;
mod wire;
mod writer;

pub use cache::PageCache;
pub use entry::{BlockEntry, BlockHeader, TENANT_SPANS_MAX, TenantSpan};
pub use options::BlockOptions;
pub use reader::Block;
pub use scan::{Row, Scan};
pub use verify::Report;
pub use writer::{BlockWriter, FinishedBlock};

use std::cmp::Ordering;

use crate::labels::Labels;
use crate::store::StoreError;

/// The window of flushed blocks and of the first level of merged ones.
pub const WINDOW_MS: i64 = 2 * 3_600_000;

/// Samples of one row at most.
pub const ROW_SAMPLES_MAX: usize = 1_024;

/// Why a block could not be written or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BlockError {
    /// The file is not what was written.
    #[error("corrupt block: {0}")]
    Corrupt(String),
    /// A newer binary wrote it.
    #[error("block format version {0} is newer than this binary")]
    NewerVersion(u32),
    /// More than the format has room for.
    #[error("{0} of the block is too large")]
    TooLarge(&'static str),
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Parquet library refuses.
    #[error("parquet: {0}")]
    Parquet(String),
}

impl From<parquet::errors::ParquetError> for BlockError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(error.to_string())
    }
}

/// Start of the window of `window_ms` that holds `t_ms`.
pub fn window_start(t_ms: i64, window_ms: i64) -> i64 {
    t_ms.div_euclid(window_ms).saturating_mul(window_ms)
}

/// The order of series within a tenant's window: by metric, then by labels.
pub fn row_order(a: &Labels, b: &Labels) -> Ordering {
    a.metric_name().cmp(b.metric_name()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests;
