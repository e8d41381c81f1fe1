//! Whether a block is what its writer wrote, to the last byte.
//!
//! Law: every byte of the file is looked at. Pages and sections lie without gaps; the Parquet
//! columns, read as any other reader does, say the same as the index.

mod columns;

use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use self::columns::{WholeFile, read_row};
use super::decode::decode_row;
use super::index::rows::RowMeta;
use super::index::series::SeriesTable;
use super::pages::{MAGIC, read_checked};
use super::wire::corrupt;
use super::{Block, BlockError};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// What [`Block::verify`] found to be in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows compared with the index.
    pub rows: u64,
    /// Samples decoded.
    pub samples: u64,
    /// Pages whose checksum was computed.
    pub pages: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
}

impl Block {
    /// Reads everything and compares it with its checksums, and the index with the columns.
    pub fn verify(&self) -> Result<Report, BlockError> {
        let pages = self.verify_pages()?;
        self.verify_sections()?;
        for tenant in 0..self.tenants.len() {
            self.verify_postings(tenant)?;
        }
        let (rows, samples) = self.verify_columns()?;
        Ok(Report { rows, samples, pages, index_bytes: self.index.bytes })
    }

    fn verify_pages(&self) -> Result<u64, BlockError> {
        super::footer::read(&*self.file)?;
        if *self.file.read_at(0..MAGIC.len() as u64)? != *MAGIC {
            return Err(corrupt("first bytes of the file"));
        }
        let (mut pages, mut end) = (0, MAGIC.len() as u64);
        for (offset, entry) in self.directory.pages.iter() {
            read_checked(&*self.file, offset, &entry)?;
            pages += 1;
            end = offset + u64::from(entry.bytes);
        }
        if end == self.index.offset { Ok(pages) } else { Err(corrupt("gap behind the pages")) }
    }

    fn verify_sections(&self) -> Result<(), BlockError> {
        let mut places = vec![self.index.directory];
        for (nth, entry) in self.directory.tenants.iter().enumerate() {
            places.extend([entry.symbols_at, entry.series_at, entry.rows_at, entry.names_at]);
            places.extend(self.names(nth)?.iter().map(|name| name.place));
        }
        places.sort_unstable_by_key(|place| place.offset);
        let mut end = 0;
        for place in &places {
            self.section(place)?;
            if place.offset != end {
                return Err(corrupt("gap in the index"));
            }
            end += u64::from(place.bytes);
        }
        if end == self.index.bytes { Ok(()) } else { Err(corrupt("gap behind the index")) }
    }

    /// Every label of every series is in the postings, and nothing else is.
    fn verify_postings(&self, tenant: usize) -> Result<(), BlockError> {
        let series = self.series(tenant)?;
        let count = self.tenant_entry(tenant).series;
        let mut previous: Option<Labels> = None;
        let mut pairs = 0u64;
        for nth in 0..count {
            let labels = series.labels(nth);
            if previous.is_some_and(|previous| previous >= labels) {
                return Err(corrupt("order of series"));
            }
            pairs += series.pairs(nth).count() as u64;
            previous = Some(labels);
        }
        let mut posted = 0;
        for name in self.names(tenant)? {
            posted += self.verify_name(tenant, series, &name.name)?;
        }
        if posted == pairs { Ok(()) } else { Err(corrupt("postings of a label are missing")) }
    }

    /// Number of postings of a name, each found to be a label of its series.
    fn verify_name(
        &self,
        tenant: usize,
        series: &SeriesTable,
        name: &str,
    ) -> Result<u64, BlockError> {
        let Some(postings) = self.postings_of(tenant, name)? else { return Ok(0) };
        let count = self.tenant_entry(tenant).series;
        let mut values = Vec::new();
        postings.each_value(|value| values.push(value.to_owned()))?;
        let mut posted = 0;
        for value in values {
            for nth in postings.equal(&value)? {
                let held = nth < count && series.pairs(nth).any(|pair| pair == (name, &value));
                if !held {
                    return Err(corrupt("posting of a label that its series has not"));
                }
                posted += 1;
            }
        }
        let present = postings.present().map_or(u64::from(count), roaring::RoaringBitmap::len);
        if posted == present { Ok(posted) } else { Err(corrupt("series that have a label name")) }
    }

    /// Reads the Parquet columns with the crate's reader and compares them with the index.
    fn verify_columns(&self) -> Result<(u64, u64), BlockError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(WholeFile(Arc::clone(&self.file)))?
            .with_batch_size(1_024)
            .build()?;
        let mut expected = (0..self.tenants.len())
            .flat_map(|tenant| (0..self.tenant_entry(tenant).rows).map(move |row| (tenant, row)));
        let (mut rows, mut samples) = (0, 0);
        for batch in reader {
            let batch = batch.map_err(|error| corrupt(format!("columns ({error})")))?;
            for nth in 0..batch.num_rows() {
                let (tenant, row) = expected.next().ok_or_else(|| corrupt("rows without index"))?;
                let meta = self.rows(tenant)?.get(row);
                self.verify_row((tenant, row), meta, &batch.slice(nth, 1))?;
                rows += 1;
                samples += u64::from(meta.samples);
            }
        }
        if expected.next().is_some() {
            return Err(corrupt("index of rows that are not there"));
        }
        Ok((rows, samples))
    }

    fn verify_row(
        &self,
        (tenant, row): (usize, u32),
        meta: &RowMeta,
        columns: &RecordBatch,
    ) -> Result<(), BlockError> {
        let mut samples = Samples::new();
        let place = self.rows(tenant)?.place(row);
        decode_row(meta, place, TimeRange::ALL, &mut samples, |column, position| {
            self.cached_page(column, position, meta.samples)
        })?;
        let read = read_row(columns).ok_or_else(|| corrupt("columns of a row"))?;
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let same = read.tenant == self.tenant_entry(tenant).tenant
            && read.labels == self.series(tenant)?.labels(meta.series)
            && read.max_ms == meta.first_ms.wrapping_add(i64::from(meta.span_ms))
            && read.samples.times_ms == samples.times_ms
            && bits(&read.samples.values) == bits(&samples.values);
        if same { Ok(()) } else { Err(corrupt("index and columns of a row differ")) }
    }
}
