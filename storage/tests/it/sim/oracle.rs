//! What must be true: a map that saw the same records.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use hydrograph_storage::block::{Block, BlockEntry, PageCache, WINDOW_MS};
use hydrograph_storage::clock::ManualClock;
use hydrograph_storage::engine::Engine;
use hydrograph_storage::ids::Offset;
use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::QueryLimits;
use hydrograph_storage::manifest::Manifest;
use hydrograph_storage::samples::Samples;
use hydrograph_storage::snapshot::{self, BlockCache};
use hydrograph_storage::source::{SelectRequest, Selector};
use hydrograph_storage::store::Store;
use hydrograph_storage::time_range::TimeRange;

use super::log::Log;
use super::records::TENANTS;
use super::store::SimStore;

/// Bits of the value of each (tenant, series, time).
pub(super) type Map = BTreeMap<(String, Labels, i64), u64>;

/// What these records come to.
pub(super) fn map(log: &Log, offsets: Range<Offset>) -> Map {
    let sent = log.contents(offsets).filter_map(|(_, content)| content.as_ref()).flatten();
    sent.map(|sample| {
        let pairs = sample.labels.iter().map(|(name, value)| (*name, &**value));
        let labels = Labels::from_pairs(pairs);
        ((sample.tenant.to_owned(), labels, sample.t_ms), sample.value.to_bits())
    })
    .collect()
}

/// Checks every block that a manifest names, and answers what they come to together. Samples
/// before `expired_ms` may be gone.
pub(super) fn check_blocks(
    manifest: &Manifest,
    log: &Log,
    store: &SimStore,
    expired_ms: i64,
) -> Map {
    let mut all = Map::new();
    for entry in &manifest.blocks {
        let content = check_block(entry, log, store, expired_ms);
        all.extend(content);
    }
    check_disjoint(manifest, store);
    let wanted = map(log, Offset(0)..manifest.offset);
    assert_eq_from(expired_ms, &all, &wanted, "blocks hold what was committed");
    all
}

/// A block holds its records' samples: all at level 0, else those of its window and tenants.
fn check_block(entry: &BlockEntry, log: &Log, store: &SimStore, expired_ms: i64) -> Map {
    let (content, rows) = read(entry, store);
    assert_eq!(entry.samples, rows, "the entry counts samples");
    assert_eq!(content.len() as u64, rows, "each sample once");
    let mut wanted = map(log, entry.offsets.clone());
    if entry.level > 0 {
        let window_ms = if entry.level == 1 { WINDOW_MS } else { 12 * WINDOW_MS };
        let window = entry.min_time_ms.div_euclid(window_ms);
        assert_eq!(window, entry.max_time_ms.div_euclid(window_ms), "one window");
        wanted.retain(|(tenant, _, t_ms), _| {
            t_ms.div_euclid(window_ms) == window
                && entry.tenants.iter().any(|span| span.tenant == *tenant)
        });
    }
    assert_eq_from(expired_ms, &content, &wanted, &entry.name);
    content
}

/// The samples of a block, and how many its rows have.
fn read(entry: &BlockEntry, store: &SimStore) -> (Map, u64) {
    let file = store.open(&entry.name).expect("a named block is there");
    let block = Block::open(file, &PageCache::new(1 << 20)).expect("it can be opened");
    assert_eq!(block.entry(), entry, "the manifest says what the block says");
    let (mut content, mut rows) = (Map::new(), 0);
    for row in block.scan() {
        let row = row.expect("it can be read");
        rows += row.samples.len() as u64;
        for (t_ms, value) in row.samples.iter() {
            content.insert((row.tenant.to_string(), row.labels.clone(), t_ms), value.to_bits());
        }
    }
    (content, rows)
}

/// Blocks of one tenant's window have disjoint offset ranges.
fn check_disjoint(manifest: &Manifest, store: &SimStore) {
    let mut seen: BTreeMap<(String, i64), Offset> = BTreeMap::new();
    for entry in &manifest.blocks {
        let (content, _) = read(entry, store);
        let windows: std::collections::BTreeSet<(String, i64)> = content
            .into_keys()
            .map(|(tenant, _, t_ms)| (tenant, t_ms.div_euclid(WINDOW_MS)))
            .collect();
        for window in windows {
            let end = seen.insert(window, entry.offsets.end).unwrap_or_default();
            assert!(end <= entry.offsets.start, "offset ranges of one window are disjoint");
        }
    }
}

/// Whether a block that is not named is a merge that could still be committed.
pub(super) fn may_become(name: &str, manifest: &Manifest, store: &SimStore) -> bool {
    let file = store.open(name).expect("it was listed");
    let block = Block::open(file, &PageCache::new(0)).expect("it can be opened");
    let named = |input: &String| manifest.blocks.iter().any(|block| block.name == *input);
    block.header().level > 0 && block.header().inputs.iter().all(named)
}

/// A running engine answers what a map would that saw everything before its position.
pub(super) fn check_engine(engine: &Engine, log: &Log, store: &SimStore, expired_ms: i64) {
    check_blocks(engine.manifest(), log, store, expired_ms);
    let cache = BlockCache::new(Arc::new(store.clone()), PageCache::new(1 << 20), 8 << 10);
    let mut all = Map::new();
    for tenant in TENANTS {
        let selector = Selector { matchers: Vec::new(), range: TimeRange::ALL };
        let request = SelectRequest {
            tenant: Arc::from(tenant),
            selectors: vec![selector],
            limits: QueryLimits::new(1 << 30, 1_000, Arc::new(ManualClock::at(0))),
        };
        let mut copying = engine
            .begin_snapshot(tenant, &request.selectors, &request.limits)
            .expect("a running engine answers");
        while !engine.step_snapshot(&mut copying, 64).expect("nothing happens meanwhile") {}
        let view = copying.finish();
        assert_eq!(view.position, engine.position());
        let answer = snapshot::select(&[view], &request, &cache).expect("all blocks are there");
        let (mut samples, mut scratch) = (Samples::new(), Samples::new());
        for series in &answer[0].series {
            series.read(TimeRange::ALL, &mut samples, &mut scratch).expect("it can be read");
            for (t_ms, value) in samples.iter() {
                let key = (tenant.to_owned(), series.labels.clone(), t_ms);
                let before = all.insert(key, value.to_bits());
                assert_eq!(before, None, "each sample once");
            }
        }
    }
    let wanted = map(log, Offset(0)..engine.position());
    assert_eq_from(expired_ms, &all, &wanted, "blocks and tail hold what was applied");
}

fn assert_eq_from(from_ms: i64, found: &Map, wanted: &Map, what: &str) {
    for (key, bits) in found.iter().filter(|((_, _, t_ms), _)| *t_ms >= from_ms) {
        assert_eq!(wanted.get(key), Some(bits), "{what}: {key:?} is not what was sent");
    }
    for key in wanted.keys().filter(|(_, _, t_ms)| *t_ms >= from_ms) {
        assert!(found.contains_key(key), "{what}: {key:?} is lost");
    }
}
