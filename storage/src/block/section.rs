//! Sections of the index: compressed, checksummed, found by their place.
//!
//! Law: a section is handed out only if its checksum is right, so what reads it may take its
//! bytes for what a writer wrote.

use super::BlockError;
use super::wire::{Fields, corrupt, put};
use crate::store::BlockFile;

/// Where a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the begin of the index.
    pub(super) offset: u64,
    /// As it is stored.
    pub(super) bytes: u32,
    /// As it is read; equal to `bytes` where it is stored as it is.
    pub(super) raw_bytes: u32,
    /// CRC32C of the stored bytes.
    pub(super) crc: u32,
}

impl Place {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.offset);
        put(out, u64::from(self.bytes));
        put(out, u64::from(self.raw_bytes));
        out.extend_from_slice(&self.crc.to_le_bytes());
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, BlockError> {
        Ok(Self {
            offset: fields.varint()?,
            bytes: fields.u32()?,
            raw_bytes: fields.u32()?,
            crc: u32::from_le_bytes(fields.array()?),
        })
    }
}

/// Appends a section to the index.
pub(super) fn append(
    index: &mut Vec<u8>,
    raw: &[u8],
    zstd_level: i32,
) -> Result<Place, BlockError> {
    let too_large = |_| BlockError::TooLarge("section of the index");
    let raw_bytes = u32::try_from(raw.len()).map_err(too_large)?;
    let packed = zstd::bulk::compress(raw, zstd_level)
        .map_err(|error| BlockError::Parquet(format!("zstd: {error}")))?;
    let stored = if packed.len() < raw.len() { &packed } else { raw };
    let offset = index.len() as u64;
    index.extend_from_slice(stored);
    Ok(Place { offset, bytes: stored.len() as u32, raw_bytes, crc: crc32c::crc32c(stored) })
}

/// Reads a section of the index that begins at `index_offset` of the file.
pub(super) fn read(
    file: &dyn BlockFile,
    index_offset: u64,
    place: &Place,
) -> Result<Vec<u8>, BlockError> {
    let start = index_offset.checked_add(place.offset);
    let range = start.and_then(|start| Some(start..start.checked_add(u64::from(place.bytes))?));
    let range = range.filter(|range| range.end <= file.len());
    let stored = file.read_at(range.ok_or_else(|| corrupt("section outside of the file"))?)?;
    if crc32c::crc32c(&stored) != place.crc {
        return Err(corrupt("checksum of a section of the index"));
    }
    if place.bytes == place.raw_bytes {
        return Ok(stored.to_vec());
    }
    unpack(&stored, place.raw_bytes as usize)
}

/// Decompresses one zstd frame that holds exactly `raw_bytes`.
pub(super) fn unpack(packed: &[u8], raw_bytes: usize) -> Result<Vec<u8>, BlockError> {
    let raw = zstd::bulk::decompress(packed, raw_bytes)
        .map_err(|error| corrupt(format!("compressed bytes ({error})")))?;
    if raw.len() == raw_bytes { Ok(raw) } else { Err(corrupt("length of compressed bytes")) }
}
