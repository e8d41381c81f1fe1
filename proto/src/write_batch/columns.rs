//! The content of a record, read into flat columns.
//!
//! Law: everything that is promised to readers is checked here: text is UTF-8, no symbol is
//! empty, references are in range, names ascend, counts agree, no byte is left over. Room is
//! made for a count only if the bytes at hand can hold that many.
//!
//! Memory: no byte of content becomes more than 8 bytes here, 16 with the slack of growing
//! vectors: 256 MiB for the worst record that can be sealed, some 5 MiB for what an encoder writes.

use std::ops::Range;

use super::error::BatchError;
use super::layout::{KIND_SAMPLES, VALUE_NEXT, VALUE_SAME, VALUE_SYMBOL};
use crate::fingerprint::symbol_hash;
use crate::varint::{read_bytes, read_u64, unzigzag};

/// Columns of one record; the room is reused for the next.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) symbol_places: Vec<Range<u32>>,
    pub(super) symbol_hashes: Vec<u64>,
    pub(super) sections: Vec<SectionRows>,
    pub(super) rows: Vec<Row>,
    pub(super) labels: Vec<(u32, u32)>,
    pub(super) timestamps: Vec<i64>,
    pub(super) values: Vec<f64>,
    shapes: Vec<Range<u32>>,
    names: Vec<u32>,
    last_values: Vec<u32>,
    row_shapes: Vec<u32>,
}

/// One tenant's rows.
#[derive(Debug)]
pub(super) struct SectionRows {
    pub(super) tenant: u32,
    pub(super) rows: Range<u32>,
}

/// One series' places in the columns.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) labels: Range<u32>,
    pub(super) samples: Range<u32>,
}

type Result<T> = std::result::Result<T, BatchError>;

impl Columns {
    /// Reads a record's content; returns the text that symbols are places in.
    pub(super) fn read<'r>(&mut self, mut raw: &'r [u8]) -> Result<&'r str> {
        self.symbol_places.clear();
        self.symbol_hashes.clear();
        self.sections.clear();
        self.rows.clear();
        self.labels.clear();
        self.timestamps.clear();
        self.values.clear();
        let text = self.read_symbols(&mut raw)?;
        while let Some((&kind, rest)) = raw.split_first() {
            raw = rest;
            let len = read_u64(&mut raw).ok_or(meaningless("section length"))?;
            let body = read_bytes(&mut raw, len).ok_or(meaningless("section length"))?;
            if kind != KIND_SAMPLES {
                return Err(meaningless("section kind"));
            }
            self.read_section(body, text)?;
        }
        Ok(text)
    }

    fn read_symbols<'r>(&mut self, raw: &mut &'r [u8]) -> Result<&'r str> {
        let count = read_count(raw, 2).ok_or(meaningless("symbol count"))?;
        self.symbol_places.reserve(count);
        let mut end = 0_u32;
        for _ in 0..count {
            let len = read_u32(raw).filter(|&len| len > 0);
            let start = end;
            end = len.and_then(|len| start.checked_add(len)).ok_or(meaningless("symbol length"))?;
            self.symbol_places.push(start..end);
        }
        let text = read_bytes(raw, u64::from(end)).ok_or(meaningless("symbol length"))?;
        let text =
            simdutf8::basic::from_utf8(text).map_err(|_invalid| meaningless("symbol text"))?;
        self.symbol_hashes.reserve(count);
        for place in &self.symbol_places {
            let symbol = text.get(place.start as usize..place.end as usize);
            self.symbol_hashes.push(symbol_hash(symbol.ok_or(meaningless("symbol text"))?));
        }
        Ok(text)
    }

    fn read_section(&mut self, mut body: &[u8], text: &str) -> Result<()> {
        let tenant = self.read_symbol(&mut body).ok_or(meaningless("tenant"))?;
        let shapes = read_count(&mut body, 2).ok_or(meaningless("shape count"))?;
        let series = read_count(&mut body, 12).ok_or(meaningless("series count"))?;
        let samples = read_count(&mut body, 9).ok_or(meaningless("sample count"))?;
        self.read_shapes(&mut body, shapes, text)?;
        self.read_row_shapes(&mut body, series)?;
        let first_row = self.rows.len() as u32;
        self.read_labels(&mut body)?;
        self.read_counts(&mut body, first_row, samples)?;
        self.read_times(&mut body, first_row, samples)?;
        let (values, rest) = body.as_chunks();
        if values.len() != samples || !rest.is_empty() {
            return Err(meaningless("values"));
        }
        self.values.extend(values.iter().map(|&bytes| f64::from_le_bytes(bytes)));
        self.sections.push(SectionRows { tenant, rows: first_row..self.rows.len() as u32 });
        Ok(())
    }

    #[inline]
    fn read_symbol(&self, body: &mut &[u8]) -> Option<u32> {
        read_u32(body).filter(|&symbol| (symbol as usize) < self.symbol_places.len())
    }

    fn read_shapes(&mut self, body: &mut &[u8], count: usize, text: &str) -> Result<()> {
        self.shapes.clear();
        self.names.clear();
        let mut end = 0_u32;
        for _ in 0..count {
            let len = read_u32(body).filter(|&len| len > 0);
            let start = end;
            end = len.and_then(|len| start.checked_add(len)).ok_or(meaningless("shape"))?;
            self.shapes.push(start..end);
        }
        if end as usize > body.len() {
            return Err(meaningless("shape"));
        }
        for shape in &self.shapes {
            let mut before = "";
            for _ in shape.clone() {
                let symbol = self.read_symbol(body).ok_or(meaningless("label name"))?;
                let place = &self.symbol_places[symbol as usize];
                let name = &text[place.start as usize..place.end as usize];
                if name <= before {
                    return Err(meaningless("order of label names"));
                }
                self.names.push(symbol);
                before = name;
            }
        }
        self.last_values.clear();
        self.last_values.resize(self.names.len(), u32::MAX);
        Ok(())
    }

    fn read_row_shapes(&mut self, body: &mut &[u8], series: usize) -> Result<()> {
        self.row_shapes.clear();
        for _ in 0..series {
            let shape = read_u32(body).filter(|&shape| (shape as usize) < self.shapes.len());
            self.row_shapes.push(shape.ok_or(meaningless("shape of a series"))?);
        }
        Ok(())
    }

    fn read_labels(&mut self, body: &mut &[u8]) -> Result<()> {
        let symbols = self.symbol_places.len() as u64;
        let mut next = 0;
        for &shape in &self.row_shapes {
            let shape = &self.shapes[shape as usize];
            let shape = shape.start as usize..shape.end as usize;
            let start = self.labels.len() as u32;
            for (&name, last) in self.names[shape.clone()].iter().zip(&mut self.last_values[shape])
            {
                let value = match read_u64(body).ok_or(meaningless("label value"))? {
                    VALUE_SAME => u64::from(*last),
                    VALUE_NEXT => next,
                    code => code - VALUE_SYMBOL,
                };
                if value >= symbols {
                    return Err(meaningless("label value"));
                }
                next = next.max(value + 1);
                *last = value as u32;
                self.labels.push((name, value as u32));
            }
            self.rows.push(Row { labels: start..self.labels.len() as u32, samples: 0..0 });
        }
        Ok(())
    }

    fn read_counts(&mut self, body: &mut &[u8], first_row: u32, samples: usize) -> Result<()> {
        let mut end = self.timestamps.len();
        let last = end + samples;
        for row in &mut self.rows[first_row as usize..] {
            let start = end;
            let count = read_u64(body).filter(|&count| count > 0 && count <= (last - start) as u64);
            end += count.ok_or(meaningless("samples of a series"))? as usize;
            row.samples = start as u32..end as u32;
        }
        if end == last { Ok(()) } else { Err(meaningless("samples of a series")) }
    }

    fn read_times(&mut self, body: &mut &[u8], first_row: u32, samples: usize) -> Result<()> {
        self.timestamps.reserve(samples);
        let (mut first, mut delta) = (0_i64, 0_i64);
        for row in &self.rows[first_row as usize..] {
            first = first.wrapping_add(read_surprise(body)?);
            self.timestamps.push(first);
            let mut time = first;
            for _ in row.samples.start + 1..row.samples.end {
                delta = delta.wrapping_add(read_surprise(body)?);
                time = time.wrapping_add(delta);
                self.timestamps.push(time);
            }
        }
        Ok(())
    }
}

#[inline]
fn read_surprise(body: &mut &[u8]) -> Result<i64> {
    read_u64(body).map(unzigzag).ok_or(meaningless("timestamp"))
}

#[inline]
fn read_u32(input: &mut &[u8]) -> Option<u32> {
    read_u64(input).and_then(|value| u32::try_from(value).ok())
}

/// Reads a count of things that take at least `bytes` each of what follows.
fn read_count(input: &mut &[u8], bytes: usize) -> Option<usize> {
    let count = usize::try_from(read_u64(input)?).ok()?;
    (count <= input.len() / bytes).then_some(count)
}

fn meaningless(what: &'static str) -> BatchError {
    BatchError::Meaningless { what }
}
