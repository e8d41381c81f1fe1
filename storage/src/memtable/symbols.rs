//! Tenants, label names and label values, each text once.
//!
//! Law: equal numbers are equal texts for as long as someone refers to them. A number whose last
//! reference is given back is free and will name another text; text lies in pages, and a page
//! that is mostly dead is emptied in slices, so churn does not grow it.

use hashbrown::HashTable;

/// No symbol.
pub(super) const NO_SYMBOL: u32 = u32::MAX;

const PAGE_BYTES: usize = 1 << 16;

#[derive(Debug)]
struct Symbol {
    hash: u64,
    page: u32,
    start: u32,
    len: u32,
    references: u32,
}

#[derive(Debug, Default)]
struct Page {
    text: String,
    live_bytes: usize,
}

/// Interned strings with counted references.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    table: HashTable<u32>,
    entries: Vec<Symbol>,
    free: Vec<u32>,
    pages: Vec<Page>,
    free_pages: Vec<u32>,
    /// The page that is being filled.
    open: u32,
    compacted: u32,
}

impl Symbols {
    /// The text of a symbol.
    #[inline]
    pub(super) fn get(&self, id: u32) -> &str {
        let symbol = &self.entries[id as usize];
        let start = symbol.start as usize;
        &self.pages[symbol.page as usize].text[start..start + symbol.len as usize]
    }

    /// The number of a text, whose `symbol_hash` is `hash`; [`NO_SYMBOL`] if it is not here.
    #[inline]
    pub(super) fn find(&self, hash: u64, text: &str) -> u32 {
        let same = |&id: &u32| self.entries[id as usize].hash == hash && self.get(id) == text;
        self.table.find(hash, same).copied().unwrap_or(NO_SYMBOL)
    }

    /// The number of a text, new or known. It keeps it as long as somebody refers to it.
    pub(super) fn intern(&mut self, hash: u64, text: &str) -> u32 {
        let known = self.find(hash, text);
        if known != NO_SYMBOL {
            return known;
        }
        let (page, start) = self.write(text);
        let symbol = Symbol { hash, page, start, len: text.len() as u32, references: 0 };
        let id = if let Some(id) = self.free.pop() {
            self.entries[id as usize] = symbol;
            id
        } else {
            self.entries.push(symbol);
            (self.entries.len() - 1) as u32
        };
        let entries = &self.entries;
        self.table.insert_unique(hash, id, |&id| entries[id as usize].hash);
        id
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.pages.iter().map(|page| page.text.capacity()).sum::<usize>()
            + self.table.allocation_size()
            + self.entries.capacity() * size_of::<Symbol>()
    }

    /// Counts a reference.
    pub(super) fn acquire(&mut self, id: u32) {
        self.entries[id as usize].references += 1;
    }

    /// Gives a reference back; the last one frees the symbol.
    pub(super) fn release(&mut self, id: u32) {
        let symbol = &mut self.entries[id as usize];
        symbol.references -= 1;
        if symbol.references > 0 {
            return;
        }
        let (hash, page, len) = (symbol.hash, symbol.page, symbol.len);
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == id) {
            entry.remove();
        }
        self.free.push(id);
        self.give_back(page, len as usize);
    }

    /// Looks at the next `budget` symbols and moves those that keep a mostly dead page; false
    /// once it has looked at all.
    pub(super) fn compact(&mut self, budget: usize) -> bool {
        let end = self.entries.len().min(self.compacted as usize + budget);
        for id in self.compacted as usize..end {
            let Symbol { page, len, references, .. } = self.entries[id];
            let sparse = |page: &Page| page.live_bytes * 2 < page.text.len();
            if references > 0 && page != self.open && sparse(&self.pages[page as usize]) {
                let text = self.get(id as u32).to_owned();
                (self.entries[id].page, self.entries[id].start) = self.write(&text);
                self.give_back(page, len as usize);
            }
        }
        self.compacted = end as u32;
        let more = end < self.entries.len();
        if !more {
            self.compacted = 0;
        }
        more
    }

    fn write(&mut self, text: &str) -> (u32, u32) {
        let fits = |page: &Page| page.text.len() + text.len() <= PAGE_BYTES;
        if !self.pages.get(self.open as usize).is_some_and(fits) {
            let full = self.open;
            self.open = self.free_pages.pop().unwrap_or(self.pages.len() as u32);
            if self.open as usize == self.pages.len() {
                self.pages.push(Page::default());
            }
            self.pages[self.open as usize].text.reserve_exact(PAGE_BYTES.max(text.len()));
            let emptied = |page: &Page| page.live_bytes == 0;
            if full != self.open && self.pages.get(full as usize).is_some_and(emptied) {
                self.free_page(full);
            }
        }
        let page = &mut self.pages[self.open as usize];
        let start = page.text.len() as u32;
        page.text.push_str(text);
        page.live_bytes += text.len();
        (self.open, start)
    }

    fn give_back(&mut self, page: u32, len: usize) {
        let dying = &mut self.pages[page as usize];
        dying.live_bytes -= len;
        if dying.live_bytes == 0 && page != self.open {
            self.free_page(page);
        }
    }

    fn free_page(&mut self, page: u32) {
        self.pages[page as usize] = Page::default();
        self.free_pages.push(page);
    }
}

#[cfg(test)]
mod tests;
