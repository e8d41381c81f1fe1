//! What the handlers of one process share, and the questions that they ask it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hydrograph_ingest::gateway::{Gateway, WriteError};
use hydrograph_ingest::log::LogError;
use hydrograph_ingest::shard::shards::Shards;
use hydrograph_query::Engine;
use hydrograph_storage::clock::Clock;
use hydrograph_storage::ids::ANONYMOUS_TENANT;
use hydrograph_storage::limits::{QueryLimits, Stopped};
use hydrograph_storage::source::Source;
use prometheus::proto::MetricFamily;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::compaction::Compaction;
use crate::config::Config;
use crate::metrics::self_monitoring::scrape;
use crate::metrics::{Metrics, components};

/// One running process.
pub(crate) struct App {
    pub(crate) config: Config,
    /// `host:port` under which this process shows its own metrics.
    pub(crate) instance: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) shards: Arc<Shards>,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) engine: Engine,
    pub(crate) compaction: Compaction,
    /// Queries that may be evaluated now.
    pub(crate) turns: Arc<Semaphore>,
    /// Bytes of write requests that may be in memory now.
    pub(crate) write_bytes: Arc<Semaphore>,
    pub(crate) ending: AtomicBool,
    /// Cancelled where the process cannot go on and a restart will heal it.
    pub(crate) broken: CancellationToken,
}

impl App {
    /// Whether the process does its work, or what is in the way.
    pub(crate) fn readiness(&self) -> Result<(), String> {
        if self.ending.load(Ordering::Relaxed) {
            return Err("shutting down".to_owned());
        }
        let causes = self.shards.unready();
        if causes.is_empty() { Ok(()) } else { Err(causes.join("\n")) }
    }

    /// Moves everything that was acknowledged by now into committed blocks.
    pub(crate) async fn flush(&self) -> Result<(), String> {
        self.shards.flush_all().await.map(drop).map_err(|error| error_chain(&error))
    }

    /// The budget and the deadline of one query; a client may shorten the time, not lengthen it.
    pub(crate) fn query_limits(&self, asked_ms: Option<i64>) -> QueryLimits {
        let config = &self.config.query;
        let timeout_ms = match asked_ms {
            Some(asked_ms) if asked_ms > 0 => config.timeout_ms.min(asked_ms as u64),
            _ => config.timeout_ms,
        };
        QueryLimits::new(config.memory_bytes_max, timeout_ms, Arc::clone(&self.clock))
    }

    /// Waits for a turn to read, no longer than the query's own deadline.
    pub(crate) async fn query_turn(&self, limits: &QueryLimits) -> Result<Turn, Stopped> {
        let patience = std::time::Duration::from_millis(limits.remaining_ms());
        match tokio::time::timeout(patience, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_closed)) => Err(Stopped::Cancelled),
            Err(_elapsed) => Err(Stopped::Deadline),
        }
    }

    /// The process' own metrics, as they are now.
    pub(crate) async fn gather(&self) -> Vec<MetricFamily> {
        let mut families = self.metrics.gather();
        let in_flight_bytes = self.gateway.in_flight_bytes();
        families.extend(components::gateway(self.gateway.stats(), in_flight_bytes));
        families.push(components::queries(self.engine.evaluating()));
        families.extend(components::compaction(self.compaction.stats()));
        families.extend(components::partitions(&self.shards.status().await));
        families
    }

    /// Writes the process' own metrics into its own store.
    pub(crate) async fn record_own_metrics(&self) -> Result<(), WriteError> {
        let now_ms = self.clock.now_ms();
        let found = scrape(&self.gather().await, &self.instance);
        let series: Vec<_> =
            found.into_iter().map(|(labels, value)| (labels, vec![(now_ms, value)])).collect();
        let written = self.gateway.write_series(ANONYMOUS_TENANT, &series).await;
        written.map(drop).inspect_err(|error| self.mind(error))
    }

    /// A poisoned log acknowledges nothing more until a restart has replayed it.
    pub(crate) fn mind(&self, error: &WriteError) {
        if let WriteError::Unavailable(cause) = error
            && matches!(**cause, LogError::Poisoned { .. })
        {
            self.broken.cancel();
        }
    }
}

/// A query's share of what may be evaluated at once, held until its evaluation has ended.
pub(crate) type Turn = OwnedSemaphorePermit;

/// Ends a question whose client has left.
pub(crate) struct CancelOnDrop(pub(crate) QueryLimits);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// An error with its causes, one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
