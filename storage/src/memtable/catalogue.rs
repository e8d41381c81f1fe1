//! The series of a partition: their labels, and how they are found.
//!
//! ```text
//! symbols of a record ─▶ fingerprint ─▶ series number ◀─ postings ◀─ matchers of a query
//! ```
//! Law: a series is known by tenant and labels; the fingerprint only says where to look, and
//! every hit is confirmed. A series keeps its number while a live generation holds samples of it
//! or may soon do so; after [`Catalogue::remove`] the number is free and will name another one.
//! The catalogue outlives generations and holds no samples.

use std::collections::HashMap;
use std::sync::Arc;

use hashbrown::HashTable;
use hydrograph_proto::fingerprint::symbol_hash;
use hydrograph_proto::write_batch::WriteBatch;

use super::postings::{LabelIndex, SERIES_MAX, Sets};
use super::symbols::{NO_SYMBOL, Symbols};
use crate::labels::{Labels, METRIC_NAME};

/// The tenant number of a series that was removed.
const NO_TENANT: u32 = u32::MAX;

#[derive(Debug)]
struct Series {
    /// The low half, by which the table is built.
    fingerprint: u64,
    tenant: u32,
    labels_start: u32,
    labels_len: u32,
    /// The last generation in which it got samples.
    generation: u32,
}

/// One tenant's postings.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) name: Arc<str>,
    /// By symbol of the label name. The metric name's holds every series, those without a name
    /// under the empty value.
    pub(super) labels: HashMap<u32, LabelIndex>,
}

/// Series, symbols and postings of all tenants of a partition.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) symbols: Symbols,
    pub(super) sets: Sets,
    pub(super) tenants: Vec<Tenant>,
    tenant_numbers: HashMap<Arc<str>, u32>,
    table: HashTable<u32>,
    series: Vec<Series>,
    free: Vec<u32>,
    label_pairs: Vec<(u32, u32)>,
    /// Runs of pairs that removed series left, by length.
    free_pairs: HashMap<u32, Vec<u32>>,
    /// Symbols of `__name__` and of the empty text; they stay.
    pub(super) metric_name: u32,
    pub(super) empty: u32,
}

impl Catalogue {
    pub(super) fn new() -> Self {
        let mut symbols = Symbols::default();
        let [metric_name, empty] = [METRIC_NAME, ""].map(|text| {
            let symbol = symbols.intern(symbol_hash(text), text);
            symbols.acquire(symbol);
            symbol
        });
        Self {
            symbols,
            sets: Sets::default(),
            tenants: Vec::new(),
            tenant_numbers: HashMap::new(),
            table: HashTable::new(),
            series: Vec::new(),
            free: Vec::new(),
            label_pairs: Vec::new(),
            free_pairs: HashMap::new(),
            metric_name,
            empty,
        }
    }

    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.series.len() - self.free.len()
    }

    /// Bytes of memory, roughly, but for the postings.
    pub(super) fn bytes(&self) -> usize {
        self.symbols.bytes()
            + self.table.allocation_size()
            + self.series.capacity() * size_of::<Series>()
            + self.label_pairs.capacity() * size_of::<(u32, u32)>()
    }

    /// One more than the highest series number.
    pub(super) fn series_end(&self) -> u32 {
        self.series.len() as u32
    }

    /// The number of a tenant, if it ever had a series.
    pub(super) fn find_tenant(&self, name: &str) -> Option<u32> {
        self.tenant_numbers.get(name).copied()
    }

    /// The number of a tenant, new or known.
    pub(super) fn tenant(&mut self, name: &str) -> u32 {
        if let Some(tenant) = self.find_tenant(name) {
            return tenant;
        }
        let name: Arc<str> = Arc::from(name);
        let number = self.tenants.len() as u32;
        self.tenants.push(Tenant { name: Arc::clone(&name), labels: HashMap::new() });
        self.tenant_numbers.insert(name, number);
        number
    }

    /// Whether a number is that of the series of a batch's row. `symbols` are the catalogue's
    /// numbers of the batch's symbols.
    #[inline]
    pub(super) fn is(
        &self,
        series: u32,
        tenant: u32,
        labels: &[(u32, u32)],
        symbols: &[u32],
    ) -> bool {
        let Some(known) = self.series.get(series as usize) else { return false };
        let pairs = self.pairs(series);
        known.tenant == tenant
            && pairs.len() == labels.len()
            && pairs.iter().zip(labels).all(|(known, &(name, value))| {
                *known == (symbols[name as usize], symbols[value as usize])
            })
    }

    /// The series of a batch's row, if it is here.
    #[inline]
    pub(super) fn find(
        &self,
        fingerprint: u64,
        tenant: u32,
        labels: &[(u32, u32)],
        symbols: &[u32],
    ) -> Option<u32> {
        let same = |&series: &u32| self.is(series, tenant, labels, symbols);
        self.table.find(fingerprint, same).copied()
    }

    /// Adds the series of a batch's row, which [`Self::find`] did not find, and completes
    /// `symbols` by the numbers of its symbols. It is as young as `generation`.
    pub(super) fn add(
        &mut self,
        batch: &WriteBatch<'_>,
        fingerprint: u64,
        tenant: u32,
        labels: &[(u32, u32)],
        symbols: &mut [u32],
        generation: u32,
    ) -> u32 {
        let labels_start = self.allocate_pairs(labels.len() as u32);
        for (nth, &(name, value)) in labels.iter().enumerate() {
            let [name, value] = [name, value].map(|symbol| {
                let known = &mut symbols[symbol as usize];
                if *known == NO_SYMBOL {
                    *known = self.symbols.intern(batch.symbol_hash(symbol), batch.symbol(symbol));
                }
                self.symbols.acquire(*known);
                *known
            });
            self.label_pairs[labels_start as usize + nth] = (name, value);
        }
        let labels_len = labels.len() as u32;
        let series = Series { fingerprint, tenant, labels_start, labels_len, generation };
        let number = if let Some(number) = self.free.pop() {
            self.series[number as usize] = series;
            number
        } else {
            assert!(self.series.len() < SERIES_MAX as usize, "a partition has fewer series");
            self.series.push(series);
            (self.series.len() - 1) as u32
        };
        let all = &self.series;
        self.table.insert_unique(fingerprint, number, |&other| all[other as usize].fingerprint);
        self.add_postings(number);
        number
    }

    fn add_postings(&mut self, series: u32) {
        let known = &self.series[series as usize];
        let start = known.labels_start as usize;
        let pairs = &self.label_pairs[start..start + known.labels_len as usize];
        let labels = &mut self.tenants[known.tenant as usize].labels;
        let mut named = false;
        for &(name, value) in pairs {
            named |= name == self.metric_name;
            labels.entry(name).or_default().insert(&mut self.sets, value, series);
        }
        if !named {
            let metrics = labels.entry(self.metric_name).or_default();
            metrics.insert(&mut self.sets, self.empty, series);
        }
    }

    /// Forgets a series and frees its number.
    pub(super) fn remove(&mut self, series: u32) {
        let known = &mut self.series[series as usize];
        let (fingerprint, tenant) = (known.fingerprint, known.tenant);
        let (start, len) = (known.labels_start, known.labels_len);
        known.tenant = NO_TENANT;
        known.labels_len = 0;
        if let Ok(entry) = self.table.find_entry(fingerprint, |&other| other == series) {
            entry.remove();
        }
        let labels = &mut self.tenants[tenant as usize].labels;
        let mut named = false;
        for nth in start as usize..start as usize + len as usize {
            let (name, value) = self.label_pairs[nth];
            named |= name == self.metric_name;
            remove_posting(labels, &mut self.sets, name, value, series);
            self.symbols.release(name);
            self.symbols.release(value);
        }
        if !named {
            remove_posting(labels, &mut self.sets, self.metric_name, self.empty, series);
        }
        if len > 0 {
            self.free_pairs.entry(len).or_default().push(start);
        }
        self.free.push(series);
    }

    fn allocate_pairs(&mut self, len: u32) -> u32 {
        if let Some(start) = self.free_pairs.get_mut(&len).and_then(Vec::pop) {
            return start;
        }
        let start = self.label_pairs.len() as u32;
        self.label_pairs.resize(start as usize + len as usize, (NO_SYMBOL, NO_SYMBOL));
        start
    }

    /// Symbols of a series' labels, ascending by the names' texts.
    #[inline]
    pub(super) fn pairs(&self, series: u32) -> &[(u32, u32)] {
        let known = &self.series[series as usize];
        let start = known.labels_start as usize;
        &self.label_pairs[start..start + known.labels_len as usize]
    }

    /// The symbol of a series' label value, the empty text's if it has no such label.
    pub(super) fn value(&self, series: u32, name: u32) -> u32 {
        let pairs = self.pairs(series);
        pairs.iter().find(|pair| pair.0 == name).map_or(self.empty, |pair| pair.1)
    }

    /// A series' labels as they leave the memtable.
    pub(super) fn labels(&self, series: u32) -> Labels {
        let pairs = self.pairs(series).iter();
        Labels::from_sorted(pairs.map(|&(n, v)| (self.symbols.get(n), self.symbols.get(v))))
    }

    /// The number of a series' tenant; none if the series was removed.
    pub(super) fn tenant_of(&self, series: u32) -> Option<u32> {
        let tenant = self.series[series as usize].tenant;
        (tenant != NO_TENANT).then_some(tenant)
    }

    /// The last generation in which a series got samples.
    pub(super) fn generation_of(&self, series: u32) -> u32 {
        self.series[series as usize].generation
    }

    /// Notes that a series got samples in a generation; returns the one before.
    #[inline]
    pub(super) fn set_generation(&mut self, series: u32, generation: u32) -> u32 {
        std::mem::replace(&mut self.series[series as usize].generation, generation)
    }
}

fn remove_posting(
    labels: &mut HashMap<u32, LabelIndex>,
    sets: &mut Sets,
    name: u32,
    value: u32,
    series: u32,
) {
    if let Some(index) = labels.get_mut(&name) {
        index.remove(sets, value, series);
        if index.is_empty() {
            labels.remove(&name);
        }
    }
}
