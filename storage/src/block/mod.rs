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

mod entry;
mod reader;
mod writer;

pub use entry::{BlockEntry, BlockHeader, TenantSpan};
pub use reader::{Block, PageCache, Report, Row, Scan};
pub use writer::{BlockOptions, BlockWriter, FinishedBlock};

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
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Parquet library refuses.
    #[error("parquet: {0}")]
    Parquet(String),
}

/// Start of the window of `window_ms` that holds `t_ms`.
pub fn window_start(t_ms: i64, window_ms: i64) -> i64 {
    t_ms.div_euclid(window_ms).saturating_mul(window_ms)
}

/// The order of series within a tenant's window: by metric, then by labels.
pub fn row_order(a: &Labels, b: &Labels) -> Ordering {
    a.metric_name().cmp(b.metric_name()).then_with(|| a.cmp(b))
}
