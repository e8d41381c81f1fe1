//! A frozen generation in the order of a block: tenant, window, metric, labels, time.
//!
//! ```text
//! per tenant: metrics in order ─▶ agenda (window, metric) ─▶ series ─▶ rows
//!                                   ▲                                │ samples of later windows
//!                                   └────────────────────────────────┘
//! ```
//! Law: every sample of the generation is in exactly one row, each timestamp of a series once,
//! with the value that arrived last. A series is decoded once, however many windows it touches;
//! what it still owes waits in the agenda, compressed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::catalogue::Catalogue;
use super::codec::{Cursor, State};
use super::generation::Generation;
use super::postings::LabelIndex;
use super::{GenerationId, Memtable};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// Series that one call looks at while it prepares a tenant, at least.
const SLICE_SERIES: usize = 4096;

/// Reads a frozen generation row by row, as slowly as its owner likes. The generation should not
/// be released before; if it is, it stays until the cursor is dropped.
pub struct FlushCursor {
    generation: Option<Arc<Generation>>,
    _token: Option<Arc<()>>,
    window_ms: i64,
    /// Numbers of the tenants that are not read yet, the next one last.
    tenants: Vec<u32>,
    tenant: Option<TenantRows>,
    bytes: Vec<u8>,
}

/// The samples of one series in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushedSeries {
    /// Whose series.
    pub tenant: Arc<str>,
    /// The aligned window that holds all its samples (clipped at the ends of time).
    pub window: TimeRange,
    /// The series.
    pub labels: Labels,
}

/// What one call of [`FlushCursor::next`] came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlushStep {
    /// The next row; its samples are in the buffer that was passed.
    Series(FlushedSeries),
    /// A slice of work was done without reaching a row: call again.
    Working,
    /// There are no more rows.
    Done,
}

/// What is left of one tenant.
struct TenantRows {
    number: u32,
    name: Arc<str>,
    /// Symbols of the metrics in order of their texts.
    metrics: Vec<u32>,
    /// Metrics whose series are in the agenda.
    prepared: usize,
    /// Series with samples in a window, by number of the window and place of the metric.
    agenda: BTreeMap<(i64, u32), Vec<u32>>,
    /// Series that have been begun and have samples in later windows.
    rests: HashMap<u32, Rest>,
    /// The entry of the agenda that is being read: its key, and its series, the next one last.
    current: ((i64, u32), Vec<u32>),
}

/// Samples of later windows.
struct Rest {
    next: (i64, u64),
    cursor: Cursor,
    /// The series sorted, if it is not ordered in the arena, and the repeats to follow.
    sorted: Option<(Box<[u8]>, u8)>,
}

impl FlushCursor {
    pub(super) fn new(memtable: &Memtable, id: GenerationId) -> Self {
        let generation = memtable.frozen.iter().find(|generation| generation.id() == id).cloned();
        let tenants = &memtable.catalogue.tenants;
        let mut order: Vec<u32> = (0..tenants.len() as u32).collect();
        order.sort_by(|&a, &b| tenants[b as usize].name.cmp(&tenants[a as usize].name));
        Self {
            _token: generation.as_deref().map(Generation::copy_token),
            tenants: if generation.is_some() { order } else { Vec::new() },
            generation,
            window_ms: memtable.config.window_ms,
            tenant: None,
            bytes: Vec::new(),
        }
    }

    /// Moves to the next row and puts its samples, strictly ascending, into `out`.
    pub fn next(&mut self, memtable: &Memtable, out: &mut Samples) -> FlushStep {
        out.clear();
        let Some(generation) = &self.generation else { return FlushStep::Done };
        let catalogue = &memtable.catalogue;
        let rows = match &mut self.tenant {
            Some(rows) => rows,
            None => match self.tenants.pop() {
                Some(number) => self.tenant.insert(TenantRows::new(catalogue, number)),
                None => return FlushStep::Done,
            },
        };
        if rows.prepared < rows.metrics.len() {
            rows.prepare(catalogue, generation, self.window_ms);
            return FlushStep::Working;
        }
        let Some((window, series)) = rows.next_series(catalogue) else {
            self.tenant = None;
            return FlushStep::Working;
        };
        rows.read(generation, series, self.window_ms, &mut self.bytes, out);
        FlushStep::Series(FlushedSeries {
            tenant: Arc::clone(&rows.name),
            window: window_range(window, self.window_ms),
            labels: catalogue.labels(series),
        })
    }
}

fn window_range(number: i64, window_ms: i64) -> TimeRange {
    let start_ms = number.saturating_mul(window_ms);
    TimeRange::new(start_ms, number.saturating_add(1).saturating_mul(window_ms))
}

impl TenantRows {
    fn new(catalogue: &Catalogue, number: u32) -> Self {
        let tenant = &catalogue.tenants[number as usize];
        let index = tenant.labels.get(&catalogue.metric_name);
        let mut metrics: Vec<u32> =
            index.into_iter().flat_map(LabelIndex::iter).map(|(metric, _)| metric).collect();
        metrics.sort_by_key(|&metric| catalogue.symbols.get(metric));
        Self {
            number,
            name: Arc::clone(&tenant.name),
            metrics,
            prepared: 0,
            agenda: BTreeMap::new(),
            rests: HashMap::new(),
            current: ((0, 0), Vec::new()),
        }
    }

    /// Puts the series of some metrics into the agenda, each at its first window.
    fn prepare(&mut self, catalogue: &Catalogue, generation: &Generation, window_ms: i64) {
        let tenant = &catalogue.tenants[self.number as usize];
        let Some(index) = tenant.labels.get(&catalogue.metric_name) else { return };
        let mut seen = 0;
        while seen < SLICE_SERIES && self.prepared < self.metrics.len() {
            // A metric whose last series was removed meanwhile had no samples here.
            if let Some(set) = index.get(self.metrics[self.prepared]) {
                for series in catalogue.sets.members(set) {
                    seen += 1;
                    if let Some(slot) = generation.slot(series) {
                        let window = slot.min_ms().div_euclid(window_ms);
                        let key = (window, self.prepared as u32);
                        self.agenda.entry(key).or_default().push(series);
                    }
                }
            }
            self.prepared += 1;
        }
    }

    fn next_series(&mut self, catalogue: &Catalogue) -> Option<(i64, u32)> {
        if self.current.1.is_empty() {
            self.current = self.agenda.pop_first()?;
            self.current.1.sort_unstable_by(|&a, &b| compare_labels(catalogue, b, a));
        }
        let series = self.current.1.pop()?;
        Some((self.current.0.0, series))
    }

    /// Reads the samples of a series in the current window; the others go back to the agenda.
    fn read(
        &mut self,
        generation: &Generation,
        series: u32,
        window_ms: i64,
        bytes: &mut Vec<u8>,
        out: &mut Samples,
    ) {
        let (window, metric) = self.current.0;
        let slot = generation.slot(series).expect("the agenda names series with samples");
        let mut rest = self.rests.remove(&series);
        if rest.as_ref().is_none_or(|rest| rest.sorted.is_none()) {
            bytes.clear();
            slot.gather(generation.arena(), bytes);
        }
        if rest.is_none() && slot.unordered() {
            rest = sort(slot.sorted(bytes));
        }
        let mut rest = rest.unwrap_or_else(|| {
            let mut cursor = Cursor::default();
            let next = slot.next(&mut cursor, bytes).expect("a slot that is not empty");
            Rest { next, cursor, sorted: None }
        });
        loop {
            let (t_ms, value_bits) = rest.next;
            let later = t_ms.div_euclid(window_ms);
            if later != window {
                self.agenda.entry((later, metric)).or_default().push(series);
                self.rests.insert(series, rest);
                return;
            }
            out.push(t_ms, f64::from_bits(value_bits));
            let next = match &rest.sorted {
                Some((sorted, pending)) => rest.cursor.next(sorted, *pending),
                None => slot.next(&mut rest.cursor, bytes),
            };
            match next {
                Some(sample) => rest.next = sample,
                None => return,
            }
        }
    }
}

/// The samples of an unordered series, compressed again in order.
fn sort(samples: Vec<(i64, u64)>) -> Option<Rest> {
    let (mut bytes, mut state) = (Vec::new(), State::default());
    for (t_ms, value_bits) in samples {
        if let Some(item) = state.push(t_ms, value_bits) {
            bytes.extend_from_slice(&item.bytes[..item.len]);
        }
    }
    let mut cursor = Cursor::default();
    let next = cursor.next(&bytes, state.run)?;
    Some(Rest { next, cursor, sorted: Some((bytes.into_boxed_slice(), state.run)) })
}

/// As [`Labels`] compare.
fn compare_labels(catalogue: &Catalogue, a: u32, b: u32) -> Ordering {
    let text = |symbol| catalogue.symbols.get(symbol);
    let (a, b) = (catalogue.pairs(a), catalogue.pairs(b));
    for (left, right) in a.iter().zip(b) {
        if left.0 != right.0 {
            return text(left.0).cmp(text(right.0));
        }
        if left.1 != right.1 {
            return text(left.1).cmp(text(right.1));
        }
    }
    a.len().cmp(&b.len())
}
