//! Carries out a merge: rows of all inputs in the order of a block, equal series joined, cut into
//! the windows of the level that they go to.
//!
//! Law: of equal timestamps the one in the later input wins. Memory is bounded by the outputs'
//! compressed size and one row of each input.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::sync::Arc;

use rand::rngs::StdRng;

use super::CompactionError;
use super::outputs::Outputs;
use crate::block::{
    Block, BlockEntry, BlockError, BlockOptions, FinishedBlock, PageCache, Row, Scan, row_order,
    window_start,
};
use crate::engine::{Completion, StoreRequest, perform};
use crate::ids::{Epoch, PartitionId};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::store::Store;

/// What the outputs shall be.
#[derive(Clone, Debug)]
pub struct Target {
    /// Of which partition.
    pub partition: PartitionId,
    /// The manifest's.
    pub epoch: Epoch,
    /// Their level.
    pub level: u8,
    /// When they are written.
    pub created_ms: i64,
    /// A tenant with this much in the inputs gets blocks of its own.
    pub tenant_bytes_min: u64,
}

/// Opens the inputs. A named block that is missing is an error.
pub fn open(
    store: &dyn Store,
    names: &[String],
    pages: &Arc<PageCache>,
) -> Result<Vec<Arc<Block>>, CompactionError> {
    let open = |name: &String| Block::open(store.open(name)?, pages);
    names.iter().map(|name| open(name).map_err(|source| failed(name, source))).collect()
}

/// Merges blocks, given in the order of precedence.
pub fn merge(
    inputs: &[Arc<Block>],
    target: &Target,
    nonces: &mut StdRng,
) -> Result<Vec<FinishedBlock>, CompactionError> {
    let window_ms = BlockOptions::for_level(target.level).window_ms;
    let mut outputs = Outputs::new(inputs, target, nonces);
    let mut heads: Vec<Head<'_>> =
        inputs.iter().map(|block| Head { block, rows: block.scan().peekable() }).collect();
    let (mut merged, mut piece) = (Samples::new(), Samples::new());
    while let Some(key) = least(&mut heads, window_ms)? {
        merged.clear();
        for head in &mut heads {
            piece.clear();
            while let Some(row) = head.take(&key)? {
                piece.merge_newer(&row.samples);
            }
            merged.merge_newer(&piece);
        }
        outputs.push(key.start_ms, &key.tenant, &key.labels, &merged)?;
    }
    outputs.finish()
}

/// Creates the blocks in the store: all of them, or none is left there.
pub async fn create(
    store: &dyn Store,
    partition: PartitionId,
    blocks: Vec<FinishedBlock>,
) -> Result<Vec<BlockEntry>, CompactionError> {
    let mut entries: Vec<BlockEntry> = Vec::with_capacity(blocks.len());
    for FinishedBlock { entry, bytes } in blocks {
        let name = entry.name.clone();
        let request = StoreRequest::CreateBlock { name: name.clone(), bytes };
        entries.push(entry);
        if perform(store, partition, request).await != Completion::Created {
            discard(store, &entries).await;
            return Err(CompactionError::NotCreated(name));
        }
    }
    Ok(entries)
}

/// Deletes blocks that no manifest names or will. One that stays is garbage by kind later.
pub(super) async fn discard(store: &dyn Store, blocks: &[BlockEntry]) {
    for block in blocks {
        if let Err(error) = store.delete(&block.name).await {
            tracing::warn!(block = block.name, %error, "block is not deleted yet");
        }
    }
}

pub(super) fn failed(name: &str, source: BlockError) -> CompactionError {
    CompactionError::Block { name: name.to_owned(), source }
}

/// What is joined: one series in one window of the outputs.
struct Key {
    window_ms: i64,
    tenant: Arc<str>,
    start_ms: i64,
    labels: Labels,
}

impl Key {
    fn of(row: &Row, window_ms: i64) -> Self {
        Self {
            window_ms,
            tenant: Arc::clone(&row.tenant),
            start_ms: window_start(row.window_start_ms, window_ms),
            labels: row.labels.clone(),
        }
    }

    fn cmp(&self, row: &Row) -> Ordering {
        self.tenant
            .cmp(&row.tenant)
            .then_with(|| self.start_ms.cmp(&window_start(row.window_start_ms, self.window_ms)))
            .then_with(|| row_order(&self.labels, &row.labels))
    }
}

/// One input and where it is read.
struct Head<'a> {
    block: &'a Block,
    rows: Peekable<Scan<'a>>,
}

impl Head<'_> {
    fn peek(&mut self) -> Result<Option<&Row>, CompactionError> {
        match self.rows.peek() {
            None => Ok(None),
            Some(Ok(row)) => Ok(Some(row)),
            Some(Err(source)) => Err(failed(&self.block.entry().name, source.clone())),
        }
    }

    /// The next row, if it belongs to this key.
    fn take(&mut self, key: &Key) -> Result<Option<Row>, CompactionError> {
        let ours = self.peek()?.is_some_and(|row| key.cmp(row).is_eq());
        if ours { Ok(self.rows.next().and_then(Result::ok)) } else { Ok(None) }
    }
}

/// The least key that any input is at.
fn least(heads: &mut [Head<'_>], window_ms: i64) -> Result<Option<Key>, CompactionError> {
    let mut least: Option<Key> = None;
    for head in heads {
        if let Some(row) = head.peek()?
            && least.as_ref().is_none_or(|key| key.cmp(row).is_gt())
        {
            least = Some(Key::of(row, window_ms));
        }
    }
    Ok(least)
}
