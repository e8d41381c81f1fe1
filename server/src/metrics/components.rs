//! The counters of gateway and shards, as metric families of this moment.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::compaction::CompactionStats;
use hydrograph_ingest::gateway::GatewayStats;
use hydrograph_ingest::shard::status::{PartitionState, PartitionStatus};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// What the gateway has done.
pub(crate) fn gateway(stats: &GatewayStats, in_flight_bytes: usize) -> Vec<MetricFamily> {
    let counter = |name, help, value: &AtomicU64| {
        family(name, help, MetricType::COUNTER, &[(&[], value.load(Ordering::Relaxed) as f64)])
    };
    let kinds = [
        ("histogram", &stats.unsupported_histograms),
        ("exemplar", &stats.unsupported_exemplars),
        ("metadata", &stats.unsupported_metadata),
    ];
    let unsupported = kinds
        .map(|(kind, value)| ([("kind", kind.to_owned())], value.load(Ordering::Relaxed) as f64));
    let unsupported: Vec<Row<'_>> =
        unsupported.iter().map(|(labels, value)| (&labels[..], *value)).collect();
    vec![
        counter("hydrograph_gateway_requests_total", "Write requests begun.", &stats.requests),
        counter(
            "hydrograph_gateway_overloaded_requests_total",
            "Write requests refused because too many bytes were in flight.",
            &stats.overloaded_requests,
        ),
        counter(
            "hydrograph_gateway_malformed_requests_total",
            "Write requests that could not be read.",
            &stats.malformed_requests,
        ),
        counter(
            "hydrograph_gateway_failed_requests_total",
            "Write requests of which a part was not logged.",
            &stats.failed_requests,
        ),
        counter(
            "hydrograph_gateway_stored_samples_total",
            "Samples that are durable in the log.",
            &stats.stored_samples,
        ),
        counter(
            "hydrograph_gateway_rejected_series_total",
            "Series refused for their labels.",
            &stats.rejected_series,
        ),
        counter(
            "hydrograph_gateway_rejected_samples_total",
            "Samples refused for their time or their series.",
            &stats.rejected_samples,
        ),
        family(
            "hydrograph_gateway_unsupported_total",
            "What senders brought that is not stored yet.",
            MetricType::COUNTER,
            &unsupported,
        ),
        counter("hydrograph_gateway_batches_total", "Write batches appended.", &stats.batches),
        counter("hydrograph_gateway_batch_bytes_total", "Their bytes.", &stats.batch_bytes),
        family(
            "hydrograph_gateway_in_flight_bytes",
            "Bytes of write requests in flight.",
            MetricType::GAUGE,
            &[(&[], in_flight_bytes as f64)],
        ),
    ]
}

/// What the query engine is at.
pub(crate) fn queries(evaluating: usize) -> MetricFamily {
    let help = "Queries that are being evaluated, also those whose clients have left.";
    let rows: &[Row<'_>] = &[(&[], evaluating as f64)];
    family("hydrograph_queries_evaluating", help, MetricType::GAUGE, rows)
}

/// What compaction has done.
pub(crate) fn compaction(stats: &CompactionStats) -> Vec<MetricFamily> {
    [
        ("hydrograph_compaction_changes_total", "Merges and expiries committed.", &stats.done),
        ("hydrograph_compaction_failures_total", "Turns that failed.", &stats.failed),
        ("hydrograph_compaction_deleted_objects_total", "Objects deleted.", &stats.deleted_objects),
    ]
    .map(|(name, help, value)| {
        family(name, help, MetricType::COUNTER, &[(&[], value.load(Ordering::Relaxed) as f64)])
    })
    .into()
}

/// What every partition engine is at.
pub(crate) fn partitions(all: &[PartitionStatus]) -> Vec<MetricFamily> {
    let each = |name, help, kind, value: fn(&PartitionStatus) -> f64| {
        let labelled: Vec<_> = all
            .iter()
            .map(|one| ([("partition", one.partition.to_string())], value(one)))
            .collect();
        let rows: Vec<Row<'_>> =
            labelled.iter().map(|(labels, value)| (&labels[..], *value)).collect();
        family(name, help, kind, &rows)
    };
    let (counter, gauge) = (MetricType::COUNTER, MetricType::GAUGE);
    vec![
        each("hydrograph_partition_live", "1 once replayed.", gauge, |one| {
            f64::from(u8::from(one.state == PartitionState::Live))
        }),
        each("hydrograph_partition_position", "Next offset to apply.", gauge, |one| {
            one.stats.position.0 as f64
        }),
        each("hydrograph_partition_committed", "Offset of the manifest.", gauge, |one| {
            one.stats.committed.0 as f64
        }),
        each("hydrograph_partition_lag_records", "Records not applied yet.", gauge, |one| {
            one.latest.0.saturating_sub(one.stats.position.0) as f64
        }),
        each("hydrograph_partition_samples_total", "Samples applied.", counter, |one| {
            one.stats.samples as f64
        }),
        each("hydrograph_partition_series", "Series in memory.", gauge, |one| {
            one.stats.series as f64
        }),
        each("hydrograph_partition_memory_bytes", "Samples in memory.", gauge, |one| {
            one.stats.memory_bytes as f64
        }),
        each("hydrograph_partition_debt_bytes", "Memory waiting for a flush.", gauge, |one| {
            one.stats.debt_bytes as f64
        }),
        each("hydrograph_partition_blocks", "Blocks in the manifest.", gauge, |one| {
            one.stats.blocks as f64
        }),
        each("hydrograph_partition_commits_total", "Manifests committed.", counter, |one| {
            one.stats.commits as f64
        }),
        each("hydrograph_partition_dead_letters_total", "Records set aside.", counter, |one| {
            one.stats.dead_letters as f64
        }),
        each("hydrograph_partition_store_retries_total", "Repeated requests.", counter, |one| {
            one.stats.retries as f64
        }),
    ]
}

/// The labels and the value of one metric of a family.
type Row<'a> = (&'a [(&'a str, String)], f64);

/// A family of counters or gauges.
pub(crate) fn family(name: &str, help: &str, kind: MetricType, rows: &[Row<'_>]) -> MetricFamily {
    let metrics = rows.iter().map(|(labels, value)| {
        let pairs = labels.iter().map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value.clone());
            pair
        });
        let mut metric = Metric::from_label(pairs.collect());
        if kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(*value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(*value);
            metric.set_gauge(gauge);
        }
        metric
    });
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics.collect());
    family
}
