//! Gathers series and writes them as one record.
//!
//! The law of size: a batch takes a series only if it could not grow past 896,000 bytes before
//! compression even if every number of that series took its longest form; zstd adds at most
//! 1/256 to what does not compress; so no record is over [`MAX_BATCH_BYTES`], whatever is in it.
//! A series with at most 64 KiB of label text, 4,096 labels and 16,384 samples fits an empty
//! batch; a longer run of samples is pushed in parts, which are rows of their own.

use std::collections::HashMap;

use zstd::bulk::Compressor;

use super::error::{FinishError, PushError};
use super::layout::{
    CHECKED_AT, CRC_AT, HEADER_BYTES, MAGIC, MAX_BATCH_BYTES, RAW_CUT_BYTES, VERSION,
};
use super::section::Section;
use super::symbols::Symbols;

/// Fastest level: measured best for records (7 bytes a sample at 15 M samples/s).
const ZSTD_LEVEL: i32 = 1;
/// Sections whose room is kept from batch to batch.
const SECTIONS_KEPT: usize = 64;
/// Most bytes of a batch that belong to no series: the count of symbols.
const BATCH_BYTES: usize = 8;
/// Most bytes of a new series besides its text, labels and samples: head of a new section, the
/// tenant's length, shape, counts.
const SERIES_BYTES: usize = 64;
/// Most bytes of a label besides its text: two lengths, a name in a new shape, a value.
const LABEL_BYTES: usize = 20;
/// Most bytes of a sample: a timestamp and a value.
const SAMPLE_BYTES: usize = 18;
/// Raw bytes to a byte of the record, before anything was measured.
const RATIO_AT_FIRST: usize = 4;

/// Gathers series for one partition; reused from batch to batch.
pub struct WriteBatchEncoder {
    symbols: Symbols,
    /// The first `used` are this batch's, the rest are kept for their room.
    sections: Vec<Section>,
    used: usize,
    by_tenant: HashMap<u32, usize>,
    /// Section of the push before.
    section: usize,
    samples: u64,
    raw_bytes: usize,
    /// Length of the last record and of its content: what compression to expect.
    measured: (usize, usize),
    compressor: Compressor<'static>,
    body: Vec<u8>,
    raw: Vec<u8>,
    frame: Vec<u8>,
}

impl WriteBatchEncoder {
    /// An encoder with an empty batch.
    pub fn new() -> Result<Self, FinishError> {
        Ok(Self {
            symbols: Symbols::default(),
            sections: Vec::new(),
            used: 0,
            by_tenant: HashMap::new(),
            section: 0,
            samples: 0,
            raw_bytes: BATCH_BYTES,
            measured: (1, RATIO_AT_FIRST),
            compressor: Compressor::new(ZSTD_LEVEL)?,
            body: Vec::new(),
            raw: Vec::new(),
            frame: Vec::new(),
        })
    }

    /// Adds some samples of a series of `tenant`; `labels` are sorted by name and none is empty.
    pub fn push(
        &mut self,
        tenant: &str,
        labels: &[(&str, &str)],
        samples: &[(i64, f64)],
    ) -> Result<(), PushError> {
        if samples.is_empty() {
            return Err(PushError::Invalid { what: "no samples" });
        }
        let bytes = worst_case(tenant, labels, samples.len());
        if bytes.saturating_add(BATCH_BYTES) > RAW_CUT_BYTES {
            return Err(PushError::TooLarge { bytes });
        }
        if bytes.saturating_add(self.raw_bytes) > RAW_CUT_BYTES {
            return Err(PushError::Full);
        }
        self.open_section(tenant)?;
        let section = &mut self.sections[self.section];
        let before = section.bytes() + self.symbols.bytes();
        section.push(&mut self.symbols, labels, samples)?;
        self.raw_bytes += section.bytes() + self.symbols.bytes() - before;
        self.samples += samples.len() as u64;
        Ok(())
    }

    /// Makes the tenant's section the current one.
    fn open_section(&mut self, tenant: &str) -> Result<(), PushError> {
        let current = self.sections[..self.used].get(self.section);
        if current.is_some_and(|section| self.symbols.is(section.tenant(), tenant)) {
            return Ok(());
        }
        if tenant.is_empty() {
            return Err(PushError::Invalid { what: "no tenant" });
        }
        let before = self.symbols.bytes();
        let symbol = self.symbols.intern(tenant);
        self.raw_bytes += self.symbols.bytes() - before;
        self.section = *self.by_tenant.entry(symbol).or_insert(self.used);
        if self.section == self.used {
            if self.used == self.sections.len() {
                self.sections.push(Section::default());
            }
            self.sections[self.used].reset(symbol);
            self.raw_bytes += self.sections[self.used].bytes();
            self.used += 1;
        }
        Ok(())
    }

    /// Whether this push would answer [`PushError::Full`] or [`PushError::TooLarge`].
    pub fn would_overflow(&self, tenant: &str, labels: &[(&str, &str)], samples: usize) -> bool {
        worst_case(tenant, labels, samples).saturating_add(self.raw_bytes) > RAW_CUT_BYTES
    }

    /// Length that the record will have, guessed by how well the last batch compressed.
    pub fn estimated_bytes(&self) -> usize {
        let (record, raw) = self.measured;
        HEADER_BYTES + self.raw_bytes * record / raw
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Samples pushed.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Writes the batch over `record` and begins an empty one, also on `Err`.
    pub fn finish(
        &mut self,
        receive_time_ms: i64,
        record: &mut Vec<u8>,
    ) -> Result<(), FinishError> {
        self.raw.clear();
        self.symbols.write(&mut self.raw);
        for section in &self.sections[..self.used] {
            section.write(&mut self.body, &mut self.raw);
        }
        assert!(self.raw.len() <= self.raw_bytes, "a section is larger than it said");
        self.clear();
        let room = zstd::zstd_safe::compress_bound(self.raw.len());
        if self.frame.len() < room {
            self.frame.resize(room, 0);
        }
        let len = self.compressor.compress_to_buffer(&self.raw, self.frame.as_mut_slice())?;
        write_record(receive_time_ms, self.raw.len() as u32, &self.frame[..len], record);
        assert!(record.len() <= MAX_BATCH_BYTES, "zstd expanded beyond its bound");
        self.measured = (record.len(), self.raw.len());
        Ok(())
    }

    fn clear(&mut self) {
        self.symbols.clear();
        self.sections.truncate(SECTIONS_KEPT);
        self.by_tenant.clear();
        (self.used, self.section, self.samples) = (0, 0, 0);
        self.raw_bytes = BATCH_BYTES;
    }
}

/// Most bytes that a series adds to the content of a batch.
fn worst_case(tenant: &str, labels: &[(&str, &str)], samples: usize) -> usize {
    let text: usize = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
    let labels = text + labels.len() * LABEL_BYTES;
    (samples.saturating_mul(SAMPLE_BYTES)).saturating_add(tenant.len() + labels + SERIES_BYTES)
}

/// Writes header and frame over `record`.
pub(super) fn write_record(receive_time_ms: i64, raw_len: u32, frame: &[u8], record: &mut Vec<u8>) {
    record.clear();
    record.reserve(HEADER_BYTES + frame.len());
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&[0; 4]);
    record.extend_from_slice(&VERSION.to_le_bytes());
    record.extend_from_slice(&[0; 2]);
    record.extend_from_slice(&receive_time_ms.to_le_bytes());
    record.extend_from_slice(&raw_len.to_le_bytes());
    record.extend_from_slice(frame);
    seal(record);
}

/// Writes the checksum into a record.
pub(super) fn seal(record: &mut [u8]) {
    let crc = crc32c::crc32c(&record[CHECKED_AT..]);
    record[CRC_AT..CHECKED_AT].copy_from_slice(&crc.to_le_bytes());
}
