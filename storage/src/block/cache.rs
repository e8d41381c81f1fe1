//! Decoded pages that were read lately, of all open blocks.
//!
//! Law: bounded in bytes; the page used longest ago goes first. Neighbouring series share pages,
//! so a small cache serves a query that reads series in their order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::BlockError;
use super::pages::PageValues;

/// Shared by all blocks that are opened with it.
pub struct PageCache {
    bytes_max: usize,
    next_block: AtomicU64,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    by_place: HashMap<PagePlace, Kept>,
    bytes: usize,
    uses: u64,
}

struct Kept {
    page: Arc<PageValues>,
    last_use: u64,
}

/// A page by its block's number in the cache and its offset.
pub(super) type PagePlace = (u64, u64);

impl PageCache {
    /// Keeps at most `bytes_max`, and always the last page.
    pub fn new(bytes_max: usize) -> Arc<Self> {
        let (next_block, pages) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { bytes_max, next_block, pages })
    }

    /// A number for a block that is being opened.
    pub(super) fn number_block(&self) -> u64 {
        self.next_block.fetch_add(1, Ordering::Relaxed)
    }

    /// The page at `place`, read by `read` if it is not here.
    pub(super) fn get(
        &self,
        place: PagePlace,
        read: impl FnOnce() -> Result<PageValues, BlockError>,
    ) -> Result<Arc<PageValues>, BlockError> {
        if let Some(page) = self.with(|pages| pages.find(place)) {
            return Ok(page);
        }
        let page = Arc::new(read()?);
        self.with(|pages| pages.keep(place, &page, self.bytes_max));
        Ok(page)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Pages) -> T) -> T {
        work(&mut self.pages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pages {
    fn find(&mut self, place: PagePlace) -> Option<Arc<PageValues>> {
        self.uses += 1;
        let kept = self.by_place.get_mut(&place)?;
        kept.last_use = self.uses;
        Some(Arc::clone(&kept.page))
    }

    fn keep(&mut self, place: PagePlace, page: &Arc<PageValues>, bytes_max: usize) {
        self.bytes += page.bytes();
        let kept = Kept { page: Arc::clone(page), last_use: self.uses };
        if let Some(same) = self.by_place.insert(place, kept) {
            self.bytes -= same.page.bytes();
        }
        while self.bytes > bytes_max && self.by_place.len() > 1 {
            let others = self.by_place.iter().filter(|(other, _)| **other != place);
            let Some((&oldest, _)) = others.min_by_key(|(_, kept)| kept.last_use) else { break };
            if let Some(dropped) = self.by_place.remove(&oldest) {
                self.bytes -= dropped.page.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PageCache, PageValues};

    #[test]
    fn the_page_used_longest_ago_goes() {
        let cache = PageCache::new(3 * 8 * 10);
        let mut reads = Vec::new();
        for place in [1, 2, 3, 1, 4, 1, 3, 2] {
            let read = || {
                reads.push(place);
                Ok(PageValues::Wide(vec![0; 10]))
            };
            cache.get((0, place), read).unwrap();
        }
        assert_eq!(reads, [1, 2, 3, 4, 2]);
        assert_eq!(cache.with(|pages| (pages.by_place.len(), pages.bytes)), (3, 240));
    }
}
