//! Opens a record: header, checksum, decompression; and the view that a reader is given.
//!
//! Law: total and bounded. The record's own claims (raw length, counts) are checked against
//! limits or against the bytes that would have to back them before room is made. All room is the
//! decoder's and is reused, so a follower of the log allocates nothing per record.

use std::ops::Range;

use zstd::bulk::Decompressor;
use zstd::zstd_safe::find_frame_compressed_size;

use super::columns::Columns;
use super::error::BatchError;
use super::layout::{
    CHECKED_AT, CRC_AT, FLAGS_AT, HEADER_BYTES, MAGIC, MAX_BATCH_BYTES, MAX_RAW_BYTES, RAW_LEN_AT,
    RECEIVE_TIME_AT, VERSION, ZSTD_MAGIC,
};
use crate::fingerprint::{Fingerprint, fingerprint};

/// Reads records one after the other.
pub struct WriteBatchDecoder {
    decompressor: Decompressor<'static>,
    /// Content of the record; only ever grows, since clearing it costs as much as zstd does.
    raw: Vec<u8>,
    columns: Columns,
}

impl WriteBatchDecoder {
    /// A decoder without any room yet.
    pub fn new() -> std::io::Result<Self> {
        let decompressor = Decompressor::new()?;
        Ok(Self { decompressor, raw: Vec::new(), columns: Columns::default() })
    }

    /// Checks and reads a record. What it returns is valid in every respect that the module
    /// names.
    pub fn decode(&mut self, record: &[u8]) -> Result<WriteBatch<'_>, BatchError> {
        let header = check_header(record)?;
        if self.raw.len() < header.raw_len {
            self.raw.resize(header.raw_len, 0);
        }
        let raw = &mut self.raw[..header.raw_len];
        let written = self.decompressor.decompress_to_buffer(&record[HEADER_BYTES..], raw);
        if written.ok() != Some(header.raw_len) {
            return Err(meaningless("zstd frame"));
        }
        let text = self.columns.read(&self.raw[..header.raw_len])?;
        Ok(WriteBatch { receive_time_ms: header.receive_time_ms, text, columns: &self.columns })
    }
}

struct Header {
    receive_time_ms: i64,
    raw_len: usize,
}

/// Damage first, then the version, then everything that only this version says.
fn check_header(record: &[u8]) -> Result<Header, BatchError> {
    if record.len() < HEADER_BYTES {
        return Err(BatchError::Checksum { what: "shorter than its header" });
    }
    if record[..CRC_AT] != MAGIC {
        return Err(BatchError::Checksum { what: "not a write batch" });
    }
    if u32_at(record, CRC_AT) != crc32c::crc32c(&record[CHECKED_AT..]) {
        return Err(BatchError::Checksum { what: "checksum differs" });
    }
    let [version, flags] =
        [CHECKED_AT, FLAGS_AT].map(|at| u16::from_le_bytes(bytes_at(record, at)));
    if version > VERSION {
        return Err(BatchError::NewerVersion { version });
    }
    if version != VERSION || flags != 0 {
        return Err(meaningless("version or flags"));
    }
    let raw_len = u32_at(record, RAW_LEN_AT) as usize;
    if record.len() > MAX_BATCH_BYTES || raw_len > MAX_RAW_BYTES {
        return Err(meaningless("too long"));
    }
    let frame = &record[HEADER_BYTES..];
    if !frame.starts_with(&ZSTD_MAGIC) || find_frame_compressed_size(frame) != Ok(frame.len()) {
        return Err(meaningless("not one zstd frame"));
    }
    let receive_time_ms = i64::from_le_bytes(bytes_at(record, RECEIVE_TIME_AT));
    Ok(Header { receive_time_ms, raw_len })
}

fn meaningless(what: &'static str) -> BatchError {
    BatchError::Meaningless { what }
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(record, at))
}

/// Bytes of the header, whose length was checked.
fn bytes_at<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[at..at + N]);
    bytes
}

/// A record that was read; borrows the decoder's room until the next one.
#[derive(Clone, Copy, Debug)]
pub struct WriteBatch<'a> {
    receive_time_ms: i64,
    text: &'a str,
    columns: &'a Columns,
}

impl<'a> WriteBatch<'a> {
    /// When the gateway received the batch, in ms since 1970.
    pub fn receive_time_ms(&self) -> i64 {
        self.receive_time_ms
    }

    /// Number of distinct strings; symbols are numbered from 0.
    pub fn symbol_count(&self) -> usize {
        self.columns.symbol_places.len()
    }

    /// A symbol's string. Numbers come from this batch; another batch's panics or misleads.
    #[inline]
    pub fn symbol(&self, symbol: u32) -> &'a str {
        let place = &self.columns.symbol_places[symbol as usize];
        &self.text[place.start as usize..place.end as usize]
    }

    /// All symbols, by number.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let text = self.text;
        let places = self.columns.symbol_places.iter();
        places.map(move |place| &text[place.start as usize..place.end as usize])
    }

    /// [`crate::fingerprint::symbol_hash`] of a symbol, computed once per batch.
    #[inline]
    pub fn symbol_hash(&self, symbol: u32) -> u64 {
        self.columns.symbol_hashes[symbol as usize]
    }

    /// The fingerprint of a series of this batch.
    #[inline]
    pub fn fingerprint(&self, tenant: u32, labels: &[(u32, u32)]) -> Fingerprint {
        let hashes = &self.columns.symbol_hashes;
        let pairs =
            labels.iter().map(|&(name, value)| (hashes[name as usize], hashes[value as usize]));
        fingerprint(hashes[tenant as usize], pairs)
    }

    /// Sections in the order in which their tenants appeared.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = TenantSection<'a>> + use<'a> {
        let columns = self.columns;
        columns.sections.iter().map(move |section| TenantSection {
            tenant: section.tenant,
            rows: section.rows.clone(),
            columns,
        })
    }

    /// Samples of all sections.
    pub fn samples(&self) -> usize {
        self.columns.values.len()
    }
}

/// The rows of one tenant.
#[derive(Clone, Debug)]
pub struct TenantSection<'a> {
    tenant: u32,
    rows: Range<u32>,
    columns: &'a Columns,
}

impl<'a> TenantSection<'a> {
    /// Symbol of the tenant.
    pub fn tenant(&self) -> u32 {
        self.tenant
    }

    /// Rows in the order in which they were pushed.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = SeriesRow<'a>> + use<'a> {
        let columns = self.columns;
        columns.rows[self.rows.start as usize..self.rows.end as usize].iter().map(move |row| {
            let samples = row.samples.start as usize..row.samples.end as usize;
            SeriesRow {
                labels: &columns.labels[row.labels.start as usize..row.labels.end as usize],
                timestamps: &columns.timestamps[samples.clone()],
                values: &columns.values[samples],
            }
        })
    }
}

/// Some samples of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesRow<'a> {
    /// Symbols of names and values, by name; names differ and nothing is empty.
    pub labels: &'a [(u32, u32)],
    /// Times in ms, as pushed: neither sorted nor distinct.
    pub timestamps: &'a [i64],
    /// As many values.
    pub values: &'a [f64],
}
