//! Memory of a generation's samples: chunks of 32 and 64 bytes in large blocks.
//!
//! ```text
//! chain of a series:  28 bytes of samples | next ─▶ 60 bytes of samples | next ─▶ …
//! ```
//! A chunk is addressed by the number of its first unit of 32 bytes; 0 is no chunk. The first
//! chunk of a chain has one unit, every other two: most series of a generation need few bytes.
//!
//! Law: bytes below a position never change, so whoever knows a position may read up to it at any
//! later time. Nothing is freed but the whole.

const UNIT_BYTES: usize = 32;
const BLOCK_UNITS: u32 = 8192;
const LINK_BYTES: usize = 4;
const HEAD_ROOM: usize = UNIT_BYTES - LINK_BYTES;
const BODY_ROOM: usize = 2 * UNIT_BYTES - LINK_BYTES;

/// A chain and how far it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Its first chunk; 0 while it is empty.
    pub(super) head: u32,
    /// Its last chunk.
    pub(super) tail: u32,
    /// Bytes of samples in the last chunk.
    pub(super) used: u8,
}

/// Chunks of one generation.
#[derive(Debug)]
pub(super) struct Arena {
    blocks: Vec<Box<[u8]>>,
    next_unit: u32,
}

impl Arena {
    pub(super) fn new() -> Self {
        Self { blocks: Vec::new(), next_unit: 1 }
    }

    /// Bytes of the chunks that are in use.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.next_unit - 1) * UNIT_BYTES as u64
    }

    /// Writes `bytes`, at most a body chunk's room of them, at the end of a chain.
    #[inline]
    pub(super) fn append(&mut self, position: &mut Position, bytes: &[u8]) {
        let used = position.used as usize;
        let room = room(position.tail == position.head);
        if position.head != 0 && used + bytes.len() <= room {
            let at = place(position.tail) + used;
            self.block_mut(position.tail)[at..at + bytes.len()].copy_from_slice(bytes);
            position.used += bytes.len() as u8;
        } else {
            self.append_over(position, bytes);
        }
    }

    /// Like `append`, where the last chunk is full or there is none.
    fn append_over(&mut self, position: &mut Position, bytes: &[u8]) {
        if position.head == 0 {
            let head = self.allocate(1);
            *position = Position { head, tail: head, used: 0 };
            return self.append(position, bytes);
        }
        let used = position.used as usize;
        let room = room(position.tail == position.head);
        let (here, there) = bytes.split_at(room - used);
        let next = self.allocate(2);
        let at = place(position.tail);
        let block = self.block_mut(position.tail);
        block[at + used..at + room].copy_from_slice(here);
        block[at + room..at + room + LINK_BYTES].copy_from_slice(&next.to_le_bytes());
        let at = place(next);
        self.block_mut(next)[at..at + there.len()].copy_from_slice(there);
        position.tail = next;
        position.used = there.len() as u8;
    }

    fn allocate(&mut self, units: u32) -> u32 {
        if self.next_unit % BLOCK_UNITS + units > BLOCK_UNITS {
            self.next_unit = self.next_unit.next_multiple_of(BLOCK_UNITS);
        }
        let chunk = self.next_unit;
        self.next_unit = chunk.checked_add(units).expect("a generation is frozen before 128 GiB");
        while self.blocks.len() <= (chunk / BLOCK_UNITS) as usize {
            let bytes = BLOCK_UNITS as usize * UNIT_BYTES;
            self.blocks.push(vec![0; bytes].into_boxed_slice());
        }
        chunk
    }

    /// Appends to `out` the bytes of a chain up to a position.
    pub(super) fn gather(&self, position: Position, out: &mut Vec<u8>) {
        let mut chunk = position.head;
        while chunk != position.tail {
            let (at, room) = (place(chunk), room(chunk == position.head));
            let block = &self.blocks[(chunk / BLOCK_UNITS) as usize];
            out.extend_from_slice(&block[at..at + room]);
            let mut link = [0; LINK_BYTES];
            link.copy_from_slice(&block[at + room..at + room + LINK_BYTES]);
            chunk = u32::from_le_bytes(link);
        }
        if chunk != 0 {
            let at = place(chunk);
            let block = &self.blocks[(chunk / BLOCK_UNITS) as usize];
            out.extend_from_slice(&block[at..at + position.used as usize]);
        }
    }

    #[inline]
    fn block_mut(&mut self, chunk: u32) -> &mut [u8] {
        &mut self.blocks[(chunk / BLOCK_UNITS) as usize]
    }
}

#[inline]
fn place(chunk: u32) -> usize {
    (chunk % BLOCK_UNITS) as usize * UNIT_BYTES
}

#[inline]
fn room(head: bool) -> usize {
    if head { HEAD_ROOM } else { BODY_ROOM }
}

#[cfg(test)]
mod tests;
