//! Dashboard queries, asked of all servers in turn, round after round.

use anyhow::{Context as _, Result};

use crate::client::{agent, get};
use crate::dataset::Dataset;
use crate::peers::Peer;
use crate::statistics::{median, quantile};

const EXPORTERS: [&str; 13] = [
    "up",
    "sum by (job) (up)",
    "sum by (mode) (rate(node_cpu_seconds_total[5m]))",
    "sum by (job, handler) (rate(prometheus_http_requests_total[5m]))",
    "histogram_quantile(0.99, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[5m])))",
    "topk(5, process_resident_memory_bytes)",
    "avg by (job) (go_goroutines{job=~\"prom.*|node\"})",
    "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes",
    "max_over_time(go_memstats_alloc_bytes[10m])",
    "count by (__name__) ({__name__=~\"go_.*\"})",
    "sum by (device) (irate(node_disk_io_time_seconds_total[2m]))",
    "node_filesystem_avail_bytes / node_filesystem_size_bytes",
    "max_over_time(sum(rate(node_cpu_seconds_total{mode!=\"idle\"}[1m]))[10m:1m])",
];

const KUBERNETES: [&str; 12] = [
    "sum by (namespace) (rate(container_cpu_usage_seconds_total[5m]))",
    "sum by (pod) (container_memory_working_set_bytes{namespace=\"team-1\"})",
    "topk(10, sum by (pod) (rate(container_network_receive_bytes_total[5m])))",
    "count by (node) (kube_pod_status_phase)",
    "sum(rate(http_requests_total{container=\"service-1\"}[1m]))",
    "max by (node) (container_threads)",
    "sum by (namespace) (container_memory_rss) / sum by (namespace) (container_memory_cache)",
    "avg_over_time(container_sockets{pod=~\"service-3-.*\"}[10m])",
    "sum by (container) (increase(kube_pod_container_status_restarts_total[10m])) > 0",
    "container_memory_working_set_bytes{node=\"node-7\"}",
    "quantile by (namespace) (0.9, container_file_descriptors)",
    "count(count by (pod) (container_last_seen))",
];

struct Times {
    query: &'static str,
    kind: &'static str,
    /// Milliseconds by server and round.
    ms: Vec<Vec<f64>>,
}

/// Asks each query, instant and over the newest half hour, of each server in each round.
pub(crate) fn run(peers: &[Peer], data: &Dataset, rounds: usize, kubernetes: bool) -> Result<()> {
    let (_, last_ms) = data.span_ms().context("data without samples")?;
    let end = (last_ms / 1000).to_string();
    let start = (last_ms / 1000 - 1_800).to_string();
    let queries: &[&'static str] = if kubernetes { &KUBERNETES } else { &EXPORTERS };
    let agents: Vec<_> = peers.iter().map(|_| agent()).collect();
    let mut all: Vec<Times> = queries
        .iter()
        .flat_map(|&query| {
            ["instant", "range"].map(|kind| Times {
                query,
                kind,
                ms: vec![Vec::new(); peers.len()],
            })
        })
        .collect();
    let cpu_before =
        peers.iter().map(|p| p.process()?.cpu_seconds()).collect::<Result<Vec<_>>>()?;
    for round in 0..=rounds {
        for times in &mut all {
            for turn in 0..peers.len() {
                let which = (turn + round) % peers.len();
                let peer = &peers[which];
                let mut params = vec![("query", times.query)];
                params.extend(peer.query_params());
                let path = if times.kind == "instant" {
                    params.push(("time", &end));
                    "/api/v1/query"
                } else {
                    params.extend([("start", &*start), ("end", &end), ("step", "15")]);
                    "/api/v1/query_range"
                };
                let (ns, _) = get(&agents[which], &peer.url(path), &params)?;
                if round > 0 {
                    times.ms[which].push(ns as f64 / 1e6);
                }
            }
        }
    }
    println!(
        "queries, {rounds} rounds: median ms (p99), and the ratio of the first server to each"
    );
    for times in &all {
        print_times(peers, times);
    }
    for (peer, before) in peers.iter().zip(cpu_before) {
        let seconds = peer.process()?.cpu_seconds()? - before;
        println!("  {} used {seconds:.1} CPU-s for the queries", peer.kind.name());
    }
    Ok(())
}

fn print_times(peers: &[Peer], times: &Times) {
    println!("  {} {}", times.kind, times.query);
    for (peer, ms) in peers.iter().zip(&times.ms) {
        let ratios: Vec<f64> =
            times.ms[0].iter().zip(ms).map(|(ours, theirs)| ours / theirs).collect();
        let ratio = median(&ratios);
        let slower = if ratio.low > 1.05 { "  SLOWER" } else { "" };
        println!(
            "    {:<17} {:>8.2} ({:>8.2})   {:.2} [{:.2}, {:.2}]{slower}",
            peer.kind.name(),
            quantile(ms, 0.5),
            quantile(ms, 0.99),
            ratio.middle,
            ratio.low,
            ratio.high
        );
    }
}
