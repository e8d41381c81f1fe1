//! Gathers what a tenant's rows are and makes its part of the index.
//!
//! Law: what is kept meanwhile grows with rows and series, not with samples. Series get their
//! numbers at the end, in ascending order of labels.

use hashbrown::HashMap;

use super::directory::TenantEntry;
use super::rows::{self, Positions, RowMeta};
use super::series::SymbolPairs;
use super::{postings, series, symbols};
use crate::block::wire::{put, put_str};
use crate::block::{BlockError, section};
use crate::labels::Labels;

pub(in crate::block) struct TenantBuilder {
    tenant: String,
    /// Series in the order of arrival, which numbers them until the end.
    arrived: Vec<Labels>,
    numbers: HashMap<Labels, u32>,
    rows: Vec<RowMeta>,
    positions: Positions,
    min_time_ms: i64,
    max_time_ms: i64,
}

impl TenantBuilder {
    pub(in crate::block) fn new(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            arrived: Vec::new(),
            numbers: HashMap::new(),
            rows: Vec::new(),
            positions: Positions::default(),
            min_time_ms: i64::MAX,
            max_time_ms: i64::MIN,
        }
    }

    pub(in crate::block) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The number of a series, for [`Self::push`].
    pub(in crate::block) fn number(&mut self, labels: &Labels) -> u32 {
        if let Some(&number) = self.numbers.get(labels) {
            return number;
        }
        let number = self.arrived.len() as u32;
        self.arrived.push(labels.clone());
        self.numbers.insert(labels.clone(), number);
        number
    }

    pub(in crate::block) fn push(&mut self, row: RowMeta) {
        self.positions.advance(row.form.kind, row.samples);
        self.min_time_ms = self.min_time_ms.min(row.first_ms);
        self.max_time_ms = self.max_time_ms.max(row.first_ms + i64::from(row.span_ms));
        self.rows.push(row);
    }

    /// Appends the tenant's sections to the index.
    pub(in crate::block) fn finish(
        mut self,
        index: &mut Vec<u8>,
        zstd_level: i32,
    ) -> Result<TenantEntry, BlockError> {
        drop(self.numbers);
        let mut by_labels: Vec<(Labels, u32)> = self.arrived.drain(..).zip(0..).collect();
        // A stable sort, since it profits from series that have mostly arrived in order.
        by_labels.sort_by(|a, b| a.0.cmp(&b.0));
        let mut rank = vec![0u32; by_labels.len()];
        for (nth, &(_, number)) in by_labels.iter().enumerate() {
            rank[number as usize] = nth as u32;
        }
        for row in &mut self.rows {
            row.series = rank[row.series as usize];
        }
        let (texts, pairs) = number_symbols(&by_labels);
        let mut append = |raw: &[u8]| section::append(index, raw, zstd_level);
        let symbols = append(&symbols::encode(&texts))?;
        let series = append(&series::encode(&pairs))?;
        let rows = append(&rows::encode(&self.rows))?;
        let mut names = Vec::new();
        let by_name = pairs_by_name(&pairs);
        put(&mut names, by_name.len() as u64);
        for (name, values) in by_name {
            let values: Vec<(&str, u32)> =
                values.into_iter().map(|(value, series)| (texts[value as usize], series)).collect();
            put_str(&mut names, texts[name as usize]);
            append(&postings::encode(&values, pairs.len())?)?.encode(&mut names);
        }
        Ok(TenantEntry {
            tenant: self.tenant,
            min_time_ms: self.min_time_ms,
            max_time_ms: self.max_time_ms,
            series: pairs.len() as u32,
            rows: self.rows.len() as u32,
            positions: self.positions,
            symbols_at: symbols,
            series_at: series,
            rows_at: rows,
            names_at: append(&names)?,
        })
    }
}

/// The distinct strings, ascending, and each series' labels as numbers of them.
fn number_symbols(by_labels: &[(Labels, u32)]) -> (Vec<&str>, Vec<SymbolPairs>) {
    let strings = by_labels.iter().flat_map(|(labels, _)| labels).flat_map(|(n, v)| [n, v]);
    let mut numbers: HashMap<&str, u32> = strings.map(|text| (text, 0)).collect();
    let mut texts: Vec<&str> = numbers.keys().copied().collect();
    texts.sort_unstable();
    for (nth, text) in texts.iter().enumerate() {
        numbers.insert(text, nth as u32);
    }
    let pairs = by_labels.iter().map(|(labels, _)| {
        labels.iter().map(|(name, value)| (numbers[name], numbers[value])).collect()
    });
    let pairs = pairs.collect();
    (texts, pairs)
}

/// Of each name, ascending: its values with their series, ascending.
fn pairs_by_name(pairs: &[SymbolPairs]) -> Vec<(u32, Vec<(u32, u32)>)> {
    let mut by_name: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
    for (series, pairs) in pairs.iter().enumerate() {
        for &(name, value) in pairs {
            by_name.entry(name).or_default().push((value, series as u32));
        }
    }
    let mut by_name: Vec<_> = by_name.into_iter().collect();
    by_name.sort_unstable_by_key(|(name, _)| *name);
    for (_, values) in &mut by_name {
        values.sort_unstable();
    }
    by_name
}
