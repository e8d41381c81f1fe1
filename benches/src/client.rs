//! The sender: remote write requests as Prometheus makes them, each timed, each accounted for.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hydrograph_proto::remote_write::messages::{Label, Sample, TimeSeries, WriteRequest};
use hydrograph_proto::remote_write::snappy_encode;
use hydrograph_storage::clock::{Clock as _, SystemClock};
use prost::Message as _;

use crate::dataset::Series;

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    SystemClock::new().now_ms()
}

/// Nanoseconds that `work` takes, and its result.
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(u64, T)> {
    let clock = SystemClock::new();
    let result = work()?;
    Ok((clock.monotonic_ns(), result))
}

/// An HTTP client for one thread.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_mins(5)))
        .build()
        .into()
}

/// Some series and the samples of theirs that arrive now.
pub(crate) type Part<'a> = [(&'a Series, &'a [(i64, f64)])];

/// The compressed body of one request.
pub(crate) fn encode(part: &Part<'_>) -> Result<Vec<u8>> {
    let timeseries = part.iter().map(|(series, samples)| TimeSeries {
        labels: series
            .labels
            .iter()
            .map(|(name, value)| Label { name: name.clone(), value: value.clone() })
            .collect(),
        samples: samples.iter().map(|&(timestamp, value)| Sample { value, timestamp }).collect(),
        ..TimeSeries::default()
    });
    let request = WriteRequest { timeseries: timeseries.collect(), ..WriteRequest::default() };
    Ok(snappy_encode(&request.encode_to_vec())?)
}

/// Sends one body and insists that it is acknowledged; answers the nanoseconds it took.
pub(crate) fn send(agent: &ureq::Agent, url: &str, body: &[u8]) -> Result<u64> {
    let (elapsed_ns, mut answer) = timed(|| {
        agent
            .post(url)
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
            .header("x-prometheus-remote-write-version", "0.1.0")
            .send(body)
            .context("remote write")
    })?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    ensure!((200..300).contains(&status), "remote write answered {status}: {text}");
    Ok(elapsed_ns)
}

/// GET of a path with parameters; answers the nanoseconds until the whole body was read.
pub(crate) fn get(
    agent: &ureq::Agent,
    url: &str,
    params: &[(&str, &str)],
) -> Result<(u64, String)> {
    timed(|| {
        let mut answer = agent.get(url).query_pairs(params.iter().copied()).call()?;
        let body = answer.body_mut().with_config().limit(1 << 32).read_to_string()?;
        ensure!(answer.status() == 200, "{url} {params:?}: {body}");
        Ok(body)
    })
}
