//! Role `all`: every part in one process, started in one order and ended in the other.
//!
//! Law: ends by refusing new requests, letting those under way finish, flushing and committing
//! every partition, and only then closing the log.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use hydrograph_ingest::gateway::{Gateway, GatewayConfig, ValidationLimits};
use hydrograph_ingest::log::Log;
use hydrograph_ingest::log::embedded::{EmbeddedLog, EmbeddedLogConfig};
use hydrograph_ingest::shard::cpus::Cpus;
use hydrograph_ingest::shard::runtime::ShardRuntime;
use hydrograph_ingest::shard::shards::{Shards, ShardsConfig};
use hydrograph_ingest::shard::source::ShardsSource;
use hydrograph_query::{Engine, EngineOptions};
use hydrograph_storage::block::PageCache;
use hydrograph_storage::clock::{Clock, SystemClock};
use hydrograph_storage::engine::{Duties, EngineConfig};
use hydrograph_storage::ids::PartitionId;
use hydrograph_storage::snapshot::BlockCache;
use hydrograph_storage::source::Source;
use hydrograph_storage::store::Store;
use hydrograph_storage::store::local::LocalStore;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::app::App;
use crate::compaction::Compaction;
use crate::config::Config;
use crate::flags::RuntimeFlag;
use crate::metrics::Metrics;
use crate::{background, http};

const SHUTDOWN_MS_MAX: u64 = 60_000;
const RECORDS_BYTES_MAX: usize = 8 << 20;

/// Runs until a signal; the result says whether it ended in order.
pub(crate) async fn run(config: Config) -> Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("--http.listen-address {}", config.listen))?;
    let log = Arc::new(open_log(&config)?);
    let instance = listener.local_addr()?.to_string();
    let app = start(config, instance, Arc::clone(&log) as Arc<dyn Log>).await?;

    let (ending, tasks) = (CancellationToken::new(), TaskTracker::new());
    background::spawn(&app, &tasks, &ending);
    let served = http::serve(listener, Arc::clone(&app), ending.clone());
    let server = tokio::spawn(served);

    tokio::select! {
        signal = wait_for_signal() => signal?,
        () = app.broken.cancelled() => bail!("the log is poisoned by a failed fsync; a restart replays it"),
    }
    info!("shutting down: finishing requests, flushing, committing");
    app.ending.store(true, Ordering::Relaxed);
    ending.cancel();
    server.await.context("the HTTP server")??;
    tasks.close();
    tasks.wait().await;
    app.compaction.settle().await;
    app.gateway.close().await;
    let ended = app.shards.shutdown().await;
    log.close().await;
    ended.context("the last flush")?;
    info!("everything is committed");
    Ok(())
}

fn open_log(config: &Config) -> Result<EmbeddedLog> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let log_config = EmbeddedLogConfig {
        partitions: config.partitions,
        new_partitions: cores as u32,
        ..EmbeddedLogConfig::new(config.data_dir.join("log"))
    };
    EmbeddedLog::open(&log_config)
        .with_context(|| format!("--data-dir {}", config.data_dir.display()))
}

async fn start(config: Config, instance: String, log: Arc<dyn Log>) -> Result<Arc<App>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let store: Arc<dyn Store> = Arc::new(LocalStore::open(config.data_dir.join("store"))?);
    let shards_config = shards_config(&config, log.partitions());
    let shards = Shards::start(
        shards_config,
        Arc::clone(&log),
        Arc::clone(&store),
        Arc::clone(&clock),
        Handle::current(),
    );
    let shards = Arc::new(shards.await.context("--ingester.shard-runtime")?);
    let partitions = log.partitions();
    let compaction = Compaction::new(&config, partitions, &store, &clock, Arc::clone(&shards));
    let gateway = Gateway::new(&log, gateway_config(&config), Arc::clone(&clock));
    let pages = PageCache::new(config.query.page_cache_bytes as usize);
    let blocks = BlockCache::new(Arc::clone(&store), pages, config.query.index_cache_bytes);
    let source: Arc<dyn Source> = Arc::new(ShardsSource::new(Arc::clone(&shards), blocks));
    let options = EngineOptions {
        lookback_ms: config.query.lookback_ms,
        points_max: config.query.max_points as usize + 1,
        ..EngineOptions::default()
    };
    let app = App {
        metrics: Metrics::new()?,
        gateway: Arc::new(gateway),
        engine: Engine::new(Arc::clone(&source), options),
        source,
        compaction,
        shards,
        clock,
        instance,
        turns: Arc::new(Semaphore::new(config.query.concurrency_max)),
        write_bytes: Arc::new(Semaphore::new(config.write.inflight_bytes_max as usize)),
        ending: AtomicBool::new(false),
        broken: CancellationToken::new(),
        config,
    };
    Ok(Arc::new(app))
}

fn shards_config(config: &Config, partitions: u32) -> ShardsConfig {
    let duties = Duties { flush: true, answer: true };
    let engine = |partition| EngineConfig {
        flush_bytes_max: config.flush_bytes as usize,
        flush_age_ms: config.flush_age_ms,
        memory_bytes_max: config.flush_bytes as usize * 5 / 2,
        ..EngineConfig::new(PartitionId(partition), duties)
    };
    ShardsConfig {
        runtime: match config.runtime {
            RuntimeFlag::Auto => ShardRuntime::Auto,
            RuntimeFlag::Glommio => ShardRuntime::Glommio,
            RuntimeFlag::Tokio => ShardRuntime::Tokio,
        },
        cpus: Cpus::of_this_process(),
        engines: (0..partitions).map(engine).collect(),
        nonce_seed: RandomState::new().build_hasher().finish(),
        records_bytes_max: RECORDS_BYTES_MAX,
        shutdown_ms_max: SHUTDOWN_MS_MAX,
    }
}

fn gateway_config(config: &Config) -> GatewayConfig {
    let limits = ValidationLimits {
        labels_max: config.write.label_names_max,
        name_bytes_max: config.write.label_name_bytes_max,
        value_bytes_max: config.write.label_value_bytes_max,
        future_grace_ms: config.write.creation_grace_ms,
        retention_ms: Some(config.retention_ms),
    };
    let in_flight_bytes_max = config.write.inflight_bytes_max as usize;
    GatewayConfig { limits, in_flight_bytes_max, ..GatewayConfig::default() }
}

async fn wait_for_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
