//! The gateway's core: requests in, durable write batches out.
//!
//! ```text
//! request ─decode─▶ validate ─▶ route ─▶ Staged: a lane per partition
//!                                            │ one lock per partition and request
//!                                            ▼
//!          answer ◀─ durable ◀─ log ◀─ Batcher ◀─ Gathering: batches shared by requests
//! ```
//! Laws: whatever depends on a clock, a limit or configuration is decided here, from the receive
//! time, before the append. A request is answered when all its batches are durable. Bytes in
//! flight are bounded; over the bound a request is refused at once. A request is not atomic across
//! partitions: a failure may leave a part of it stored.
//!
//! Nothing here knows HTTP.

mod batch;
mod batcher;
mod outcome;
mod reading;
mod routing;
mod staged;
mod stats;
mod validate;

use std::mem::take;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hydrograph_proto::remote_write::{DecodeError, RequestCounts, Scratch, decode_write_request};
use hydrograph_storage::clock::Clock;
use hydrograph_storage::ids::PartitionId;
use hydrograph_storage::labels::Labels;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use self::batch::{Answer, Gathering};
use self::batcher::Batcher;
pub use self::outcome::{Rejected, Unsupported, WriteError, WriteOutcome};
use self::reading::Reading;
use self::routing::Router;
pub use self::routing::{Spread, metric_family};
use self::staged::{Room, Staged};
pub use self::stats::GatewayStats;
pub use self::validate::{ValidationLimits, is_valid_tenant};
use crate::log::Log;

/// Rooms for requests that are kept; more are made where more requests are read at once.
const ROOMS_MAX: usize = 16;

/// How a gateway works.
#[derive(Clone, Copy, Debug)]
pub struct GatewayConfig {
    /// What is refused.
    pub limits: ValidationLimits,
    /// How tenants are spread.
    pub spread: Spread,
    /// How long a batch waits for more while its partition has others in flight.
    pub linger_ms: u64,
    /// Bytes of decoded requests that may be in flight.
    pub in_flight_bytes_max: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            limits: ValidationLimits::default(),
            spread: Spread::STATIC,
            linger_ms: 5,
            in_flight_bytes_max: 64 << 20,
        }
    }
}

/// Takes writes and answers them when they are durable.
pub struct Gateway {
    config: GatewayConfig,
    clock: Arc<dyn Clock>,
    stats: Arc<GatewayStats>,
    in_flight: Arc<Semaphore>,
    partitions: Vec<Arc<Gathering>>,
    rooms: Mutex<Vec<(Scratch, Room)>>,
    tasks: TaskTracker,
}

/// What of a request is known before the log has answered.
struct Accepted {
    outcome: WriteOutcome,
    answers: Vec<oneshot::Receiver<Answer>>,
}

impl Gateway {
    /// Starts a gateway on the current tokio runtime.
    pub fn new(log: &Arc<dyn Log>, config: GatewayConfig, clock: Arc<dyn Clock>) -> Self {
        let limits = config.limits;
        let label_bytes = limits.labels_max * (limits.name_bytes_max + limits.value_bytes_max);
        assert!(label_bytes <= 512 << 10, "the largest series fits a batch");
        assert!(config.in_flight_bytes_max <= Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let (stats, tasks) = (Arc::new(GatewayStats::default()), TaskTracker::new());
        let partitions = (0..log.partitions()).map(|partition| {
            let gathering = Arc::new(Gathering::default());
            tasks.spawn(
                Batcher {
                    partition: PartitionId(partition),
                    log: log.clone(),
                    gathering: gathering.clone(),
                    stats: stats.clone(),
                    linger: Duration::from_millis(config.linger_ms),
                    refused: false,
                }
                .run(),
            );
            gathering
        });
        let partitions = partitions.collect();
        tasks.close();
        let in_flight = Arc::new(Semaphore::new(config.in_flight_bytes_max));
        let rooms = Mutex::default();
        Self { config, clock, stats, in_flight, partitions, rooms, tasks }
    }

    /// What it has done.
    pub fn stats(&self) -> &Arc<GatewayStats> {
        &self.stats
    }

    /// Bytes of requests in flight now.
    pub fn in_flight_bytes(&self) -> usize {
        self.config.in_flight_bytes_max - self.in_flight.available_permits()
    }

    /// Refuses what comes, sends what is there, and ends when that is answered.
    pub async fn close(&self) {
        self.partitions.iter().for_each(|partition| partition.close());
        self.tasks.wait().await;
    }

    /// Writes a remote-write 1.0 message (out of snappy), and answers when it is durable.
    pub async fn write(&self, tenant: &str, request: &[u8]) -> Result<WriteOutcome, WriteError> {
        let accepted = self.accept(tenant, request.len(), |scratch, reading| {
            decode_write_request(request, scratch, |series| {
                reading.series(series.labels, series.samples);
            })
        })?;
        self.settle(accepted).await
    }

    /// Writes series that this process made itself, by the same rules.
    pub async fn write_series(
        &self,
        tenant: &str,
        series: &[(Labels, Vec<(i64, f64)>)],
    ) -> Result<WriteOutcome, WriteError> {
        let cost = |(labels, samples): &(Labels, Vec<_>)| labels.text_bytes() + samples.len() * 16;
        let accepted = self.accept(tenant, series.iter().map(cost).sum(), |_, reading| {
            let mut pairs = Vec::new();
            for (labels, samples) in series {
                pairs.clear();
                pairs.extend(labels);
                reading.series(&pairs, samples);
            }
            Ok(RequestCounts::default())
        })?;
        self.settle(accepted).await
    }

    /// Reads a request of `bytes` and puts what it accepts of it into batches.
    fn accept<'b>(
        &self,
        tenant: &str,
        bytes: usize,
        read: impl FnOnce(&mut Scratch, &mut Reading<'_, 'b>) -> Result<RequestCounts, DecodeError>,
    ) -> Result<Accepted, WriteError> {
        self.stats.requests.fetch_add(1, Relaxed);
        if !is_valid_tenant(tenant) {
            return Err(WriteError::Tenant { tenant: tenant.to_string() });
        }
        let share = self.share(bytes)?;
        let now_ms = self.clock.now_ms();
        let partitions = self.partitions.len() as u32;
        let router = Router::new(tenant, self.config.spread, partitions);
        let (mut scratch, room) = self.rooms().pop().unwrap_or_default();
        let staged = Staged::new(room, partitions);
        let mut reading = Reading::new(&self.config.limits, now_ms, router, staged);
        let accepted = match read(&mut scratch, &mut reading) {
            Ok(counts) => self.gather(tenant, now_ms, share, &mut reading, counts),
            Err(malformed) => {
                self.stats.malformed_requests.fetch_add(1, Relaxed);
                Err(malformed.into())
            }
        };
        let mut rooms = self.rooms();
        if rooms.len() < ROOMS_MAX {
            rooms.push((scratch, reading.staged.into_room()));
        }
        accepted
    }

    fn rooms(&self) -> MutexGuard<'_, Vec<(Scratch, Room)>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a share of the bytes that may be in flight; a request over the whole takes it all.
    fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, WriteError> {
        let limit_bytes = self.config.in_flight_bytes_max;
        let share = bytes.clamp(1, limit_bytes) as u32;
        self.in_flight.clone().try_acquire_many_owned(share).map_err(|_none_left| {
            self.stats.overloaded_requests.fetch_add(1, Relaxed);
            WriteError::Overloaded { limit_bytes }
        })
    }

    /// Moves what was staged into the batches of its partitions.
    fn gather(
        &self,
        tenant: &str,
        receive_time_ms: i64,
        share: OwnedSemaphorePermit,
        reading: &mut Reading<'_, '_>,
        counts: RequestCounts,
    ) -> Result<Accepted, WriteError> {
        let (share, mut answers) = (Arc::new(share), Vec::new());
        for (partition, lane) in reading.staged.lanes() {
            let gathering = &self.partitions[partition.0 as usize];
            gathering.push(tenant, lane, receive_time_ms, &share, &mut answers)?;
        }
        let unsupported = Unsupported {
            histograms: counts.histograms,
            exemplars: counts.exemplars,
            metadata: counts.metadata,
        };
        let outcome = WriteOutcome {
            stored_samples: reading.staged_samples,
            rejected: take(&mut reading.rejected),
            unsupported,
            positions: Vec::new(),
        };
        Ok(Accepted { outcome, answers })
    }

    /// Waits until all of a request is durable.
    async fn settle(&self, accepted: Accepted) -> Result<WriteOutcome, WriteError> {
        let Accepted { mut outcome, answers } = accepted;
        let mut failed = None;
        for answer in answers {
            match answer.await {
                Ok(Ok(position)) => outcome.positions.push(position),
                Ok(Err(error)) => failed = Some(WriteError::Unavailable(error)),
                Err(_dropped) => failed = Some(WriteError::Closed),
            }
        }
        if let Some(error) = failed {
            self.stats.failed_requests.fetch_add(1, Relaxed);
            return Err(error);
        }
        self.count(&outcome);
        Ok(outcome)
    }

    fn count(&self, outcome: &WriteOutcome) {
        let WriteOutcome { stored_samples, rejected, unsupported, .. } = outcome;
        let stats = &self.stats;
        for (counter, more) in [
            (&stats.stored_samples, *stored_samples),
            (&stats.rejected_series, rejected.series),
            (&stats.rejected_samples, rejected.samples),
            (&stats.unsupported_histograms, unsupported.histograms),
            (&stats.unsupported_exemplars, unsupported.exemplars),
            (&stats.unsupported_metadata, unsupported.metadata),
        ] {
            counter.fetch_add(more, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
