//! One instant of a memtable, for one query.
//!
//! ```text
//! begin: numbers and slots of the matching series   (one pass: the instant)
//! step:  labels, and the bytes below the slots' positions, slice by slice
//! read:  decoded by whoever asks, on any thread
//! ```
//! Law: a snapshot shows exactly the samples that were there when it began. It may lag behind the
//! memtable as long as it likes: what lies below a position never changes, frozen generations
//! are shared, the generation that was active then and the labels stay until the copy is done.

use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;

use super::generation::Generation;
use super::slot::Slot;
use super::{GenerationId, Memtable};
use crate::labels::Labels;
use crate::limits::{QueryLimits, Reservation, Stopped};
use crate::samples::Samples;
use crate::source::{SampleReader, Selector, SourceError};
use crate::time_range::TimeRange;

/// Bytes that a series takes besides its label text and samples.
const SERIES_BYTES: usize = size_of::<TailSeries>() + size_of::<u32>();
/// Bytes that an entry of a selector's answer takes.
const SELECTED_BYTES: usize = size_of::<(Labels, u32)>() + size_of::<u32>();

/// The first piece of copied bytes; the next ones double, up to 64 times as much.
const PIECE_BYTES_MIN: usize = 4096;

/// A snapshot whose instant is fixed and whose bytes are still being copied.
pub struct SnapshotCopy {
    limits: QueryLimits,
    /// Numbers in the catalogue of the series that are not copied yet; the last is next.
    numbers: Vec<u32>,
    active: GenerationId,
    /// Hold the active generation and the labels of the series; see [`Memtable::release`].
    _tokens: [Arc<()>; 2],
    scratch: Vec<u8>,
    snapshot: TailSnapshot,
}

/// The matching series of one instant, readable from any thread. What it copied is charged to the
/// query until it is dropped; generations that it shares are not.
pub struct TailSnapshot {
    series: Vec<TailSeries>,
    /// For each selector the places in `series` that it matched.
    matched: Vec<Vec<u32>>,
    /// `matched` with labels, sorted by whoever reads it first.
    selected: OnceLock<Vec<Vec<(Labels, u32)>>>,
    /// Generations that were frozen at the instant, the oldest first.
    shared: Vec<Arc<Generation>>,
    /// The generation that was active at the instant, if it was frozen before all was copied.
    tail: Option<Arc<Generation>>,
    /// Pieces of samples' bytes; a series' lie in one of them.
    pieces: Vec<Vec<u8>>,
    reservation: Reservation,
}

/// One series at the instant.
struct TailSeries {
    labels: Labels,
    number: u32,
    /// As it was in the active generation.
    slot: Slot,
    /// Where its bytes lie in the copy; none if they are read from the generation itself.
    copied: Option<Place>,
}

/// Some bytes of a piece.
#[derive(Clone, Copy, Debug)]
struct Place {
    piece: u32,
    start: u32,
    end: u32,
}

impl SnapshotCopy {
    pub(super) fn begin(
        memtable: &Memtable,
        tenant: &str,
        selectors: &[Selector],
        limits: &QueryLimits,
    ) -> Result<Self, Stopped> {
        limits.check()?;
        let mut reservation = limits.reserve("tail snapshot", 0)?;
        let mut union = RoaringBitmap::new();
        let mut answers = Vec::with_capacity(selectors.len());
        for selector in selectors {
            let matched = memtable.catalogue.resolve(tenant, &selector.matchers);
            let live: RoaringBitmap =
                matched.iter().filter(|&s| memtable.may_overlap(s, selector.range)).collect();
            reservation.grow(live.len() as usize * SELECTED_BYTES)?;
            union |= &live;
            answers.push(live);
        }
        reservation.grow(union.len() as usize * SERIES_BYTES)?;
        let numbers: Vec<u32> = union.iter().collect();
        let no_labels = Labels::empty();
        let series = numbers.iter().map(|&number| TailSeries {
            labels: no_labels.clone(),
            number,
            slot: memtable.active.slot(number).copied().unwrap_or_default(),
            copied: None,
        });
        let series: Vec<TailSeries> = series.collect();
        let matched = answers.iter().map(|live| places(&numbers, live)).collect();
        let holds = |generation: &Arc<Generation>| {
            numbers.iter().any(|&number| generation.slot(number).is_some())
        };
        let shared = memtable.frozen.iter().filter(|g| holds(g)).cloned().collect();
        let oldest = memtable.frozen.first().map_or(&memtable.active, |oldest| oldest);
        Ok(Self {
            limits: limits.clone(),
            active: memtable.active.id(),
            _tokens: [memtable.active.copy_token(), oldest.copy_token()],
            scratch: Vec::new(),
            snapshot: TailSnapshot {
                series,
                matched,
                selected: OnceLock::new(),
                shared,
                tail: None,
                pieces: Vec::new(),
                reservation,
            },
            numbers,
        })
    }

    /// Copies about `max_bytes`; true when all is copied.
    pub fn step(&mut self, memtable: &Memtable, max_bytes: usize) -> Result<bool, Stopped> {
        self.limits.check()?;
        if self.snapshot.tail.is_none() && memtable.active.id() != self.active {
            self.snapshot.tail = memtable.frozen_or_pinned(self.active);
        }
        let mut copied = 0;
        while let Some(number) = self.numbers.pop() {
            let place = self.numbers.len();
            let labels = memtable.catalogue.labels(number);
            copied += labels.text_bytes();
            self.snapshot.reservation.grow(labels.text_bytes())?;
            self.snapshot.series[place].labels = labels;
            if self.snapshot.tail.is_none() {
                copied += self.copy(memtable, place)?;
            }
            if copied >= max_bytes {
                break;
            }
        }
        Ok(self.numbers.is_empty())
    }

    /// Copies the bytes of a series from the active generation.
    fn copy(&mut self, memtable: &Memtable, place: usize) -> Result<usize, Stopped> {
        self.scratch.clear();
        let TailSnapshot { series, pieces, reservation, .. } = &mut self.snapshot;
        let series = &mut series[place];
        series.slot.gather(memtable.active.arena(), &mut self.scratch);
        let len = self.scratch.len();
        if pieces.last().is_none_or(|piece| piece.capacity() - piece.len() < len) {
            let capacity = (PIECE_BYTES_MIN << pieces.len().min(6)).max(len);
            reservation.grow(capacity)?;
            pieces.push(Vec::with_capacity(capacity));
        }
        let nth = pieces.len() - 1;
        let start = pieces[nth].len() as u32;
        pieces[nth].extend_from_slice(&self.scratch);
        series.copied = Some(Place { piece: nth as u32, start, end: start + len as u32 });
        Ok(len)
    }

    /// The snapshot, once a step has said that all is copied.
    pub fn finish(self) -> TailSnapshot {
        assert!(self.numbers.is_empty(), "a snapshot is finished when all is copied");
        self.snapshot
    }
}

impl TailSnapshot {
    /// The series that the `nth` selector matched, ascending by labels, with their numbers for
    /// [`SampleReader::read`].
    pub fn series(&self, nth: usize) -> &[(Labels, u32)] {
        let selected = self.selected.get_or_init(|| {
            let sorted = |places: &Vec<u32>| {
                let labels = |place: u32| self.series[place as usize].labels.clone();
                let mut series: Vec<(Labels, u32)> =
                    places.iter().map(|&place| (labels(place), place)).collect();
                series.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
                series
            };
            self.matched.iter().map(sorted).collect()
        });
        &selected[nth]
    }
}

impl SampleReader for TailSnapshot {
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        let series = &self.series[id as usize];
        let mut bytes = Vec::new();
        for generation in &self.shared {
            if let Some(slot) = generation.slot(series.number).filter(|s| s.may_overlap(range)) {
                bytes.clear();
                slot.gather(generation.arena(), &mut bytes);
                append(slot, &bytes, range, out);
            }
        }
        let slot = &series.slot;
        if slot.may_overlap(range) {
            match (series.copied, &self.tail) {
                (Some(place), _) => {
                    let piece = &self.pieces[place.piece as usize];
                    append(slot, &piece[place.start as usize..place.end as usize], range, out);
                }
                (None, Some(generation)) => {
                    bytes.clear();
                    slot.gather(generation.arena(), &mut bytes);
                    append(slot, &bytes, range, out);
                }
                (None, None) => unreachable!("a finished copy has the bytes or the generation"),
            }
        }
        Ok(())
    }
}

/// Where the numbers of a set stand in `numbers`, which ascend and hold them all.
fn places(numbers: &[u32], set: &RoaringBitmap) -> Vec<u32> {
    let mut numbered = (0u32..).zip(numbers);
    let place = |number| numbered.find(|&(_, &other)| other == number).map(|(place, _)| place);
    set.iter().filter_map(place).collect()
}

/// Appends the samples of a later generation, which win.
fn append(slot: &Slot, bytes: &[u8], range: TimeRange, out: &mut Samples) {
    if out.is_empty() {
        slot.read(bytes, range, out);
    } else {
        let mut newer = Samples::new();
        slot.read(bytes, range, &mut newer);
        out.merge_newer(&newer);
    }
}
