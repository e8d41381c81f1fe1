//! The command line as it is written. Every flag is also an environment variable: `--data-dir`
//! is `HYDROGRAPH_DATA_DIR`, `--http.listen-address` is `HYDROGRAPH_HTTP_LISTEN_ADDRESS`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::units::{Bytes, DurationMs};

/// Hydrograph: a Prometheus-compatible metrics database whose write path is a log.
///
/// Without a command it runs every role in one process (`all`) on a local folder: remote write
/// to /api/v1/write, query with PromQL at /api/v1/query, point Grafana's Prometheus data source
/// at the listen address.
#[derive(Debug, Parser)]
#[command(name = "hydrograph", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) all: AllFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs every role in this process, with the embedded log and a local folder (the default).
    All(Box<AllFlags>),
    /// Runs PromQL test scripts and prints how many of their evals pass.
    Promqltest {
        /// A folder of *.test files, or one such file.
        path: PathBuf,
        /// Print each eval that does not pass, and why.
        #[arg(long)]
        verbose: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeFlag {
    /// glommio where the kernel allows `io_uring`, else tokio.
    Auto,
    /// glommio, or refuse to start.
    Glommio,
    /// One tokio current-thread runtime per shard.
    Tokio,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct AllFlags {
    /// Address to serve HTTP on: writes, queries, metrics.
    #[arg(
        long = "http.listen-address",
        env = "HYDROGRAPH_HTTP_LISTEN_ADDRESS",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9595"
    )]
    pub(crate) http_listen_address: SocketAddr,

    /// Folder of the log and the blocks; created if absent, used by one process at a time.
    #[arg(
        long = "data-dir",
        env = "HYDROGRAPH_DATA_DIR",
        value_name = "FOLDER",
        default_value = "./data"
    )]
    pub(crate) data_dir: PathBuf,

    /// Partitions of the embedded log [default: number of cores]. Fixed when the folder is
    /// created.
    #[arg(long = "log.partitions", env = "HYDROGRAPH_LOG_PARTITIONS", value_name = "N")]
    pub(crate) log_partitions: Option<u32>,

    /// How long samples are kept and how old a written sample may be.
    #[arg(
        long = "retention",
        env = "HYDROGRAPH_RETENTION",
        value_name = "DURATION",
        default_value = "30d"
    )]
    pub(crate) retention: DurationMs,

    /// Record this server's own metrics into tenant `anonymous` of its own store.
    #[arg(long = "self-monitoring", env = "HYDROGRAPH_SELF_MONITORING", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) self_monitoring: bool,

    /// Time between two recordings of this server's own metrics.
    #[arg(
        long = "self-monitoring.interval",
        env = "HYDROGRAPH_SELF_MONITORING_INTERVAL",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub(crate) self_monitoring_interval: DurationMs,

    #[command(flatten)]
    pub(crate) ingester: IngesterFlags,
    #[command(flatten)]
    pub(crate) write: WriteFlags,
    #[command(flatten)]
    pub(crate) query: QueryFlags,

    /// Which log lines to print: error, warn, info, debug, trace, or filters per module.
    #[arg(
        long = "log-level",
        env = "HYDROGRAPH_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info",
        help_heading = "Logging"
    )]
    pub(crate) log_level: String,

    /// How to print log lines.
    #[arg(
        long = "log-format",
        env = "HYDROGRAPH_LOG_FORMAT",
        value_enum,
        default_value = "text",
        help_heading = "Logging"
    )]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Ingester")]
pub(crate) struct IngesterFlags {
    /// What runs the threads that own the partitions.
    #[arg(
        long = "ingester.shard-runtime",
        env = "HYDROGRAPH_INGESTER_SHARD_RUNTIME",
        value_enum,
        default_value = "auto"
    )]
    pub(crate) shard_runtime: RuntimeFlag,

    /// A partition is flushed when its samples in memory take this much.
    #[arg(
        long = "ingester.flush-bytes",
        env = "HYDROGRAPH_INGESTER_FLUSH_BYTES",
        value_name = "SIZE",
        default_value = "64MiB"
    )]
    pub(crate) flush_bytes: Bytes,

    /// A partition is flushed when its oldest unflushed record is this old.
    #[arg(
        long = "ingester.flush-age",
        env = "HYDROGRAPH_INGESTER_FLUSH_AGE",
        value_name = "DURATION",
        default_value = "15m"
    )]
    pub(crate) flush_age: DurationMs,

    /// Time between two looks for blocks to merge or to expire.
    #[arg(
        long = "compactor.interval",
        env = "HYDROGRAPH_COMPACTOR_INTERVAL",
        value_name = "DURATION",
        default_value = "1m"
    )]
    pub(crate) compaction_interval: DurationMs,

    /// Time between a block's removal from its manifest and its deletion; at least twice the
    /// longest query.
    #[arg(
        long = "compactor.grace",
        env = "HYDROGRAPH_COMPACTOR_GRACE",
        value_name = "DURATION",
        default_value = "10m"
    )]
    pub(crate) compaction_grace: DurationMs,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Writes")]
pub(crate) struct WriteFlags {
    /// Largest body of a write request, before and after decompression.
    #[arg(
        long = "write.max-body-bytes",
        env = "HYDROGRAPH_WRITE_MAX_BODY_BYTES",
        value_name = "SIZE",
        default_value = "32MiB"
    )]
    pub(crate) max_body_bytes: Bytes,

    /// Bytes of writes in flight above which requests are answered 429.
    #[arg(
        long = "write.max-inflight-bytes",
        env = "HYDROGRAPH_WRITE_MAX_INFLIGHT_BYTES",
        value_name = "SIZE",
        default_value = "128MiB"
    )]
    pub(crate) max_inflight_bytes: Bytes,

    /// How far in the future a sample's timestamp may be.
    #[arg(
        long = "write.creation-grace-period",
        env = "HYDROGRAPH_WRITE_CREATION_GRACE_PERIOD",
        value_name = "DURATION",
        default_value = "10m"
    )]
    pub(crate) creation_grace: DurationMs,

    /// Most labels of a series.
    #[arg(
        long = "write.max-label-names-per-series",
        env = "HYDROGRAPH_WRITE_MAX_LABEL_NAMES_PER_SERIES",
        value_name = "N",
        default_value_t = 100
    )]
    pub(crate) max_label_names: usize,

    /// Longest label name in bytes.
    #[arg(
        long = "write.max-label-name-length",
        env = "HYDROGRAPH_WRITE_MAX_LABEL_NAME_LENGTH",
        value_name = "BYTES",
        default_value_t = 1024
    )]
    pub(crate) max_label_name_bytes: usize,

    /// Longest label value in bytes.
    #[arg(
        long = "write.max-label-value-length",
        env = "HYDROGRAPH_WRITE_MAX_LABEL_VALUE_LENGTH",
        value_name = "BYTES",
        default_value_t = 4096
    )]
    pub(crate) max_label_value_bytes: usize,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Queries")]
pub(crate) struct QueryFlags {
    /// Longest time that a query may take.
    #[arg(
        long = "query.timeout",
        env = "HYDROGRAPH_QUERY_TIMEOUT",
        value_name = "DURATION",
        default_value = "2m"
    )]
    pub(crate) timeout: DurationMs,

    /// Most memory that one query may hold.
    #[arg(
        long = "query.max-memory-bytes",
        env = "HYDROGRAPH_QUERY_MAX_MEMORY_BYTES",
        value_name = "SIZE",
        default_value = "1GiB"
    )]
    pub(crate) max_memory_bytes: Bytes,

    /// Decoded pages of blocks that are kept in memory.
    #[arg(
        long = "query.page-cache-bytes",
        env = "HYDROGRAPH_QUERY_PAGE_CACHE_BYTES",
        value_name = "SIZE",
        default_value = "128MiB"
    )]
    pub(crate) page_cache_bytes: Bytes,

    /// Indexes of blocks that are kept in memory.
    #[arg(
        long = "query.index-cache-bytes",
        env = "HYDROGRAPH_QUERY_INDEX_CACHE_BYTES",
        value_name = "SIZE",
        default_value = "256MiB"
    )]
    pub(crate) index_cache_bytes: Bytes,

    /// Queries that are evaluated at once; more wait.
    #[arg(
        long = "query.max-concurrency",
        env = "HYDROGRAPH_QUERY_MAX_CONCURRENCY",
        value_name = "N",
        default_value_t = 20
    )]
    pub(crate) max_concurrency: usize,

    /// How far back a selector looks for a series' last sample.
    #[arg(
        long = "query.lookback-delta",
        env = "HYDROGRAPH_QUERY_LOOKBACK_DELTA",
        value_name = "DURATION",
        default_value = "5m"
    )]
    pub(crate) lookback_delta: DurationMs,

    /// Most points per series of a range query.
    #[arg(
        long = "query.max-points-per-series",
        env = "HYDROGRAPH_QUERY_MAX_POINTS_PER_SERIES",
        value_name = "N",
        default_value_t = 11_000
    )]
    pub(crate) max_points: u64,
}
