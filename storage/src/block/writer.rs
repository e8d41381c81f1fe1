//! Writes a block, a run of samples at a time.

use bytes::Bytes;

use super::{BlockEntry, BlockError, BlockHeader, WINDOW_MS};
use crate::labels::Labels;
use crate::samples::Samples;

/// How a block is laid out.
#[derive(Clone, Debug)]
pub struct BlockOptions {
    /// The window that no row crosses.
    pub window_ms: i64,
}

impl BlockOptions {
    /// What fits a level: cheap to write at 0, small above.
    pub fn for_level(level: u8) -> Self {
        Self { window_ms: if level < 2 { WINDOW_MS } else { 12 * WINDOW_MS } }
    }
}

/// A block that is whole.
#[derive(Clone, Debug)]
pub struct FinishedBlock {
    /// For the manifest.
    pub entry: BlockEntry,
    /// The file.
    pub bytes: Bytes,
}

/// A block that is being written.
pub struct BlockWriter {
    header: BlockHeader,
    options: BlockOptions,
}

impl BlockWriter {
    /// An empty block.
    pub fn new(header: BlockHeader, options: BlockOptions) -> Self {
        Self { header, options }
    }

    /// Appends samples of one series that lie in one window, in ascending order of tenant, window
    /// and [`super::row_order`].
    pub fn push(
        &mut self,
        tenant: &str,
        labels: &Labels,
        samples: &Samples,
    ) -> Result<(), BlockError> {
        let _ = (tenant, labels, samples, &self.options, &self.header);
        Err(BlockError::Parquet("not written yet".to_owned()))
    }

    /// Writes what is left and the index. A block holds at least one sample.
    pub fn finish(self) -> Result<FinishedBlock, BlockError> {
        Err(BlockError::Parquet("not written yet".to_owned()))
    }
}
