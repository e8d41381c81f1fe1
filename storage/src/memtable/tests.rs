mod model;
mod resolve;
mod world;

use std::sync::Arc;

use hydrograph_proto::write_batch::{WriteBatchDecoder, WriteBatchEncoder};
use proptest::prelude::*;

use super::*;
use crate::clock::ManualClock;
use crate::labels::Labels;
use crate::matcher::{MatchOp, Matcher};
use crate::samples::Samples;
use crate::source::SampleReader;

const BUDGET: u64 = 1 << 30;

/// Some samples of a series of a tenant.
type Push = (&'static str, Vec<(String, String)>, Vec<(i64, u64)>);

fn limits() -> QueryLimits {
    QueryLimits::new(BUDGET, 1_000, Arc::new(ManualClock::at(0)))
}

fn apply(memtable: &mut Memtable, offset: u64, pushes: &[Push]) -> Applied {
    let mut encoder = WriteBatchEncoder::new().unwrap();
    for (tenant, labels, samples) in pushes {
        let labels: Vec<_> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let samples: Vec<_> = samples.iter().map(|&(t, v)| (t, f64::from_bits(v))).collect();
        encoder.push(tenant, &labels, &samples).unwrap();
    }
    let mut record = Vec::new();
    encoder.finish(offset as i64, &mut record).unwrap();
    let mut decoder = WriteBatchDecoder::new().unwrap();
    memtable.apply(Offset(offset), &decoder.decode(&record).unwrap())
}

fn selector(matchers: Vec<Matcher>, range: TimeRange) -> Selector {
    Selector { matchers, range }
}

fn labels(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect()
}

#[test]
fn a_snapshot_outlives_the_generation_that_it_was_copying() {
    let mut memtable = Memtable::new(MemtableConfig::default());
    let pushes: Vec<Push> = (0..10)
        .map(|nth| {
            let pairs = labels(&[("__name__", "up"), ("nth", &nth.to_string())]);
            ("a", pairs, (0..50).map(|t| (t, (t * nth) as u64)).collect())
        })
        .collect();
    apply(&mut memtable, 0, &pushes);
    let selectors = [selector(vec![Matcher::equal("__name__", "up")], TimeRange::ALL)];
    let limits = limits();
    let mut copy = memtable.begin_snapshot("a", &selectors, &limits).unwrap();
    assert!(!copy.step(&memtable, 1).unwrap());
    apply(&mut memtable, 1, &pushes);
    let first = memtable.freeze().unwrap();
    memtable.release(first);
    for offset in 2..5 {
        apply(&mut memtable, offset, &[("a", labels(&[("n", "o")]), vec![(1, 1)])]);
        let id = memtable.freeze().unwrap();
        memtable.release(id);
        while memtable.maintain(1) {}
    }
    assert_eq!(memtable.series(), 11, "the copy pins the labels");
    while !copy.step(&memtable, 1).unwrap() {}
    let snapshot = copy.finish();
    while memtable.maintain(1) {}
    assert_eq!(memtable.series(), 1);
    assert!(memtable.pinned.is_empty());
    let mut samples = Samples::new();
    for (_, id) in snapshot.series(0) {
        samples.clear();
        snapshot.read(*id, TimeRange::ALL, &mut samples).unwrap();
        assert_eq!(samples.len(), 50);
    }
    assert_eq!(snapshot.series(0).len(), 10);
    drop(snapshot);
    assert_eq!(limits.used_bytes(), 0);
}

#[test]
fn a_snapshot_over_its_budget_gives_everything_back() {
    let mut memtable = Memtable::new(MemtableConfig::default());
    apply(&mut memtable, 0, &[("a", labels(&[("n", "o")]), (0..99).map(|t| (t * t, 1)).collect())]);
    let everything = [selector(Vec::new(), TimeRange::ALL)];
    for budget in 0..400 {
        let limits = QueryLimits::new(budget, 1_000, Arc::new(ManualClock::at(0)));
        let copied = memtable
            .begin_snapshot("a", &everything, &limits)
            .and_then(|mut copy| copy.step(&memtable, usize::MAX).map(|_| copy.finish()));
        if let Err(stopped) = &copied {
            assert!(matches!(stopped, Stopped::OverBudget { .. }));
        }
        drop(copied);
        assert_eq!(limits.used_bytes(), 0);
        assert!(limits.peak_bytes() <= budget);
    }
}

#[test]
fn churn_does_not_grow_the_catalogue() {
    let mut memtable = Memtable::new(MemtableConfig::default());
    let mut most = 0;
    for offset in 0..60 {
        let pushes: Vec<Push> = (0..200)
            .map(|nth| {
                let pod = format!("pod-with-a-long-name-{}", offset * 200 + nth);
                ("a", labels(&[("__name__", "up"), ("pod", &pod)]), vec![(offset as i64, 1)])
            })
            .collect();
        assert_eq!(apply(&mut memtable, offset, &pushes).new_series, 200);
        let id = memtable.freeze().unwrap();
        memtable.release(id);
        while memtable.maintain(50) {}
        most = most.max(memtable.series());
    }
    assert!(most <= 600, "{most} series for 200 that are alive");
    assert!(memtable.catalogue.series_end() <= 800);
    assert!(memtable.catalogue_bytes() <= 1 << 18);
}

#[test]
fn reversed_and_repeated_samples_are_sorted_and_the_later_record_wins() {
    let mut memtable = Memtable::new(MemtableConfig::default());
    let pairs = labels(&[("__name__", "up")]);
    for offset in 0..3 {
        let reversed = (0..100).rev().map(|t| (t, offset * 1000 + t as u64)).collect();
        let applied = apply(&mut memtable, offset, &[("a", pairs.clone(), reversed)]);
        assert_eq!(applied.out_of_order, 99);
    }
    let everything = [selector(Vec::new(), TimeRange::ALL)];
    let mut copy = memtable.begin_snapshot("a", &everything, &limits()).unwrap();
    while !copy.step(&memtable, 1).unwrap() {}
    let snapshot = copy.finish();
    let mut samples = Samples::new();
    snapshot.read(0, TimeRange::new(10, 12), &mut samples).unwrap();
    let bits: Vec<_> = samples.iter().map(|(t, v)| (t, v.to_bits())).collect();
    assert_eq!(bits, [(10, 2010), (11, 2011)]);
}

#[test]
fn equal_fingerprints_are_not_equal_series() {
    let mut encoder = WriteBatchEncoder::new().unwrap();
    for (tenant, labels) in [("a", [("n", "1")]), ("a", [("n", "2")]), ("b", [("n", "1")])] {
        encoder.push(tenant, &labels, &[(0, 0.0)]).unwrap();
    }
    let mut record = Vec::new();
    encoder.finish(0, &mut record).unwrap();
    let mut decoder = WriteBatchDecoder::new().unwrap();
    let batch = decoder.decode(&record).unwrap();
    let mut catalogue = Catalogue::new();
    let mut symbols = vec![symbols::NO_SYMBOL; batch.symbol_count()];
    let mut found = Vec::new();
    for section in batch.sections() {
        let tenant = catalogue.tenant(batch.symbol(section.tenant()));
        for row in section.rows() {
            assert_eq!(catalogue.find(7, tenant, row.labels, &symbols), None);
            let series = catalogue.add(&batch, 7, tenant, row.labels, &mut symbols, 0);
            assert_eq!(catalogue.find(7, tenant, row.labels, &symbols), Some(series));
            found.push((tenant, row.labels.to_vec(), series));
        }
    }
    catalogue.remove(found[0].2);
    let shown: Vec<_> =
        found.iter().map(|(t, labels, _)| catalogue.find(7, *t, labels, &symbols)).collect();
    assert_eq!(shown, [None, Some(1), Some(2)]);
}

#[test]
fn a_snapshot_may_change_threads() {
    fn sendable<T: Send + Sync>() {}
    sendable::<TailSnapshot>();
}
