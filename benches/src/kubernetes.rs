//! A generated data set that looks like a Kubernetes cluster: 10 to 15 labels a series, pod names
//! and container ids, and pods that are replaced: 5 % of them in 10 minutes.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::dataset::{Dataset, Series, TICK_MS};

const CHURN_MS: i64 = 600_000;
const CHURN_SHARE: f64 = 0.05;
const SEED: u64 = 7;

const METRICS: [(&str, bool); 24] = [
    ("container_cpu_usage_seconds_total", true),
    ("container_cpu_cfs_periods_total", true),
    ("container_cpu_cfs_throttled_periods_total", true),
    ("container_memory_working_set_bytes", false),
    ("container_memory_rss", false),
    ("container_memory_cache", false),
    ("container_memory_failures_total", true),
    ("container_network_receive_bytes_total", true),
    ("container_network_transmit_bytes_total", true),
    ("container_network_receive_packets_total", true),
    ("container_network_transmit_packets_total", true),
    ("container_network_receive_errors_total", true),
    ("container_fs_reads_total", true),
    ("container_fs_writes_total", true),
    ("container_fs_usage_bytes", false),
    ("container_threads", false),
    ("container_processes", false),
    ("container_file_descriptors", false),
    ("container_sockets", false),
    ("container_last_seen", false),
    ("kube_pod_container_status_restarts_total", true),
    ("kube_pod_container_status_ready", false),
    ("kube_pod_status_phase", false),
    ("http_requests_total", true),
];

/// `pods` pods at a time over `span_ms`.
pub(crate) fn generate(pods: u32, span_ms: i64) -> Dataset {
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut series = Vec::new();
    for slot in 0..pods {
        let mut from_ms = 0;
        while from_ms < span_ms {
            let until_ms = lifetime_end(&mut rng, from_ms).min(span_ms);
            pod(&mut rng, slot, from_ms, until_ms, &mut series);
            from_ms = until_ms;
        }
    }
    Dataset { series }
}

fn lifetime_end(rng: &mut StdRng, from_ms: i64) -> i64 {
    let mut until_ms = from_ms - from_ms % CHURN_MS + CHURN_MS;
    while rng.random::<f64>() >= CHURN_SHARE {
        until_ms += CHURN_MS;
        if until_ms > 100 * CHURN_MS {
            break;
        }
    }
    until_ms
}

fn hexadecimal(rng: &mut StdRng, digits: usize) -> String {
    (0..digits).map(|_| char::from_digit(rng.random_range(0..16), 16).unwrap_or('0')).collect()
}

fn pod(rng: &mut StdRng, slot: u32, from_ms: i64, until_ms: i64, out: &mut Vec<Series>) {
    let service = slot % 40;
    let name = format!("service-{service}-{}-{}", hexadecimal(rng, 9), hexadecimal(rng, 5));
    let identity = [
        ("cluster", "eu-west-1-production".to_owned()),
        ("container", format!("service-{service}")),
        ("id", format!("/kubepods/burstable/pod{}/{}", hexadecimal(rng, 32), hexadecimal(rng, 64))),
        (
            "image",
            format!("registry.example/team-{}/service-{service}:1.{}", service % 7, slot % 9),
        ),
        ("instance", format!("10.0.{}.{}:10250", slot % 50, slot % 250)),
        ("job", "kubelet".to_owned()),
        ("metrics_path", "/metrics/cadvisor".to_owned()),
        ("name", hexadecimal(rng, 64)),
        ("namespace", format!("team-{}", service % 7)),
        ("node", format!("node-{}", slot % 50)),
        ("pod", name),
    ];
    let phase_ms = rng.random_range(0..TICK_MS);
    for (nth, (metric, counter)) in METRICS.iter().enumerate() {
        let mut labels: Vec<(String, String)> =
            identity.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        labels.push(("__name__".to_owned(), (*metric).to_owned()));
        for extra in 0..nth % 4 {
            labels.push((format!("zone_{extra}"), format!("z{}", slot % 3)));
        }
        labels.sort();
        let mut value = if *counter { 0.0 } else { f64::from(rng.random_range(0..1_000_000u32)) };
        let samples = (from_ms / TICK_MS..until_ms / TICK_MS).map(|tick| {
            if rng.random::<f64>() < 0.7 {
                let change = f64::from(rng.random_range(0..10_000u32)) / 100.0;
                value += if *counter { change } else { change - 50.0 };
            }
            (tick * TICK_MS + phase_ms, (value * 100.0).round() / 100.0)
        });
        out.push(Series { labels, samples: samples.collect() });
    }
}
