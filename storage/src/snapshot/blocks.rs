//! Open blocks, kept for the next query: their files and the directories of their indexes.
//!
//! Law: bounded by the bytes of the indexes that it keeps; what a query holds stays open with
//! the query. Blocks are immutable, so a kept one is never stale.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::{Block, BlockEntry, BlockError, PageCache};
use crate::source::SourceError;
use crate::store::{Store, StoreError};

/// What an open block takes besides its index: a file, a map entry.
const BLOCK_BYTES: u64 = 4 << 10;

/// Open blocks of one store.
pub struct BlockCache {
    store: Arc<dyn Store>,
    pages: Arc<PageCache>,
    bytes_max: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    blocks: HashMap<String, Open>,
    bytes: u64,
    uses: u64,
}

struct Open {
    block: Arc<Block>,
    last_use: u64,
}

impl BlockCache {
    /// Keeps blocks with about `bytes_max` of indexes open, and `pages` of what was read.
    pub fn new(store: Arc<dyn Store>, pages: Arc<PageCache>, bytes_max: u64) -> Arc<Self> {
        Arc::new(Self { store, pages, bytes_max, kept: Mutex::default() })
    }

    /// Opens a block that a manifest names. May block the thread.
    pub fn open(&self, entry: &BlockEntry) -> Result<Arc<Block>, SourceError> {
        let name = &entry.name;
        if let Some(block) = self.kept().take(name) {
            return Ok(block);
        }
        let file = self.store.open(name).map_err(|error| source_error(name, error.into()))?;
        let block = Block::open(file, &self.pages).map_err(|error| source_error(name, error))?;
        self.kept().keep(name, &block, self.bytes_max);
        Ok(block)
    }

    /// How many blocks are kept open.
    pub fn len(&self) -> usize {
        self.kept().blocks.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, name: &str) -> Option<Arc<Block>> {
        self.uses += 1;
        let open = self.blocks.get_mut(name)?;
        open.last_use = self.uses;
        Some(Arc::clone(&open.block))
    }

    fn keep(&mut self, name: &str, block: &Arc<Block>, bytes_max: u64) {
        let open = Open { block: Arc::clone(block), last_use: self.uses };
        if self.blocks.insert(name.to_owned(), open).is_none() {
            self.bytes += bytes(block);
        }
        while self.bytes > bytes_max
            && let Some(oldest) = self.blocks.iter().min_by_key(|(_, open)| open.last_use)
        {
            let name = oldest.0.clone();
            if let Some(open) = self.blocks.remove(&name) {
                self.bytes -= bytes(&open.block);
            }
        }
    }
}

fn bytes(block: &Block) -> u64 {
    block.index_bytes() + BLOCK_BYTES
}

/// A block that is missing or out of reach is not an empty answer.
pub(super) fn source_error(name: &str, error: BlockError) -> SourceError {
    match error {
        BlockError::Store(
            error @ (StoreError::NotFound { .. } | StoreError::Unavailable { .. }),
        ) => SourceError::Unavailable(error.to_string()),
        error => SourceError::Corrupt(format!("block {name}: {error}")),
    }
}
