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
        if let Some(&id) = self.table.find(hash, |&id| self.is(id, string)) {
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

    /// Whether `string` is the symbol `id`.
    #[inline]
    pub(super) fn is(&self, id: u32, string: &str) -> bool {
        let (start, end) = self.places[id as usize];
        equal(&self.text.as_bytes()[start as usize..end as usize], string.as_bytes())
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

/// `a == b` without a call for what labels are: half of the time that gathering takes is spent on
/// comparing short strings.
#[inline]
fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..4 => a.iter().zip(b).all(|(a, b)| a == b),
        4..=8 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        9..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        17..=32 => {
            a.first_chunk::<16>() == b.first_chunk() && a.last_chunk::<16>() == b.last_chunk()
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests;
