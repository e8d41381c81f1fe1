//! The label sets of a tenant's series, as references to symbols.
//!
//! Law: series are numbered in ascending order of labels, so whatever lists them by number lists
//! them in that order. Series with the same label names share a shape.
//!
//! As bytes: shapes (their names), each series' shape, then shape by shape and name by name the
//! values of the series of that shape, each as its distance from the one before.

use super::symbols::Symbols;
use crate::block::BlockError;
use crate::block::wire::{Fields, corrupt, put, put_signed};
use crate::labels::Labels;

pub(in crate::block) struct SeriesTable {
    symbols: Symbols,
    shapes: Vec<Vec<u32>>,
    shape_of: Vec<u32>,
    /// Where a series' values begin.
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl SeriesTable {
    /// Names and values of a series' labels.
    pub(in crate::block) fn pairs(&self, series: u32) -> impl Iterator<Item = (&str, &str)> {
        let shape = &self.shapes[self.shape_of[series as usize] as usize];
        let start = self.starts[series as usize] as usize;
        let values = &self.values[start..start + shape.len()];
        let pairs = shape.iter().zip(values);
        pairs.map(|(&name, &value)| (self.symbols.get(name), self.symbols.get(value)))
    }

    pub(in crate::block) fn labels(&self, series: u32) -> Labels {
        Labels::from_sorted(self.pairs(series))
    }

    pub(in crate::block) fn decode(
        symbols: Symbols,
        bytes: &[u8],
        series: usize,
    ) -> Result<Self, BlockError> {
        let mut fields = Fields::new(bytes);
        let known = |symbol: u32| (symbol as usize) < symbols.len();
        let mut shapes = Vec::new();
        for _ in 0..fields.count()? {
            let names: Vec<u32> =
                (0..fields.count()?).map(|_| fields.u32()).collect::<Result<_, _>>()?;
            if !names.iter().all(|&name| known(name)) || !names.is_sorted_by(|a, b| a < b) {
                return Err(corrupt("label names of series"));
            }
            shapes.push(names);
        }
        let mut of_shape = vec![Vec::new(); shapes.len()];
        let (mut shape_of, mut starts, mut values) = (Vec::new(), Vec::new(), 0u32);
        for series in 0..series as u32 {
            let shape = fields.u32()?;
            let names = shapes.get(shape as usize).ok_or_else(|| corrupt("shape of series"))?;
            of_shape[shape as usize].push(series);
            shape_of.push(shape);
            starts.push(values);
            let more = u32::try_from(names.len()).ok().and_then(|names| values.checked_add(names));
            values = more.ok_or_else(|| corrupt("labels of series"))?;
        }
        let mut table =
            Self { symbols, shapes, shape_of, starts, values: vec![0; values as usize] };
        table.read_values(&mut fields, &of_shape)?;
        fields.finish()?;
        Ok(table)
    }

    fn read_values(
        &mut self,
        fields: &mut Fields<'_>,
        of_shape: &[Vec<u32>],
    ) -> Result<(), BlockError> {
        for (shape, members) in self.shapes.iter().zip(of_shape) {
            for nth in 0..shape.len() {
                let mut previous = 0i64;
                for &series in members {
                    previous = previous.wrapping_add(fields.signed()?);
                    let value = u32::try_from(previous).ok();
                    let value = value.filter(|&value| (value as usize) < self.symbols.len());
                    let value = value.ok_or_else(|| corrupt("label value of series"))?;
                    self.values[self.starts[series as usize] as usize + nth] = value;
                }
            }
        }
        Ok(())
    }
}

/// The labels of one series as symbols of names and values.
pub(in crate::block) type SymbolPairs = Vec<(u32, u32)>;

/// The bytes of series.
pub(in crate::block) fn encode(series: &[SymbolPairs]) -> Vec<u8> {
    let mut shapes: Vec<Vec<u32>> = Vec::new();
    let mut numbers = std::collections::HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut shape_of = Vec::with_capacity(series.len());
    for (nth, pairs) in series.iter().enumerate() {
        let names: Vec<u32> = pairs.iter().map(|&(name, _)| name).collect();
        let shape = *numbers.entry(names).or_insert_with_key(|names| {
            shapes.push(names.clone());
            members.push(Vec::new());
            shapes.len() - 1
        });
        members[shape].push(nth);
        shape_of.push(shape);
    }
    let mut out = Vec::new();
    put(&mut out, shapes.len() as u64);
    for names in &shapes {
        put(&mut out, names.len() as u64);
        for &name in names {
            put(&mut out, u64::from(name));
        }
    }
    for &shape in &shape_of {
        put(&mut out, shape as u64);
    }
    for (names, members) in shapes.iter().zip(&members) {
        for column in 0..names.len() {
            let mut previous = 0;
            for &member in members {
                let pairs: &SymbolPairs = &series[member];
                let value = i64::from(pairs[column].1);
                put_signed(&mut out, value - previous);
                previous = value;
            }
        }
    }
    out
}
