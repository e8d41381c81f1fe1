//! A memtable and a naive model see the same operations in any order and must agree: on every
//! snapshot at once and for ever after, on every flush, on label strings and on statistics.

use super::model::{Model, Row, Shown};
use super::*;

const WINDOW: i64 = 100;

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<Push>),
    Freeze,
    Release(usize),
    Maintain(usize),
    BeginSnapshot(&'static str, Vec<Selector>),
    CopySnapshot(usize, usize),
    AbandonSnapshot,
    BeginFlush(usize),
    ReadFlush(usize, usize),
    LabelStrings(&'static str, Vec<Selector>, LabelQuestion),
}

pub(super) fn any_tenant() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "anonymous"])
}

pub(super) fn any_labels() -> impl Strategy<Value = Vec<(String, String)>> {
    let metric = prop::option::weighted(0.9, 0..3_u8);
    let few = prop::option::of(0..3_u8);
    (metric, few, prop::option::of(0..60_u8)).prop_filter_map("a series has labels", |(m, x, u)| {
        let mut pairs = Vec::new();
        pairs.extend(x.map(|x: u8| ("A".to_owned(), x.to_string())));
        pairs.extend(m.map(|m| ("__name__".to_owned(), format!("metric{m}"))));
        pairs.extend(u.map(|u| ("unique".to_owned(), format!("{u}"))));
        (!pairs.is_empty()).then_some(pairs)
    })
}

fn any_familiar_labels() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::sample::select(vec!["0", "1"])
        .prop_map(|a| super::labels(&[("A", a), ("__name__", "metric0")]))
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![10 => 0..400_i64, 2 => -50..50_i64, 1 => any::<i64>(),
                1 => prop::sample::select(vec![i64::MIN, i64::MAX, i64::MAX - 1])]
}

fn any_bits() -> impl Strategy<Value = u64> {
    let special = vec![0.0, -0.0, f64::NAN, f64::INFINITY, crate::samples::stale_nan()];
    prop_oneof![
        4 => (0..5).prop_map(|v| f64::from(v).to_bits()),
        1 => prop::sample::select(special).prop_map(f64::to_bits),
        1 => any::<u64>(),
    ]
}

fn any_samples() -> impl Strategy<Value = Vec<(i64, u64)>> {
    prop_oneof![
        prop::collection::vec((any_time(), any_bits()), 1..6),
        (any_time(), -30..30_i64, 1..90_i64, any_bits()).prop_map(|(t, step, count, v)| {
            (0..count)
                .map(|nth| (t.wrapping_add(nth * step), v.wrapping_add(nth as u64 / 20)))
                .collect()
        }),
    ]
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let range = prop_oneof![
        2 => Just(TimeRange::ALL),
        2 => (-60..450_i64, 0..300_i64).prop_map(|(start, len)| TimeRange::new(start, start + len)),
    ];
    (resolve::any_matchers(), range).prop_map(|(matchers, range)| selector(matchers, range))
}

fn any_question() -> impl Strategy<Value = LabelQuestion> {
    let names = prop::sample::select(vec!["A", "__name__", "unique", "none"]);
    prop_oneof![
        Just(LabelQuestion::Names),
        names.prop_map(|name| LabelQuestion::Values(name.to_owned())),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let push = prop_oneof![
        (any_tenant(), any_labels(), any_samples()),
        // Few enough that generations meet at series and timestamps.
        (Just("a"), any_familiar_labels(), any_samples()),
    ];
    let index = 0..1000_usize;
    prop_oneof![
        8 => prop::collection::vec(push, 1..8).prop_map(Step::Apply),
        4 => Just(Step::Freeze),
        4 => index.clone().prop_map(Step::Release),
        4 => (1..40_usize).prop_map(Step::Maintain),
        3 => (any_tenant(), prop::collection::vec(any_selector(), 1..4))
            .prop_map(|(tenant, selectors)| Step::BeginSnapshot(tenant, selectors)),
        6 => (index.clone(), 1..200_usize).prop_map(|(nth, bytes)| Step::CopySnapshot(nth, bytes)),
        1 => Just(Step::AbandonSnapshot),
        2 => index.clone().prop_map(Step::BeginFlush),
        4 => (index, 1..20_usize).prop_map(|(nth, rows)| Step::ReadFlush(nth, rows)),
        1 => (any_tenant(), prop::collection::vec(any_selector(), 0..3), any_question())
            .prop_map(|(tenant, selectors, question)| {
                Step::LabelStrings(tenant, selectors, question)
            }),
    ]
}

struct Snapshot {
    copy: SnapshotCopy,
    selectors: Vec<Selector>,
    expected: Vec<Shown>,
}

struct Flush {
    cursor: FlushCursor,
    expected: std::vec::IntoIter<Row>,
}

struct World {
    memtable: Memtable,
    model: Model,
    snapshots: Vec<Snapshot>,
    /// With the selectors and what it must show of each for ever.
    finished: Vec<(TailSnapshot, Vec<Selector>, Vec<Shown>)>,
    flushes: Vec<Flush>,
    limits: QueryLimits,
}

impl World {
    fn new() -> Self {
        Self {
            memtable: Memtable::new(MemtableConfig { window_ms: WINDOW }),
            model: Model::default(),
            snapshots: Vec::new(),
            finished: Vec::new(),
            flushes: Vec::new(),
            limits: limits(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Apply(pushes) => {
                let applied = apply(&mut self.memtable, self.model.offset, &pushes);
                assert_eq!(applied.samples, self.model.apply(&pushes));
            }
            Step::Freeze => assert_eq!(self.memtable.freeze(), self.model.freeze()),
            Step::Release(nth) => {
                if let Some(id) = self.model.release(nth) {
                    self.memtable.release(id);
                }
            }
            Step::Maintain(budget) => {
                self.memtable.maintain(budget);
            }
            Step::BeginSnapshot(tenant, selectors) => {
                let copy = self.memtable.begin_snapshot(tenant, &selectors, &self.limits).unwrap();
                let expected =
                    selectors.iter().map(|selector| self.model.select(tenant, selector)).collect();
                self.snapshots.push(Snapshot { copy, selectors, expected });
            }
            Step::CopySnapshot(nth, bytes) => self.step_snapshot(nth, bytes),
            Step::AbandonSnapshot => {
                self.snapshots.pop();
            }
            Step::BeginFlush(nth) => {
                if let Some((id, rows)) = self.model.flush(nth, WINDOW) {
                    let cursor = self.memtable.flush_cursor(id);
                    self.flushes.push(Flush { cursor, expected: rows.into_iter() });
                }
            }
            Step::ReadFlush(nth, rows) => self.step_flush(nth, rows),
            Step::LabelStrings(tenant, selectors, question) => assert_eq!(
                self.memtable.label_strings(tenant, &selectors, &question),
                self.model.label_strings(tenant, &selectors, &question)
            ),
        }
        self.check_stats();
    }

    fn step_snapshot(&mut self, nth: usize, bytes: usize) {
        if self.snapshots.is_empty() {
            return;
        }
        let nth = nth % self.snapshots.len();
        if self.snapshots[nth].copy.step(&self.memtable, bytes).unwrap() {
            let Snapshot { copy, selectors, expected } = self.snapshots.swap_remove(nth);
            let snapshot = copy.finish();
            check_snapshot(&snapshot, &selectors, &expected);
            self.finished.push((snapshot, selectors, expected));
        }
    }

    fn step_flush(&mut self, nth: usize, rows: usize) {
        if self.flushes.is_empty() {
            return;
        }
        let nth = nth % self.flushes.len();
        if !step_flush(&self.memtable, &mut self.flushes[nth], rows) {
            self.flushes.swap_remove(nth);
        }
    }

    fn check_stats(&self) {
        let memtable: Vec<GenerationStats> =
            self.memtable.frozen().chain([self.memtable.active()]).collect();
        let without_bytes = |stats: &GenerationStats| GenerationStats { arena_bytes: 0, ..*stats };
        let stats: Vec<GenerationStats> = memtable.iter().map(without_bytes).collect();
        assert_eq!(stats, self.model.stats());
        assert!(self.memtable.series() >= self.model.live_series());
    }

    /// Everything that is still open is brought to its end and everything checked again.
    fn end(mut self) {
        while !self.snapshots.is_empty() {
            self.step_snapshot(0, usize::MAX);
        }
        for flush in &mut self.flushes {
            while step_flush(&self.memtable, flush, 100) {}
        }
        self.flushes.clear();
        for (snapshot, selectors, expected) in &self.finished {
            check_snapshot(snapshot, selectors, expected);
        }
        while self.memtable.maintain(7) {}
        self.finished.clear();
        assert_eq!(self.limits.used_bytes(), 0);
        assert!(self.memtable.pinned.iter().all(|generation| !generation.has_copies()));
    }
}

fn step_flush(memtable: &Memtable, flush: &mut Flush, rows: usize) -> bool {
    let mut samples = Samples::new();
    for _ in 0..rows {
        match flush.cursor.next(memtable, &mut samples) {
            FlushStep::Working => {}
            FlushStep::Series(series) => {
                let row = Row {
                    tenant: series.tenant.to_string(),
                    window_ms: (series.window.start_ms, series.window.end_ms),
                    metric: series.labels.metric_name().to_owned(),
                    labels: series.labels,
                    samples: samples.iter().map(|(t, v)| (t, v.to_bits())).collect(),
                };
                assert_eq!(Some(row), flush.expected.next());
            }
            FlushStep::Done => {
                assert_eq!(flush.expected.next(), None);
                return false;
            }
        }
    }
    true
}

fn check_snapshot(snapshot: &TailSnapshot, selectors: &[Selector], expected: &[Shown]) {
    for (nth, (selector, expected)) in selectors.iter().zip(expected).enumerate() {
        let series = snapshot.series(nth);
        assert!(series.is_sorted_by(|(a, _), (b, _)| a < b));
        let mut shown = Vec::new();
        for (labels, id) in series {
            let mut samples = Samples::new();
            snapshot.read(*id, selector.range, &mut samples).unwrap();
            let samples: Vec<(i64, u64)> = samples.iter().map(|(t, v)| (t, v.to_bits())).collect();
            if !samples.is_empty() {
                shown.push((labels.clone(), samples));
            }
        }
        assert_eq!(&shown, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_memtable_is_a_map_of_maps(steps in prop::collection::vec(any_step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.end();
    }
}
