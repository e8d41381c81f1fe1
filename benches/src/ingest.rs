//! Ingestion into one server at a time: CPU, memory, latency, disk, and whether all is there.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::client::{agent, encode, send};
use crate::dataset::{Dataset, Series, TICK_MS};
use crate::peers::Peer;
use crate::process::Process;
use crate::statistics::quantile;

/// Samples of one request, as Prometheus' queues cut them.
const REQUEST_SAMPLES: usize = 2_000;
const SENDERS: usize = 2;
/// Between two flushes a quarter of an hour of data passes, as it would in real time.
const GENERATION_TICKS: i64 = 60;

/// What one run measured.
pub(crate) struct Report {
    name: &'static str,
    samples: u64,
    found: f64,
    series: usize,
    cpu_seconds: f64,
    wall_seconds: f64,
    request_ms: Vec<f64>,
    idle_bytes: u64,
    peak_bytes: u64,
    disk_bytes: u64,
    settle_cpu_seconds: f64,
}

/// Starts `peer`, replays `data` into it and leaves it running with everything on disk.
pub(crate) fn run(peer: &mut Peer, data: &Dataset) -> Result<Report> {
    peer.start()?;
    let process = peer.process()?;
    let idle_bytes = process.anonymous_bytes()?;
    let cpu_before = process.cpu_seconds()?;
    let peak = AtomicU64::new(idle_bytes);
    let done = AtomicBool::new(false);
    let (wall_ns, request_ms) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_memory(process, &peak, &done));
        let sent = crate::client::timed(|| send_all(peer, data));
        done.store(true, Ordering::Relaxed);
        watcher.thread().unpark();
        sent
    })?;
    let cpu_after = process.cpu_seconds()?;
    let disk_bytes = peer.settled_bytes()?;
    let settled_cpu = process.cpu_seconds()?;
    let span = data.span_ms().context("data without samples")?;
    let found = data
        .metrics()
        .into_iter()
        .map(|metric| peer.count_samples(metric, span))
        .sum::<Result<f64>>()?;
    Ok(Report {
        name: peer.kind.name(),
        samples: data.samples(),
        found,
        series: data.series.len(),
        cpu_seconds: cpu_after - cpu_before,
        wall_seconds: wall_ns as f64 / 1e9,
        request_ms,
        idle_bytes,
        peak_bytes: peak.load(Ordering::Relaxed),
        disk_bytes,
        settle_cpu_seconds: settled_cpu - cpu_after,
    })
}

fn watch_memory(process: &Process, peak: &AtomicU64, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        if let Ok(bytes) = process.anonymous_bytes() {
            peak.fetch_max(bytes, Ordering::Relaxed);
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Tick by tick, each sender with its half of the series; a generation ends for all at once.
fn send_all(peer: &Peer, data: &Dataset) -> Result<Vec<f64>> {
    let (first_ms, _) = data.span_ms().context("data without samples")?;
    let half = data.series.len().div_ceil(SENDERS);
    let mut senders: Vec<Sender<'_>> =
        data.series.chunks(half.max(1)).map(|series| Sender::new(series, peer)).collect();
    let mut request_ms = Vec::new();
    let mut tick = 0;
    while tick < data.ticks() {
        let until_tick = (tick + GENERATION_TICKS).min(data.ticks());
        let results = std::thread::scope(|scope| {
            let running: Vec<_> = senders
                .iter_mut()
                .map(|sender| scope.spawn(move || sender.send(first_ms, tick..until_tick)))
                .collect();
            running.into_iter().map(|one| one.join().expect("no sender panics")).collect::<Vec<_>>()
        });
        for result in results {
            request_ms.extend(result?);
        }
        if until_tick < data.ticks() {
            peer.flush_generation()?;
        }
        tick = until_tick;
    }
    Ok(request_ms)
}

struct Sender<'a> {
    series: &'a [Series],
    /// The next sample of each series.
    next: Vec<usize>,
    agent: ureq::Agent,
    url: String,
}

impl<'a> Sender<'a> {
    fn new(series: &'a [Series], peer: &Peer) -> Self {
        Self { series, next: vec![0; series.len()], agent: agent(), url: peer.write_url() }
    }

    fn send(&mut self, first_ms: i64, ticks: std::ops::Range<i64>) -> Result<Vec<f64>> {
        let mut request_ms = Vec::new();
        for tick in ticks {
            let until_ms = first_ms + (tick + 1) * TICK_MS;
            let mut part = Vec::with_capacity(REQUEST_SAMPLES);
            let mut samples = 0;
            for (one, next) in self.series.iter().zip(&mut self.next) {
                let arrived = one.samples[*next..].partition_point(|&(t_ms, _)| t_ms < until_ms);
                if arrived == 0 {
                    continue;
                }
                part.push((one, &one.samples[*next..*next + arrived]));
                *next += arrived;
                samples += arrived;
                if samples >= REQUEST_SAMPLES {
                    request_ms.push(send(&self.agent, &self.url, &encode(&part)?)? as f64 / 1e6);
                    part.clear();
                    samples = 0;
                }
            }
            if !part.is_empty() {
                request_ms.push(send(&self.agent, &self.url, &encode(&part)?)? as f64 / 1e6);
            }
        }
        Ok(request_ms)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_series =
            (self.peak_bytes.saturating_sub(self.idle_bytes)) as f64 / self.series as f64;
        writeln!(f, "{}", self.name)?;
        writeln!(
            f,
            "  ingest   {:.0} samples per CPU-second of the server ({:.1} CPU-s, {:.1} s wall)",
            self.samples as f64 / self.cpu_seconds,
            self.cpu_seconds,
            self.wall_seconds
        )?;
        writeln!(
            f,
            "  requests {} acknowledged, p50 {:.1} ms, p99 {:.1} ms",
            self.request_ms.len(),
            quantile(&self.request_ms, 0.5),
            quantile(&self.request_ms, 0.99)
        )?;
        writeln!(
            f,
            "  memory   {per_series:.0} bytes per active series at the peak ({} MiB; empty {} MiB)",
            self.peak_bytes >> 20,
            self.idle_bytes >> 20
        )?;
        writeln!(
            f,
            "  disk     {:.3} bytes per sample ({} bytes; {:.1} CPU-s to settle)",
            self.disk_bytes as f64 / self.samples as f64,
            self.disk_bytes,
            self.settle_cpu_seconds
        )?;
        write!(f, "  found    {} of {} samples", self.found, self.samples)
    }
}
