//! One tenant's samples of a batch that is being gathered, as columns.
//!
//! Laws: the label names of a series are its shape, stored once per section. A label value is
//! coded against the last row of the same shape, a timestamp against its neighbours; both states
//! begin anew in each section, so a section is read without any other.

use hashbrown::HashTable;

use super::error::PushError;
use super::layout::{KIND_SAMPLES, VALUE_NEXT, VALUE_SAME, VALUE_SYMBOL};
use super::symbols::Symbols;
use crate::fingerprint::fold_numbers;
use crate::varint::{write_u64, zigzag};

/// Most bytes of a section's head: kind, length, tenant and three counts.
const HEAD_BYTES_MAX: usize = 32;

/// The label names that series have in common; a range of the section's name and value lists.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    start: u32,
    end: u32,
}

impl Shape {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Columns of one tenant and the state that codes them.
#[derive(Debug, Default)]
pub(super) struct Section {
    tenant: u32,
    series: u64,
    samples: u64,

    shapes: Vec<Shape>,
    shape_hashes: Vec<u64>,
    shape_table: HashTable<u32>,
    names: Vec<u32>,
    last_values: Vec<u32>,
    shape_before: u32,
    value_next: u32,
    first_before: i64,
    delta_before: i64,

    shape_column: Vec<u8>,
    value_column: Vec<u8>,
    count_column: Vec<u8>,
    time_column: Vec<u8>,
    float_column: Vec<u8>,
    /// Bytes of the shape table as it will be written, at most.
    shape_bytes: usize,
}

impl Section {
    /// Begins the section of another tenant and keeps the room.
    pub(super) fn reset(&mut self, tenant: u32) {
        self.tenant = tenant;
        (self.series, self.samples) = (0, 0);
        self.shapes.clear();
        self.shape_hashes.clear();
        self.shape_table.clear();
        self.names.clear();
        self.last_values.clear();
        (self.shape_before, self.value_next) = (0, 0);
        (self.first_before, self.delta_before) = (0, 0);
        self.shape_column.clear();
        self.value_column.clear();
        self.count_column.clear();
        self.time_column.clear();
        self.float_column.clear();
        self.shape_bytes = 0;
    }

    pub(super) fn tenant(&self) -> u32 {
        self.tenant
    }

    /// Most bytes that [`Self::write`] appends.
    pub(super) fn bytes(&self) -> usize {
        HEAD_BYTES_MAX
            + self.shape_bytes
            + self.shape_column.len()
            + self.value_column.len()
            + self.count_column.len()
            + self.time_column.len()
            + self.float_column.len()
    }

    /// Appends a row. Fails, and changes nothing, if the labels are not a series.
    pub(super) fn push(
        &mut self,
        symbols: &mut Symbols,
        labels: &[(&str, &str)],
        samples: &[(i64, f64)],
    ) -> Result<(), PushError> {
        if labels.iter().any(|(_, value)| value.is_empty()) {
            return Err(PushError::Invalid { what: "label without a value" });
        }
        let shape = self.shape_of(symbols, labels)?;
        write_u64(&mut self.shape_column, u64::from(shape));
        self.push_values(symbols, shape, labels);
        self.push_samples(samples);
        self.shape_before = shape;
        self.series += 1;
        self.samples += samples.len() as u64;
        Ok(())
    }

    /// The number of the shape of `labels`, which is new or, most often, that of the row before.
    fn shape_of(
        &mut self,
        symbols: &mut Symbols,
        labels: &[(&str, &str)],
    ) -> Result<u32, PushError> {
        if let Some(shape) = self.shapes.get(self.shape_before as usize) {
            let names = &self.names[shape.range()];
            if names.len() == labels.len()
                && names.iter().zip(labels).all(|(&id, (name, _))| symbols.is(id, name))
            {
                return Ok(self.shape_before);
            }
        }
        check_names(labels)?;
        let start = self.names.len();
        self.names.extend(labels.iter().map(|(name, _)| symbols.intern(name)));
        let hash = fold_numbers(&self.names[start..]);
        let known = self.shape_table.find(hash, |&shape| {
            self.names[self.shapes[shape as usize].range()] == self.names[start..]
        });
        if let Some(&shape) = known {
            self.names.truncate(start);
            return Ok(shape);
        }
        let shape = self.shapes.len() as u32;
        self.shapes.push(Shape { start: start as u32, end: self.names.len() as u32 });
        self.shape_hashes.push(hash);
        self.shape_table.insert_unique(hash, shape, |&shape| self.shape_hashes[shape as usize]);
        self.last_values.resize(self.names.len(), u32::MAX);
        self.shape_bytes += 5 + 5 * labels.len();
        Ok(shape)
    }

    fn push_values(&mut self, symbols: &mut Symbols, shape: u32, labels: &[(&str, &str)]) {
        let last_values = &mut self.last_values[self.shapes[shape as usize].range()];
        for (last, (_, value)) in last_values.iter_mut().zip(labels) {
            let code = if *last != u32::MAX && symbols.is(*last, value) {
                VALUE_SAME
            } else {
                *last = symbols.intern(value);
                let is_next = *last == self.value_next;
                self.value_next = self.value_next.max(*last + 1);
                if is_next { VALUE_NEXT } else { u64::from(*last) + VALUE_SYMBOL }
            };
            write_u64(&mut self.value_column, code);
        }
    }

    fn push_samples(&mut self, samples: &[(i64, f64)]) {
        write_u64(&mut self.count_column, samples.len() as u64);
        let mut expected = self.first_before;
        for (index, &(time, value)) in samples.iter().enumerate() {
            let surprise = time.wrapping_sub(expected);
            write_u64(&mut self.time_column, zigzag(surprise));
            self.float_column.extend_from_slice(&value.to_le_bytes());
            if index == 0 {
                self.first_before = time;
            } else {
                self.delta_before = self.delta_before.wrapping_add(surprise);
            }
            expected = time.wrapping_add(self.delta_before);
        }
    }

    /// Appends the section, unless it has no rows.
    pub(super) fn write(&self, body: &mut Vec<u8>, raw: &mut Vec<u8>) {
        if self.series == 0 {
            return;
        }
        body.clear();
        write_u64(body, u64::from(self.tenant));
        write_u64(body, self.shapes.len() as u64);
        write_u64(body, self.series);
        write_u64(body, self.samples);
        for shape in &self.shapes {
            write_u64(body, u64::from(shape.end - shape.start));
        }
        for &name in &self.names {
            write_u64(body, u64::from(name));
        }
        raw.push(KIND_SAMPLES);
        let columns = [
            &self.shape_column,
            &self.value_column,
            &self.count_column,
            &self.time_column,
            &self.float_column,
        ];
        let columns_bytes: usize = columns.iter().map(|column| column.len()).sum();
        write_u64(raw, (body.len() + columns_bytes) as u64);
        raw.extend_from_slice(body);
        for column in columns {
            raw.extend_from_slice(column);
        }
    }
}

/// Names are there and strictly ascending.
fn check_names(labels: &[(&str, &str)]) -> Result<(), PushError> {
    match labels.first() {
        None => return Err(PushError::Invalid { what: "no labels" }),
        Some(("", _)) => return Err(PushError::Invalid { what: "label without a name" }),
        Some(_) => {}
    }
    if labels.is_sorted_by(|(before, _), (name, _)| before < name) {
        Ok(())
    } else {
        Err(PushError::Invalid { what: "label names not in ascending order" })
    }
}
