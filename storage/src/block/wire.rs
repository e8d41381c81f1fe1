//! Numbers and strings of the index, as bytes and back.
//!
//! Law: reading is total: any bytes give a value or [`BlockError::Corrupt`], and what is read
//! never asks for more memory than there are bytes.

use super::BlockError;

pub(super) fn corrupt(what: impl Into<String>) -> BlockError {
    BlockError::Corrupt(what.into())
}

pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(super) fn put_str(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// What is still to be read.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], BlockError> {
        let (head, rest) =
            self.rest.split_at_checked(len).ok_or_else(|| corrupt("index ends early"))?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BlockError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(super) fn varint(&mut self) -> Result<u64, BlockError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(corrupt("number in index"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, BlockError> {
        u32::try_from(self.varint()?).map_err(|_too_large| corrupt("number in index"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, BlockError> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of things of at least one byte each, so it bounds what is allocated for them.
    pub(super) fn count(&mut self) -> Result<usize, BlockError> {
        let count = self.varint()?;
        if count > self.rest.len() as u64 {
            return Err(corrupt("count in index"));
        }
        Ok(count as usize)
    }

    pub(super) fn str(&mut self) -> Result<&'a str, BlockError> {
        let len = self.count()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_invalid| corrupt("text in index"))
    }

    pub(super) fn finish(&self) -> Result<(), BlockError> {
        if self.rest.is_empty() { Ok(()) } else { Err(corrupt("bytes left over in index")) }
    }
}
