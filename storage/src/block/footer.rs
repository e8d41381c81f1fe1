//! How a reader finds the index: a fixed string in the footer's key-value metadata.
//!
//! Law: everything behind the index (Parquet's page indexes and its footer) is under the
//! checksum in that string, the string under one of its own. It is found by its bytes from the
//! end of the file, so nothing unchecked is parsed.
//!
//! ```text
//! value = hex of: version u32 │ index offset u64 │ index bytes u64 │ directory: offset u64,
//!         bytes u32, raw bytes u32, CRC32C u32 │ CRC32C of what is behind the index, without
//!         this value, u32 │ CRC32C of the value so far u32                  (little-endian)
//! ```

use bytes::Bytes;

use super::BlockError;
use super::pages::MAGIC;
use super::section::Place;
use super::wire::{Fields, corrupt};
use crate::store::BlockFile;

/// The key in the footer.
pub(super) const KEY: &str = "hydrograph.index";

const VERSION: u32 = 1;

const VALUE_BYTES: usize = 96;

/// The key, then (Thrift's compact protocol) the head of a string of [`VALUE_BYTES`] bytes.
const NEEDLE: &[u8; 18] = b"hydrograph.index\x18\x60";

/// The needle is not farther from the end of the file.
const SEARCHED_BYTES: u64 = 4 << 10;

/// Read from the end at once; mostly that is the whole trailer.
const TAIL_BYTES: u64 = 32 << 10;

/// Where the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexPlace {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) directory: Place,
}

/// A value of the right length, to be filled in when the file is whole.
pub(super) fn blank() -> String {
    "0".repeat(VALUE_BYTES)
}

/// Fills in the value of a whole file.
pub(super) fn fill_in(file: &mut [u8], index: &IndexPlace) -> Result<(), BlockError> {
    let trailer = &mut file[(index.offset + index.bytes) as usize..];
    let at =
        find(trailer).ok_or_else(|| BlockError::Parquet("no place for the index".to_owned()))?;
    let mut value = Vec::with_capacity(VALUE_BYTES / 2);
    value.extend_from_slice(&VERSION.to_le_bytes());
    value.extend_from_slice(&index.offset.to_le_bytes());
    value.extend_from_slice(&index.bytes.to_le_bytes());
    value.extend_from_slice(&index.directory.offset.to_le_bytes());
    value.extend_from_slice(&index.directory.bytes.to_le_bytes());
    value.extend_from_slice(&index.directory.raw_bytes.to_le_bytes());
    value.extend_from_slice(&index.directory.crc.to_le_bytes());
    value.extend_from_slice(&trailer_crc(trailer, at).to_le_bytes());
    value.extend_from_slice(&crc32c::crc32c(&value).to_le_bytes());
    for (text, byte) in trailer[at..at + VALUE_BYTES].chunks_exact_mut(2).zip(value) {
        text[0] = hex_digit(byte >> 4);
        text[1] = hex_digit(byte & 15);
    }
    Ok(())
}

fn hex_digit(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' + half - 10 }
}

/// Where the value begins in bytes that end with the file.
fn find(tail: &[u8]) -> Option<usize> {
    let from = tail.len().saturating_sub(SEARCHED_BYTES as usize);
    let at = tail[from..].windows(NEEDLE.len()).rposition(|window| window == NEEDLE)?;
    let start = from + at + NEEDLE.len();
    (start + VALUE_BYTES <= tail.len()).then_some(start)
}

/// The checksum of everything behind the index but the value.
fn trailer_crc(trailer: &[u8], value_at: usize) -> u32 {
    let before = crc32c::crc32c(&trailer[..value_at]);
    crc32c::crc32c_append(before, &trailer[value_at + VALUE_BYTES..])
}

/// Finds the index and checks everything behind it.
pub(super) fn read(file: &dyn BlockFile) -> Result<IndexPlace, BlockError> {
    let len = file.len();
    let tail_start = len.saturating_sub(TAIL_BYTES);
    let tail = file.read_at(tail_start..len)?;
    if !tail.ends_with(MAGIC) {
        return Err(corrupt("not a Parquet file"));
    }
    let at = find(&tail).ok_or_else(|| corrupt("no index in the footer"))?;
    let (index, crc) = parse(&tail[at..at + VALUE_BYTES])?;
    let end = index.offset.checked_add(index.bytes).filter(|&end| end <= tail_start + at as u64);
    let end = end.ok_or_else(|| corrupt("index outside of the file"))?;
    let trailer: Bytes = if end < tail_start {
        file.read_at(end..len)?
    } else {
        tail.slice((end - tail_start) as usize..)
    };
    let at = (tail_start + at as u64 - end) as usize;
    if trailer_crc(&trailer, at) == crc {
        Ok(index)
    } else {
        Err(corrupt("checksum of the footer"))
    }
}

fn parse(text: &[u8]) -> Result<(IndexPlace, u32), BlockError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(corrupt("place of the index")),
    };
    let pairs = text.chunks_exact(2).map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?));
    let value = pairs.collect::<Result<Vec<u8>, BlockError>>()?;
    let (fields, crc) = value.split_at(value.len() - 4);
    if crc32c::crc32c(fields).to_le_bytes() != crc {
        return Err(corrupt("checksum of the place of the index"));
    }
    let mut fields = Fields::new(fields);
    match u32::from_le_bytes(fields.array()?) {
        VERSION => {}
        newer => return Err(BlockError::NewerVersion(newer)),
    }
    let (offset, bytes) =
        (u64::from_le_bytes(fields.array()?), u64::from_le_bytes(fields.array()?));
    let directory = Place {
        offset: u64::from_le_bytes(fields.array()?),
        bytes: u32::from_le_bytes(fields.array()?),
        raw_bytes: u32::from_le_bytes(fields.array()?),
        crc: u32::from_le_bytes(fields.array()?),
    };
    let crc = u32::from_le_bytes(fields.array()?);
    Ok((IndexPlace { offset, bytes, directory }, crc))
}
