//! The bytes of a manifest (storage/FORMAT.md, "Manifest").
//!
//! ```text
//! ┌────────┬─────────────┬──────────────────────────────┬────────────┐
//! │ "HGMF" │ version u32 │ fields, in order, as varints │ CRC32C u32 │   u32: little endian
//! └────────┴─────────────┴──────────────────────────────┴────────────┘
//! ```
//! Law: equal manifests have equal bytes, and decoding accepts nothing but what encoding makes.

mod blocks;

use std::collections::BTreeMap;

use super::{MANIFEST_BYTES_MAX, Manifest, Nonce, SkippedRange};
use crate::ids::{Epoch, Offset, PartitionId};

const MAGIC: &[u8; 4] = b"HGMF";
const VERSION: u32 = 1;
const HEAD_BYTES: usize = 8;
const CRC_BYTES: usize = 4;

/// Why bytes are not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A newer binary wrote it.
    #[error("format version {0} is newer than this binary")]
    NewerVersion(u32),
    /// Damaged, cut short, or something else altogether.
    #[error("corrupt manifest: {0}")]
    Corrupt(&'static str),
}

/// The bytes of a manifest.
pub fn encode(manifest: &Manifest) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&manifest.nonce.0.to_le_bytes());
    put(&mut out, manifest.number);
    put(&mut out, u64::from(manifest.partition.0));
    put(&mut out, manifest.epoch.0);
    put(&mut out, manifest.offset.0);
    match manifest.newest_receive_ms {
        None => put(&mut out, 0),
        Some(t_ms) => {
            put(&mut out, 1);
            put_signed(&mut out, t_ms);
        }
    }
    put(&mut out, manifest.blocks.len() as u64);
    for block in &manifest.blocks {
        blocks::put_block(&mut out, block, manifest.partition);
    }
    put(&mut out, manifest.dropped.len() as u64);
    for name in &manifest.dropped {
        put_text(&mut out, name);
    }
    put(&mut out, manifest.skipped.len() as u64);
    for range in &manifest.skipped {
        put(&mut out, range.start.0);
        put(&mut out, range.end.0);
    }
    put(&mut out, manifest.window_versions.len() as u64);
    for (&window, version) in &manifest.window_versions {
        put_signed(&mut out, window);
        put(&mut out, version.0);
    }
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// The manifest that `bytes` encode.
pub fn decode(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    let mut fields = open(bytes)?;
    let nonce = Nonce(u128::from_le_bytes(fields.array()?));
    let mut manifest = Manifest::empty(PartitionId(0));
    manifest.nonce = nonce;
    manifest.number = fields.varint()?;
    manifest.partition = PartitionId(
        u32::try_from(fields.varint()?)
            .map_err(|_too_large| ManifestError::Corrupt("partition number"))?,
    );
    manifest.epoch = Epoch(fields.varint()?);
    manifest.offset = Offset(fields.varint()?);
    manifest.newest_receive_ms = match fields.varint()? {
        0 => None,
        1 => Some(fields.signed()?),
        _ => return Err(ManifestError::Corrupt("flag")),
    };
    for _ in 0..fields.count()? {
        manifest.blocks.push(blocks::block(&mut fields, manifest.partition)?);
    }
    for _ in 0..fields.count()? {
        let name = fields.text()?.to_owned();
        if manifest.dropped.last().is_some_and(|last| *last >= name) {
            return Err(ManifestError::Corrupt("dropped blocks do not ascend"));
        }
        manifest.dropped.insert(name);
    }
    for _ in 0..fields.count()? {
        manifest.skipped.push(fields.skipped()?);
    }
    let mut window_versions = BTreeMap::new();
    for _ in 0..fields.count()? {
        let window = fields.signed()?;
        if window_versions.last_key_value().is_some_and(|(&last, _)| last >= window) {
            return Err(ManifestError::Corrupt("windows do not ascend"));
        }
        window_versions.insert(window, Offset(fields.varint()?));
    }
    manifest.window_versions = window_versions;
    if !fields.rest.is_empty() {
        return Err(ManifestError::Corrupt("bytes after the end"));
    }
    Ok(manifest)
}

/// Checks everything around the fields.
fn open(bytes: &[u8]) -> Result<Fields<'_>, ManifestError> {
    if bytes.len() > MANIFEST_BYTES_MAX {
        return Err(ManifestError::Corrupt("too long"));
    }
    if bytes.len() < HEAD_BYTES + CRC_BYTES || !bytes.starts_with(MAGIC) {
        return Err(ManifestError::Corrupt("not a manifest"));
    }
    let (content, crc) = bytes.split_at(bytes.len() - CRC_BYTES);
    if crc32c::crc32c(content).to_le_bytes() != crc {
        return Err(ManifestError::Corrupt("checksum"));
    }
    let mut fields = Fields { rest: &content[MAGIC.len()..] };
    let version = u32::from_le_bytes(fields.array()?);
    if version > VERSION {
        return Err(ManifestError::NewerVersion(version));
    }
    if version != VERSION {
        return Err(ManifestError::Corrupt("version"));
    }
    Ok(fields)
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// The fields that are still to be read.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn bytes(&mut self, len: usize) -> Result<&'a [u8], ManifestError> {
        let (head, rest) =
            self.rest.split_at_checked(len).ok_or(ManifestError::Corrupt("cut short"))?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ManifestError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn varint(&mut self) -> Result<u64, ManifestError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if (shift == 63 && bits > 1) || (byte == 0 && shift > 0) {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ManifestError::Corrupt("number"))
    }

    fn signed(&mut self) -> Result<i64, ManifestError> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of entries; each takes a byte at least, so it bounds what is allocated.
    fn count(&mut self) -> Result<usize, ManifestError> {
        let count = self.varint()?;
        if count > self.rest.len() as u64 {
            return Err(ManifestError::Corrupt("cut short"));
        }
        Ok(count as usize)
    }

    fn text(&mut self) -> Result<&'a str, ManifestError> {
        let len = self.count()?;
        std::str::from_utf8(self.bytes(len)?)
            .map_err(|_not_utf8| ManifestError::Corrupt("text is not UTF-8"))
    }

    fn skipped(&mut self) -> Result<SkippedRange, ManifestError> {
        let range = SkippedRange { start: Offset(self.varint()?), end: Offset(self.varint()?) };
        if range.start >= range.end {
            return Err(ManifestError::Corrupt("skipped range"));
        }
        Ok(range)
    }
}
