//! The gateway over a log in memory that can be held, refused and looked into.

mod memory_log;
mod model;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use expect_test::{Expect, expect};
use hydrograph_proto::remote_write::messages::{
    Exemplar, Histogram, Label, MetricMetadata, Sample, TimeSeries, WriteRequest,
};
use hydrograph_storage::clock::ManualClock;
use hydrograph_storage::labels::Labels;
use prost::Message;

use self::memory_log::MemoryLog;
use super::{Gateway, GatewayConfig, ValidationLimits, WriteError, WriteOutcome};
use crate::log::Log;

const NOW_MS: i64 = 1_700_000_000_000;

/// A gateway over a log in memory.
struct Test {
    log: Arc<MemoryLog>,
    gateway: Arc<Gateway>,
}

impl Test {
    fn new(partitions: u32, change: impl FnOnce(&mut GatewayConfig)) -> Self {
        let log = Arc::new(MemoryLog::new(partitions));
        let limits =
            ValidationLimits { retention_ms: Some(86_400_000), ..ValidationLimits::default() };
        let mut config = GatewayConfig { limits, ..GatewayConfig::default() };
        change(&mut config);
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let gateway = Gateway::new(&(log.clone() as Arc<dyn Log>), config, clock);
        Self { log, gateway: Arc::new(gateway) }
    }

    /// Begins a write and lets everything run until it waits.
    async fn begin(
        &self,
        request: Vec<u8>,
    ) -> tokio::task::JoinHandle<Result<WriteOutcome, WriteError>> {
        let gateway = self.gateway.clone();
        let write = tokio::spawn(async move { gateway.write("tenant", &request).await });
        self.settle().await;
        write
    }

    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    /// Everything in the log: partition/offset tenant series samples.
    fn logged(&self) -> String {
        let mut decoder = hydrograph_proto::write_batch::WriteBatchDecoder::new().unwrap();
        let mut lines = String::new();
        for partition in 0..self.log.partitions() {
            for (offset, record) in self.log.records(partition).iter().enumerate() {
                let batch = decoder.decode(record).unwrap();
                for section in batch.sections() {
                    for row in section.rows() {
                        let pair = |(n, v): &(u32, u32)| (batch.symbol(*n), batch.symbol(*v));
                        let labels = Labels::from_sorted(row.labels.iter().map(pair));
                        let tenant = batch.symbol(section.tenant());
                        let times = row.timestamps.iter().map(|time| time - NOW_MS);
                        let samples: Vec<_> = times.zip(row.values).collect();
                        let line = format!("{partition}/{offset} {tenant} {labels} {samples:?}\n");
                        lines.push_str(&line);
                    }
                }
            }
        }
        lines
    }
}

/// A series with samples at times relative to now.
fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    let label = |&(name, value): &(&str, &str)| Label { name: name.into(), value: value.into() };
    let sample = |&(time, value): &(i64, f64)| Sample { timestamp: NOW_MS + time, value };
    TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        ..TimeSeries::default()
    }
}

fn encode(timeseries: Vec<TimeSeries>) -> Vec<u8> {
    WriteRequest { timeseries, metadata: Vec::new() }.encode_to_vec()
}

fn one(name: &str, samples: &[(i64, f64)]) -> Vec<u8> {
    encode(vec![series(&[("__name__", name)], samples)])
}

/// Writes one request: the answer, then what is in the log.
async fn check(partitions: u32, request: &[u8], expected: &Expect) {
    let test = Test::new(partitions, |_| {});
    let answer = match test.gateway.write("tenant", request).await {
        Ok(WriteOutcome { stored_samples, rejected, unsupported, positions }) => {
            let positions: Vec<_> = positions.iter().map(|(p, offset)| (p.0, offset.0)).collect();
            let reason = |reason: &String| format!("\n  {reason}");
            let reasons: String = rejected.reasons.iter().map(reason).collect();
            format!(
                "stored {stored_samples} at {positions:?}, {unsupported:?}\nrejected {} series, {} samples{reasons}",
                rejected.series, rejected.samples
            )
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            format!("{error}: {}", cause.map(ToString::to_string).unwrap_or_default())
        }
    };
    expected.assert_eq(&format!("{answer}\n{}", test.logged()));
}

#[tokio::test]
async fn series_are_stored_where_their_family_is() {
    let request = encode(vec![
        series(&[("__name__", "h_bucket"), ("le", "1")], &[(0, 1.0), (-5, 2.0)]),
        series(&[("__name__", "up"), ("job", "x")], &[(0, 1.0)]),
        series(&[("job", "y"), ("__name__", "up")], &[(1, f64::INFINITY)]),
        series(&[("__name__", "h_sum")], &[(0, 9.5)]),
    ]);
    check(
        3,
        &request,
        &expect![[r#"
        stored 5 at [(1, 0), (2, 0)], Unsupported { histograms: 0, exemplars: 0, metadata: 0 }
        rejected 0 series, 0 samples
        1/0 tenant {__name__="h_bucket", le="1"} [(0, 1.0), (-5, 2.0)]
        1/0 tenant {__name__="h_sum"} [(0, 9.5)]
        2/0 tenant {__name__="up", job="x"} [(0, 1.0)]
        2/0 tenant {__name__="up", job="y"} [(1, inf)]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn good_series_are_stored_beside_bad_ones() {
    let bad = |nth: i32| series(&[("job", &nth.to_string())], &[(0, 1.0), (1, 1.0)]);
    let mut all: Vec<_> = (0..7).map(bad).collect();
    all.push(series(&[("__name__", "up")], &[(600_001, 1.0), (0, 2.0), (-86_400_001, 3.0)]));
    check(
        1,
        &encode(all),
        &expect![[r#"
        stored 1 at [(0, 0)], Unsupported { histograms: 0, exemplars: 0, metadata: 0 }
        rejected 7 series, 16 samples
          invalid metric name or labels, got {job="0"}
          invalid metric name or labels, got {job="1"}
          invalid metric name or labels, got {job="2"}
          invalid metric name or labels, got {job="3"}
          invalid metric name or labels, got {job="4"}
        0/0 tenant {__name__="up"} [(0, 2.0)]
    "#]],
    )
    .await;
    let late = series(&[("__name__", "up")], &[(600_001, 1.0), (700_000, 2.0)]);
    check(1, &encode(vec![late]), &expect![[r#"
        stored 0 at [], Unsupported { histograms: 0, exemplars: 0, metadata: 0 }
        rejected 0 series, 2 samples
          out of bounds: timestamp is too far in the future (timestamp: 1700000600001, series: {__name__="up"})
    "#]]).await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_counted() {
    let mut mixed = series(&[("__name__", "up")], &[(0, 1.0)]);
    mixed.exemplars = vec![Exemplar::default(); 2];
    mixed.histograms = vec![Histogram::default(); 3];
    let metadata = vec![MetricMetadata::default(); 4];
    let request = WriteRequest { timeseries: vec![mixed], metadata }.encode_to_vec();
    check(
        1,
        &request,
        &expect![[r#"
        stored 1 at [(0, 0)], Unsupported { histograms: 3, exemplars: 2, metadata: 4 }
        rejected 0 series, 0 samples
        0/0 tenant {__name__="up"} [(0, 1.0)]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_malformed_request_leaves_nothing() {
    let mut request = one("up", &[(0, 1.0)]);
    request.extend([0x0a, 0x7f]);
    check(
        1,
        &request,
        &expect![[r"
        malformed write request: truncated or overlong field
    "]],
    )
    .await;
    check(
        1,
        &[],
        &expect![[r"
        stored 0 at [], Unsupported { histograms: 0, exemplars: 0, metadata: 0 }
        rejected 0 series, 0 samples
    "]],
    )
    .await;
}

#[tokio::test]
async fn tenants_are_apart_and_their_names_checked() {
    let test = Test::new(1, |_| {});
    test.log.hold(true);
    let request = one("up", &[(0, 1.0)]);
    let writes = ["a", "b", "a"].map(|tenant| test.gateway.write(tenant, &request));
    let release = async {
        test.settle().await;
        test.log.hold(false);
    };
    let (answers, ()) = futures::join!(futures::future::join_all(writes), release);
    assert!(answers.iter().all(Result::is_ok));
    expect![[r#"
        0/0 a {__name__="up"} [(0, 1.0)]
        0/0 a {__name__="up"} [(0, 1.0)]
        0/0 b {__name__="up"} [(0, 1.0)]
    "#]]
    .assert_eq(&test.logged());
    let error = test.gateway.write("a/b", &request).await.unwrap_err();
    expect![[r#"invalid tenant "a/b""#]].assert_eq(&error.to_string());
}

#[tokio::test]
async fn own_series_go_the_same_way() {
    let test = Test::new(1, |_| {});
    let labels = |name| Labels::from_pairs([("__name__", name), ("job", "hydrograph")]);
    let own = [
        (labels("up"), vec![(NOW_MS, 1.0)]),
        (Labels::from_pairs([("job", "nameless")]), vec![(NOW_MS, 1.0)]),
    ];
    let outcome = test.gateway.write_series("anonymous", &own).await.unwrap();
    assert_eq!((outcome.stored_samples, outcome.rejected.series), (1, 1));
    expect![[r#"
        0/0 anonymous {__name__="up", job="hydrograph"} [(0, 1.0)]
    "#]]
    .assert_eq(&test.logged());
}

#[tokio::test]
async fn requests_share_a_batch_while_another_is_in_flight() {
    let test = Test::new(1, |config| config.linger_ms = 60_000);
    test.log.hold(true);
    let first = test.begin(one("first", &[(0, 1.0)])).await;
    assert_eq!(test.log.begun().len(), 1, "nothing was in flight: it leaves at once");
    let second = test.begin(one("second", &[(0, 1.0)])).await;
    let third = test.begin(one("third", &[(0, 1.0)])).await;
    assert_eq!(test.log.begun().len(), 1, "they wait");
    assert!(!first.is_finished(), "an answer waits for the log");
    test.log.hold(false);
    let positions = [first, second, third].map(|write| async {
        write.await.unwrap().unwrap().positions.iter().map(|(_, offset)| offset.0).collect()
    });
    let positions: Vec<Vec<u64>> = futures::future::join_all(positions).await;
    assert_eq!(positions, [[0], [1], [1]]);
}

#[tokio::test]
async fn a_batch_leaves_after_the_linger() {
    let test = Test::new(1, |config| config.linger_ms = 1);
    test.log.hold(true);
    let writes = [test.begin(one("a", &[(0, 1.0)])).await, test.begin(one("b", &[(0, 1.0)])).await];
    test.log.until_begun(2).await;
    test.log.hold(false);
    for write in writes {
        write.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn large_requests_leave_in_order_in_batches_of_bounded_size() {
    let test = Test::new(1, |_| {});
    // Values without a pattern: what does not compress.
    let mut state = 1_u64;
    let mut value = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from_bits(state >> 2)
    };
    let samples: Vec<_> = (0..100_000).map(|time| (-time, value())).collect();
    let outcome = test.gateway.write("tenant", &one("up", &samples)).await.unwrap();
    assert_eq!(outcome.stored_samples, 100_000);
    assert!(
        outcome.positions.iter().map(|(_, offset)| offset.0).eq(0..outcome.positions.len() as u64)
    );
    assert!(test.log.begun().len() > 1);
    assert!(test.log.begun().iter().all(|(_, bytes)| *bytes <= 900_000));
    let mut decoder = hydrograph_proto::write_batch::WriteBatchDecoder::new().unwrap();
    let mut stored = Vec::new();
    for record in test.log.records(0) {
        let batch = decoder.decode(&record).unwrap();
        assert_eq!(batch.receive_time_ms(), NOW_MS);
        for row in batch.sections().flat_map(|section| section.rows()) {
            stored.extend(row.timestamps.iter().map(|t| t - NOW_MS).zip(row.values.to_vec()));
        }
    }
    assert_eq!(stored, samples);
}

#[tokio::test]
async fn too_many_bytes_in_flight_are_refused_at_once() {
    let request = one("up", &[(0, 1.0)]);
    let test = Test::new(1, |config| config.in_flight_bytes_max = 2 * request.len());
    test.log.hold(true);
    let first = test.begin(request.clone()).await;
    let abandoned = test.begin(request.clone()).await;
    let error = test.gateway.write("tenant", &request).await.unwrap_err();
    assert!(matches!(error, WriteError::Overloaded { .. }), "{error}");
    abandoned.abort();
    assert!(abandoned.await.is_err());
    let error = test.gateway.write("tenant", &request).await.unwrap_err();
    assert!(matches!(error, WriteError::Overloaded { .. }), "what was abandoned is still there");
    test.log.hold(false);
    first.await.unwrap().unwrap();
    test.settle().await;
    assert_eq!(test.gateway.in_flight_bytes(), 0);
    test.gateway.write("tenant", &request).await.unwrap();
    assert_eq!(test.logged().lines().count(), 3, "an abandoned write is finished");
    assert_eq!(test.gateway.stats().overloaded_requests.load(Relaxed), 2);
}

#[tokio::test]
async fn a_log_that_refuses_is_an_error_of_its_own() {
    let test = Test::new(1, |_| {});
    test.log.refuse(true);
    let error = test.gateway.write("tenant", &one("up", &[(0, 1.0)])).await.unwrap_err();
    assert!(matches!(error, WriteError::Unavailable(_)), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    expect!["write was not logged: log unavailable: refused"]
        .assert_eq(&format!("{error}: {cause}"));
    test.log.refuse(false);
    test.gateway.write("tenant", &one("up", &[(0, 1.0)])).await.unwrap();
    let stats = test.gateway.stats();
    let counters = [&stats.requests, &stats.failed_requests, &stats.stored_samples, &stats.batches];
    assert_eq!(counters.map(|counter| counter.load(Relaxed)), [2, 1, 1, 2]);
}

#[tokio::test]
async fn closing_answers_what_was_begun() {
    let test = Test::new(2, |config| config.linger_ms = 60_000);
    test.log.hold(true);
    let writes = [test.begin(one("a", &[(0, 1.0)])).await, test.begin(one("a", &[(1, 1.0)])).await];
    let release = async {
        test.settle().await;
        test.log.hold(false);
    };
    futures::join!(test.gateway.close(), release);
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let error = test.gateway.write("tenant", &one("a", &[(2, 1.0)])).await.unwrap_err();
    expect!["gateway is shutting down"].assert_eq(&error.to_string());
}
