//! One flush on its way: a frozen span becomes a block and a new offset in the manifest.
//!
//! ```text
//! Encoding ─ encode_slice until done ─▶ Creating the block ─▶ Ready ─ dead letters kept ─▶ Committing
//!     └── no samples: no block ───────────────────────────────▶
//! ```
//! Law: the block is durable before the commit begins, and so are the dead letters of its range.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::tail::{Span, Tail};
use crate::block::{BlockEntry, BlockError, BlockHeader, BlockOptions, BlockWriter};
use crate::ids::{Epoch, PartitionId};
use crate::manifest::{Change, Flush};
use crate::memtable::{FlushCursor, FlushStep};
use crate::samples::Samples;

pub(super) struct FlushJob {
    epoch: Epoch,
    pub(super) span: Span,
    windows: BTreeSet<i64>,
    stage: Stage,
}

enum Stage {
    Encoding(Box<Encoding>),
    /// The block is being created.
    Creating(BlockEntry),
    /// All durable but, perhaps, dead letters.
    Ready(Option<BlockEntry>),
    Committing,
}

struct Encoding {
    cursor: FlushCursor,
    writer: BlockWriter,
    samples: Samples,
}

/// What a slice of encoding came to.
pub(super) enum Encoded {
    /// Call again.
    More,
    /// The block is whole: create it.
    Block { name: String, bytes: Bytes },
    /// There are no samples, so no block.
    Nothing,
}

impl FlushJob {
    pub(super) fn new(
        partition: PartitionId,
        epoch: Epoch,
        nonce: u64,
        span: Span,
        tail: &Tail,
    ) -> Self {
        let stage = match span.generation {
            None => Stage::Ready(None),
            Some(generation) => {
                let header = BlockHeader {
                    partition,
                    epoch,
                    offsets: span.start..span.end,
                    level: 0,
                    nonce,
                    inputs: Vec::new(),
                    created_ms: span.newest_receive_ms.unwrap_or(0),
                };
                Stage::Encoding(Box::new(Encoding {
                    cursor: tail.memtable.flush_cursor(generation),
                    writer: BlockWriter::new(header, BlockOptions::for_level(0)),
                    samples: Samples::new(),
                }))
            }
        };
        Self { epoch, span, windows: BTreeSet::new(), stage }
    }

    pub(super) fn is_encoding(&self) -> bool {
        matches!(self.stage, Stage::Encoding(_))
    }

    /// Encodes about `samples_max` samples.
    pub(super) fn encode(
        &mut self,
        tail: &Tail,
        samples_max: usize,
    ) -> Result<Encoded, BlockError> {
        let Stage::Encoding(encoding) = &mut self.stage else { return Ok(Encoded::Nothing) };
        let mut budget = samples_max.max(1);
        loop {
            match encoding.cursor.next(&tail.memtable, &mut encoding.samples) {
                FlushStep::Series(row) => {
                    self.windows.insert(row.window.start_ms);
                    encoding.writer.push(&row.tenant, &row.labels, &encoding.samples)?;
                    if encoding.samples.len() >= budget {
                        return Ok(Encoded::More);
                    }
                    budget -= encoding.samples.len();
                }
                FlushStep::Working => return Ok(Encoded::More),
                FlushStep::Done => break,
            }
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Ready(None));
        let Stage::Encoding(encoding) = stage else { unreachable!("it was encoding above") };
        if self.windows.is_empty() {
            return Ok(Encoded::Nothing);
        }
        let block = encoding.writer.finish()?;
        let name = block.entry.name.clone();
        self.stage = Stage::Creating(block.entry);
        Ok(Encoded::Block { name, bytes: block.bytes })
    }

    /// The block is durable.
    pub(super) fn created(&mut self) {
        if let Stage::Creating(entry) = std::mem::replace(&mut self.stage, Stage::Ready(None)) {
            self.stage = Stage::Ready(Some(entry));
        }
    }

    /// The change to commit, once, when everything but the dead letters is durable.
    pub(super) fn take_change(&mut self) -> Option<Change> {
        if !matches!(self.stage, Stage::Ready(_)) {
            return None;
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Committing);
        let Stage::Ready(block) = stage else { unreachable!("it was ready above") };
        Some(Change::Flush(Flush {
            epoch: self.epoch,
            start: self.span.start,
            end: self.span.end,
            newest_receive_ms: self.span.newest_receive_ms,
            skipped: self.span.skipped.clone(),
            windows: std::mem::take(&mut self.windows),
            block,
        }))
    }
}
