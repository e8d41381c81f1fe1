use proptest::prelude::*;

use super::{BlockOptions, Model, header, model, open, pushes, write};
use crate::block::{BlockEntry, BlockWriter, TENANT_SPANS_MAX};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::source::SampleReader;
use crate::time_range::TimeRange;

fn bits(samples: &Samples) -> Vec<(i64, u64)> {
    samples.iter().map(|(t_ms, value)| (t_ms, value.to_bits())).collect()
}

fn check_round_trip(model: &Model, level: u8, range: TimeRange) {
    let written = write(model, level);
    let block = open(written.bytes.clone()).unwrap();
    assert_eq!(block.entry(), &written.entry);
    assert_eq!(block.header(), &header(level));

    let scanned = block.scan().map(|row| {
        let row = row.unwrap();
        (row.tenant.to_string(), row.window_start_ms, row.labels, bits(&row.samples))
    });
    let pushed = pushes(model, BlockOptions::for_level(level).window_ms);
    let pushed = pushed.iter().map(|(t, w, l, s)| (t.clone(), *w, l.clone(), bits(s)));
    assert_eq!(scanned.collect::<Vec<_>>(), pushed.collect::<Vec<_>>());

    for (tenant, series) in model {
        let found = block.select(tenant, &[], TimeRange::ALL).unwrap();
        assert!(found.iter().map(|(labels, _)| labels).eq(series.keys()));
        for (labels, id) in found {
            let mut samples = Samples::new();
            block.read(id, range, &mut samples).unwrap();
            let inside = series[&labels].iter().filter(|(t_ms, _)| range.contains(**t_ms));
            let inside: Vec<(i64, u64)> = inside.map(|(&t_ms, &bits)| (t_ms, bits)).collect();
            assert_eq!(bits(&samples), inside, "{labels}");
        }
    }
    let report = block.verify().unwrap();
    assert_eq!((report.rows, report.samples), (written.entry.rows, written.entry.samples));
    check_entry(model, &written.entry);
}

fn check_entry(model: &Model, entry: &BlockEntry) {
    let times = model.values().flat_map(|s| s.values()).flat_map(|s| s.keys());
    assert_eq!(entry.min_time_ms, *times.clone().min().unwrap());
    assert_eq!(entry.max_time_ms, *times.clone().max().unwrap());
    assert_eq!(entry.samples, times.count() as u64);
    assert_eq!(entry.series, model.values().map(|series| series.len() as u64).sum::<u64>());
    if model.len() > TENANT_SPANS_MAX {
        assert_eq!(entry.tenants, []);
        assert!(entry.may_hold("anyone", TimeRange::ALL));
        assert!(!entry.may_hold("anyone", TimeRange::new(i64::MIN, entry.min_time_ms)));
        return;
    }
    assert!(!entry.may_hold("anyone", TimeRange::ALL));
    assert!(entry.tenants.iter().map(|span| &span.tenant).eq(model.keys()));
    for (span, series) in entry.tenants.iter().zip(model.values()) {
        assert_eq!(span.series, series.len() as u64);
        assert_eq!(span.samples, series.values().map(|samples| samples.len() as u64).sum::<u64>());
        assert_eq!(Some(&span.min_time_ms), series.values().flat_map(|s| s.keys()).min());
        assert_eq!(Some(&span.max_time_ms), series.values().flat_map(|s| s.keys()).max());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_pushed_is_read_to_the_bit(
        model in model(), level in 0u8..3, start in -40_000_000i64..20_000_000, len in 0i64..9_000_000,
    ) {
        check_round_trip(&model, level, TimeRange::new(start, start + len));
    }
}

/// More than one batch, page and row group, and tenants that share pages.
#[test]
fn many_rows_of_many_tenants() {
    let mut model = Model::new();
    for tenant in 0..300 {
        let series = model.entry(format!("tenant-{tenant:03}")).or_default();
        for nth in 0..20i64 {
            let name = format!("m{}", nth % 3);
            let instance = format!("i{nth}");
            let labels = Labels::from_pairs([("__name__", &*name), ("instance", &*instance)]);
            let value = |t: i64| match nth % 4 {
                0 => (t * 17 % 23) as f64,
                1 => (t * (1 + nth)) as f64,
                2 => (t as f64).sin(),
                _ => (t % 2 * (1 << 50)) as f64,
            };
            let samples = (0..100).map(|t| (t * 60_000 + nth, value(t).to_bits())).collect();
            series.insert(labels, samples);
        }
    }
    check_round_trip(&model, 0, TimeRange::new(1_000_000, 4_000_000));
}

#[test]
fn the_same_pushes_give_the_same_bytes() {
    let labels = |value: &str| Labels::from_pairs([("__name__", "up"), ("job", value)]);
    let mut model = Model::new();
    for job in ["a", "b", "c"] {
        let samples = (0..9).map(|t| (t, (t as f64).to_bits())).collect();
        model.entry("t".to_owned()).or_default().insert(labels(job), samples);
    }
    assert_eq!(write(&model, 0).bytes, write(&model, 0).bytes);
}

fn push_twice(first: (&str, &str, i64), second: (&str, &str, i64)) {
    let mut writer = BlockWriter::new(header(0), BlockOptions::for_level(0));
    for (tenant, name, t_ms) in [first, second] {
        let labels = Labels::from_pairs([("__name__", name)]);
        writer.push(tenant, &labels, &Samples::from_iter([(t_ms, 1.0)])).unwrap();
    }
}

#[test]
#[should_panic(expected = "tenants ascend")]
fn tenants_ascend() {
    push_twice(("b", "m", 0), ("a", "m", 0));
}

#[test]
#[should_panic(expected = "rows ascend")]
fn series_ascend() {
    push_twice(("a", "n", 0), ("a", "m", 5));
}

#[test]
#[should_panic(expected = "rows ascend")]
fn times_of_a_series_ascend() {
    push_twice(("a", "m", 5), ("a", "m", 5));
}

#[test]
#[should_panic(expected = "one window a push")]
fn a_push_stays_in_its_window() {
    let mut writer = BlockWriter::new(header(0), BlockOptions::for_level(0));
    let samples = Samples::from_iter([(-1, 1.0), (0, 1.0)]);
    writer.push("a", &Labels::empty(), &samples).unwrap();
}

#[test]
#[should_panic(expected = "a block holds samples")]
fn an_empty_block_is_not_written() {
    let _ = BlockWriter::new(header(0), BlockOptions::for_level(0)).finish();
}
