//! The strings of a batch that is being gathered, each once.
//!
//! Law: a symbol's number is its place in order of first appearance. Nothing is removed but all.

use hashbrown::HashTable;

use crate::fingerprint::symbol_hash;
use crate::varint::write_u64;

/// Interned strings, with the columns that they will be written as.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    text: String,
    places: Vec<(u32, u32)>,
    hashes: Vec<u64>,
    table: HashTable<u32>,
    lengths: Vec<u8>,
}

impl Symbols {
    /// The number of `string`, new or known.
    pub(super) fn intern(&mut self, string: &str) -> u32 {
        let hash = symbol_hash(string);
        if let Some(&id) = self.table.find(hash, |&id| self.get(id) == string) {
            return id;
        }
        let id = self.places.len() as u32;
        let start = self.text.len() as u32;
        self.text.push_str(string);
        self.places.push((start, self.text.len() as u32));
        self.hashes.push(hash);
        write_u64(&mut self.lengths, string.len() as u64);
        self.table.insert_unique(hash, id, |&id| self.hashes[id as usize]);
        id
    }

    /// The string of a number that [`Self::intern`] gave.
    #[inline]
    pub(super) fn get(&self, id: u32) -> &str {
        let (start, end) = self.places[id as usize];
        &self.text[start as usize..end as usize]
    }

    /// Bytes that [`Self::write`] appends, but for the count.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.lengths.len()
    }

    /// Appends count, lengths and text.
    pub(super) fn write(&self, raw: &mut Vec<u8>) {
        write_u64(raw, self.places.len() as u64);
        raw.extend_from_slice(&self.lengths);
        raw.extend_from_slice(self.text.as_bytes());
    }

    /// Forgets everything and keeps the room.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.hashes.clear();
        self.table.clear();
        self.lengths.clear();
    }
}
