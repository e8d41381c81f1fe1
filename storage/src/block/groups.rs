//! Row groups: rows become columns, columns pages, pages a Parquet file in memory.
//!
//! Law: rows leave for the column writers in batches and those for the file in groups, so a push
//! does a bounded amount of work and what is not yet compressed is bounded. Every page that is
//! laid down is listed with its checksum.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::writer::SerializedFileWriter;

use super::columns::Columns;
use super::decimal::{Form, Kind};
use super::pages::{ListColumn, PageEntry};
use super::{BlockError, BlockOptions, footer, schema};
use crate::labels::Labels;

/// Samples and rows that are encoded at once.
const BATCH_SAMPLES: usize = 64 << 10;
const BATCH_ROWS: usize = 4 << 10;

/// Samples and rows of a row group; a footer costs 2 kB for each.
const GROUP_SAMPLES: usize = 16 << 20;
const GROUP_ROWS: usize = 256 << 10;

/// The Parquet part of a block that is being written.
pub(super) struct Groups {
    file: SerializedFileWriter<Vec<u8>>,
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
    /// Of the group that is being written.
    column_writers: Vec<ArrowColumnWriter>,
    batch: Columns,
    /// Of the group: where the values of each row go, and how many.
    rows: Vec<(Kind, u32)>,
    samples: usize,
    /// Of the file.
    pages: Vec<PageEntry>,
}

impl Groups {
    pub(super) fn new(options: &BlockOptions) -> Self {
        Self::try_new(options).expect("the schema and the options are Parquet's")
    }

    fn try_new(options: &BlockOptions) -> Result<Self, BlockError> {
        let schema = schema::schema();
        let parquet_schema = ArrowSchemaConverter::new().schema_root("block").convert(&schema)?;
        let properties = Arc::new(schema::writer_properties(options)?);
        let mut file =
            SerializedFileWriter::new(Vec::new(), parquet_schema.root_schema_ptr(), properties)?;
        file.append_key_value_metadata(KeyValue::new(footer::KEY.to_owned(), footer::blank()));
        let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
        Ok(Self {
            file,
            schema,
            factory,
            column_writers: Vec::new(),
            batch: Columns::new(),
            rows: Vec::new(),
            samples: 0,
            pages: Vec::new(),
        })
    }

    /// Appends a row. `decimals` are the values in the form that is not floats.
    pub(super) fn push(
        &mut self,
        of: (&str, &Labels),
        times_ms: &[i64],
        values: &[f64],
        form: Form,
        decimals: &[i64],
    ) -> Result<(), BlockError> {
        self.batch.push(of, times_ms, values, form, decimals);
        self.rows.push((form.kind, times_ms.len() as u32));
        self.samples += times_ms.len();
        if self.batch.samples() >= BATCH_SAMPLES || self.batch.rows() >= BATCH_ROWS {
            self.encode_batch()?;
        }
        if self.samples >= GROUP_SAMPLES || self.rows.len() >= GROUP_ROWS {
            self.finish_group()?;
        }
        Ok(())
    }

    fn encode_batch(&mut self) -> Result<(), BlockError> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        if self.column_writers.is_empty() {
            let group = self.file.flushed_row_groups().len();
            self.column_writers = self.factory.create_column_writers(group)?;
        }
        let mut leaves = Vec::with_capacity(self.column_writers.len());
        for (field, array) in self.schema.fields().iter().zip(self.batch.take()) {
            leaves.extend(compute_leaves(field, &array)?);
        }
        assert_eq!(leaves.len(), self.column_writers.len(), "a writer for each leaf");
        for (writer, leaf) in self.column_writers.iter_mut().zip(&leaves) {
            writer.write(leaf)?;
        }
        Ok(())
    }

    fn finish_group(&mut self) -> Result<(), BlockError> {
        self.encode_batch()?;
        if self.column_writers.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.samples = 0;
        let mut data_pages: Vec<Vec<PageLocation>> = Vec::new();
        let mut group = self.file.next_row_group()?;
        for writer in std::mem::take(&mut self.column_writers) {
            let chunk = writer.close()?;
            let pages = chunk.close().offset_index.as_ref();
            data_pages.push(pages.map(|pages| pages.page_locations().clone()).unwrap_or_default());
            chunk.append_to_row_group(&mut group)?;
        }
        let group = group.close()?;
        self.file.flush().map_err(ParquetError::from)?;
        for (leaf, (chunk, pages)) in group.columns().iter().zip(data_pages).enumerate() {
            let (start, bytes) = chunk.byte_range();
            let chunk = &self.file.inner()[start as usize..(start + bytes) as usize];
            list_pages(&mut self.pages, leaf, chunk, &pages, &rows);
        }
        Ok(())
    }

    /// Writes what is left. All pages of the file, and its length.
    pub(super) fn finish(&mut self) -> Result<(Vec<PageEntry>, u64), BlockError> {
        self.finish_group()?;
        Ok((std::mem::take(&mut self.pages), self.file.bytes_written() as u64))
    }

    /// The file, with the index behind its pages and the footer behind that.
    pub(super) fn close(mut self, index: &[u8]) -> Result<Vec<u8>, BlockError> {
        self.file.write_all(index).map_err(ParquetError::from)?;
        Ok(self.file.into_inner()?)
    }
}

/// Appends the pages of one column chunk to the list of all: its dictionary, if there is one in
/// front of its data pages, and those.
fn list_pages(
    list: &mut Vec<PageEntry>,
    leaf: usize,
    mut chunk: &[u8],
    data_pages: &[PageLocation],
    rows: &[(Kind, u32)],
) {
    let data_bytes: usize = data_pages.iter().map(|page| page.compressed_page_size as usize).sum();
    let dictionary_bytes = chunk.len() - data_bytes;
    let column = ListColumn::of_leaf(leaf);
    let holds = |kind: Kind| match column {
        Some(ListColumn::Times) => true,
        Some(ListColumn::Values(of)) => of == kind,
        None => false,
    };
    let mut push = |bytes: usize, values: u32| {
        let (page, rest) = chunk.split_at(bytes);
        chunk = rest;
        let (leaf, bytes) = (leaf as u8, bytes as u32);
        list.push(PageEntry { leaf, bytes, crc: crc32c::crc32c(page), values });
    };
    if dictionary_bytes > 0 {
        push(dictionary_bytes, 0);
    }
    for (nth, page) in data_pages.iter().enumerate() {
        let next = data_pages.get(nth + 1).map(|next| next.first_row_index as usize);
        let rows = &rows[page.first_row_index as usize..next.unwrap_or(rows.len())];
        let held = rows.iter().filter(|(kind, _)| holds(*kind));
        push(page.compressed_page_size as usize, held.map(|(_, samples)| samples).sum());
    }
}
