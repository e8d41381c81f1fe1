//! Reads a block.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{BlockEntry, BlockError, BlockHeader};
use crate::labels::Labels;
use crate::matcher::Matcher;
use crate::samples::Samples;
use crate::source::{LabelQuestion, SampleReader, SourceError};
use crate::store::BlockFile;
use crate::time_range::TimeRange;

/// Decoded pages of all open blocks, bounded in bytes.
pub struct PageCache {
    bytes_max: usize,
}

impl PageCache {
    /// Keeps at most `bytes_max`.
    pub fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max })
    }
}

/// An open block.
pub struct Block {
    file: Arc<dyn BlockFile>,
    pages: Arc<PageCache>,
    entry: BlockEntry,
    header: BlockHeader,
}

/// What [`Block::verify`] found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows compared with the index.
    pub rows: u64,
    /// Samples decoded.
    pub samples: u64,
    /// Pages whose checksum was computed.
    pub pages: u64,
    /// Length of the index.
    pub index_bytes: u64,
}

/// The samples of one series in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose series.
    pub tenant: Arc<str>,
    /// Start of the window.
    pub window_start_ms: i64,
    /// The series.
    pub labels: Labels,
    /// Its samples in that window.
    pub samples: Samples,
}

/// Rows of a block in file order: ascending by tenant, window and [`super::row_order`].
pub struct Scan<'a> {
    block: &'a Block,
}

impl Block {
    /// Reads the directory of the index. `pages` is shared by all blocks.
    pub fn open(file: Arc<dyn BlockFile>, pages: &Arc<PageCache>) -> Result<Arc<Self>, BlockError> {
        let _ = (file, pages.bytes_max);
        Err(BlockError::Corrupt("not written yet".to_owned()))
    }

    /// What a manifest keeps of it.
    pub fn entry(&self) -> &BlockEntry {
        &self.entry
    }

    /// What its writer was told.
    pub fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// The series of `tenant` that match and have samples near `range`, each once, ascending.
    pub fn select(
        &self,
        tenant: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<(Labels, u32)>, BlockError> {
        let _ = (tenant, matchers, range, self.file.len(), self.pages.bytes_max);
        Ok(Vec::new())
    }

    /// Label names or values of the series that [`Self::select`] would find.
    pub fn label_strings(
        &self,
        tenant: &str,
        matchers: &[Matcher],
        range: TimeRange,
        question: &LabelQuestion,
    ) -> Result<BTreeSet<String>, BlockError> {
        let _ = (tenant, matchers, range, question);
        Ok(BTreeSet::new())
    }

    /// All rows in file order, in bounded memory.
    pub fn scan(&self) -> Scan<'_> {
        Scan { block: self }
    }

    /// Reads everything and compares it with its checksums and the index with the rows.
    pub fn verify(&self) -> Result<Report, BlockError> {
        Err(BlockError::Corrupt("not written yet".to_owned()))
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Row, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        let _ = self.block;
        None
    }
}

impl SampleReader for Block {
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        let _ = (id, range, out);
        Ok(())
    }
}
