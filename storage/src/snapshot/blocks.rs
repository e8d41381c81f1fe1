//! Open blocks, kept for the next query: their files and the directories of their indexes.
//!
//! Law: bounded by the bytes of the indexes that it keeps, and by number, since each is an open
//! file; what a query holds stays open with the query. Blocks are immutable, so a kept one is
//! never stale, but a file that is kept open takes space after it was deleted: what the newest
//! manifest no longer names is let go.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::{Block, BlockEntry, BlockError, PageCache};
use crate::ids::PartitionId;
use crate::manifest::Manifest;
use crate::names;
use crate::source::SourceError;
use crate::store::{Store, StoreError};

/// What an open block takes besides its index: a file, a map entry.
const BLOCK_BYTES: u64 = 4 << 10;

/// The most blocks that are kept open: a process may have 1,024 files without asking for more.
const BLOCKS_MAX: usize = 256;

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
    /// The newest manifest seen of each partition.
    manifests: HashMap<PartitionId, u64>,
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

    /// Lets go of what this manifest no longer names, if it is the newest seen of its partition.
    pub(super) fn seen(&self, manifest: &Manifest) {
        self.kept().seen(manifest);
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
        while (self.bytes > bytes_max || self.blocks.len() > BLOCKS_MAX)
            && let Some(oldest) = self.blocks.iter().min_by_key(|(_, open)| open.last_use)
        {
            let name = oldest.0.clone();
            if let Some(open) = self.blocks.remove(&name) {
                self.bytes -= bytes(&open.block);
            }
        }
    }

    fn seen(&mut self, manifest: &Manifest) {
        let newest = self.manifests.entry(manifest.partition).or_default();
        if manifest.number <= *newest {
            return;
        }
        *newest = manifest.number;
        let prefix = names::blocks(manifest.partition);
        let named: BTreeSet<&str> = manifest.blocks.iter().map(|b| b.name.as_str()).collect();
        let unnamed = |name: &str| name.starts_with(&prefix) && !named.contains(name);
        for (_, open) in self.blocks.extract_if(|name, _| unnamed(name)) {
            self.bytes -= bytes(&open.block);
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
