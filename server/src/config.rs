//! Validated configuration: what the flags mean, checked together.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::flags::{AllFlags, QueryFlags, RuntimeFlag, WriteFlags};

/// How role `all` runs.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    /// `None`: as the folder says, or the number of cores for a new one.
    pub(crate) partitions: Option<u32>,
    pub(crate) retention_ms: i64,
    pub(crate) runtime: RuntimeFlag,
    pub(crate) flush_bytes: u64,
    pub(crate) flush_age_ms: u64,
    pub(crate) compaction_interval_ms: u64,
    pub(crate) compaction_grace_ms: u64,
    /// `None`: off.
    pub(crate) self_monitoring_ms: Option<u64>,
    pub(crate) write: WriteConfig,
    pub(crate) query: QueryConfig,
}

/// Limits of writes.
#[derive(Clone, Debug)]
pub(crate) struct WriteConfig {
    pub(crate) body_bytes_max: u64,
    pub(crate) inflight_bytes_max: u64,
    pub(crate) creation_grace_ms: i64,
    pub(crate) label_names_max: usize,
    pub(crate) label_name_bytes_max: usize,
    pub(crate) label_value_bytes_max: usize,
}

/// Limits of queries.
#[derive(Clone, Debug)]
pub(crate) struct QueryConfig {
    pub(crate) timeout_ms: u64,
    pub(crate) memory_bytes_max: u64,
    pub(crate) page_cache_bytes: u64,
    pub(crate) index_cache_bytes: u64,
    pub(crate) concurrency_max: usize,
    pub(crate) lookback_ms: i64,
    pub(crate) max_points: u64,
}

const PARTITIONS_MAX: u32 = 4096;
/// What a record may need for a label beside its text.
const LABEL_OVERHEAD_BYTES: usize = 20;
const SERIES_BYTES_MAX: usize = 512 << 10;

impl Config {
    /// Checks the flags, one by one and against each other.
    pub(crate) fn from_flags(flags: &AllFlags) -> Result<Self> {
        if let Some(partitions) = flags.log_partitions {
            ensure!(
                (1..=PARTITIONS_MAX).contains(&partitions),
                "--log.partitions must be from 1 to {PARTITIONS_MAX}"
            );
        }
        ensure!(flags.retention.0 > 0, "--retention must be above 0");
        let interval = flags.self_monitoring_interval;
        ensure!(interval.0 >= 1_000, "--self-monitoring.interval must be at least 1s");
        let ingester = &flags.ingester;
        ensure!(ingester.flush_bytes.0 >= 4096, "--ingester.flush-bytes must be at least 4KiB");
        ensure!(ingester.flush_age.0 > 0, "--ingester.flush-age must be above 0");
        ensure!(ingester.compaction_interval.0 > 0, "--compactor.interval must be above 0");
        ensure!(
            ingester.compaction_grace.0 >= flags.query.timeout.0.saturating_mul(2),
            "--compactor.grace ({}) must be at least twice --query.timeout ({})",
            ingester.compaction_grace,
            flags.query.timeout
        );
        Ok(Self {
            listen: flags.http_listen_address,
            data_dir: flags.data_dir.clone(),
            partitions: flags.log_partitions,
            retention_ms: flags.retention.0,
            runtime: ingester.shard_runtime,
            flush_bytes: ingester.flush_bytes.0,
            flush_age_ms: ingester.flush_age.0 as u64,
            compaction_interval_ms: ingester.compaction_interval.0 as u64,
            compaction_grace_ms: ingester.compaction_grace.0 as u64,
            self_monitoring_ms: flags.self_monitoring.then_some(interval.0 as u64),
            write: WriteConfig::from_flags(&flags.write)?,
            query: QueryConfig::from_flags(&flags.query)?,
        })
    }
}

impl WriteConfig {
    fn from_flags(flags: &WriteFlags) -> Result<Self> {
        ensure!(
            flags.max_inflight_bytes.0 >= flags.max_body_bytes.0.saturating_mul(2),
            "--write.max-inflight-bytes must be at least twice --write.max-body-bytes: a body is \
             in memory compressed and decompressed"
        );
        ensure!(
            u32::try_from(flags.max_inflight_bytes.0).is_ok(),
            "--write.max-inflight-bytes must be below 4GiB"
        );
        let label_bytes = flags
            .max_label_name_bytes
            .saturating_add(flags.max_label_value_bytes)
            .saturating_add(LABEL_OVERHEAD_BYTES);
        ensure!(
            flags.max_label_names.saturating_mul(label_bytes) <= SERIES_BYTES_MAX,
            "--write.max-label-names-per-series times the longest name and value must not exceed \
             {SERIES_BYTES_MAX} bytes, so that every series fits a record"
        );
        ensure!(flags.creation_grace.0 >= 0, "--write.creation-grace-period must not be negative");
        Ok(Self {
            body_bytes_max: flags.max_body_bytes.0,
            inflight_bytes_max: flags.max_inflight_bytes.0,
            creation_grace_ms: flags.creation_grace.0,
            label_names_max: flags.max_label_names,
            label_name_bytes_max: flags.max_label_name_bytes,
            label_value_bytes_max: flags.max_label_value_bytes,
        })
    }
}

impl QueryConfig {
    fn from_flags(flags: &QueryFlags) -> Result<Self> {
        ensure!(flags.timeout.0 > 0, "--query.timeout must be above 0");
        ensure!(flags.lookback_delta.0 > 0, "--query.lookback-delta must be above 0");
        ensure!(flags.max_concurrency > 0, "--query.max-concurrency must be above 0");
        ensure!(flags.max_points > 0, "--query.max-points-per-series must be above 0");
        Ok(Self {
            timeout_ms: flags.timeout.0 as u64,
            memory_bytes_max: flags.max_memory_bytes.0,
            page_cache_bytes: flags.page_cache_bytes.0,
            index_cache_bytes: flags.index_cache_bytes.0,
            concurrency_max: flags.max_concurrency,
            lookback_ms: flags.lookback_delta.0,
            max_points: flags.max_points,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::Config;
    use crate::flags::Cli;

    fn check(flags: &[&str]) -> Result<Config, String> {
        let cli = Cli::try_parse_from([&["hydrograph"], flags].concat())
            .map_err(|error| error.to_string())?;
        Config::from_flags(&cli.all).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_valid() {
        let config = check(&[]).expect("defaults");
        assert_eq!(config.listen.to_string(), "127.0.0.1:9595");
        assert_eq!(config.self_monitoring_ms, Some(15_000));
        assert_eq!(config.retention_ms, 30 * 86_400_000);
    }

    #[test]
    fn contradictions_name_the_flag() {
        for (flags, word) in [
            (&["--log.partitions", "0"][..], "--log.partitions"),
            (&["--retention", "0"], "--retention"),
            (&["--retention", "soon"], "duration"),
            (&["--query.timeout", "10m"], "--compactor.grace"),
            (&["--write.max-body-bytes", "1GiB"], "--write.max-inflight-bytes"),
            (&["--self-monitoring.interval", "1ms"], "--self-monitoring.interval"),
        ] {
            let error = check(flags).expect_err("a contradiction");
            assert!(error.contains(word), "{error}");
        }
    }
}
