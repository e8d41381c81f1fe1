//! The task of one partition that turns batches into records and appends them.
//!
//! Laws: a batch leaves when it is full, when nothing of its partition is in flight, or when it
//! has waited for the linger; whatever leaves is appended in order, since each append is begun
//! (polled once) before the next batch is taken. Whoever waits for a batch is answered when it is durable. A
//! client that leaves changes nothing: the task owns what it sends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use hydrograph_storage::ids::{Offset, PartitionId};
use tokio::time::Sleep;

use super::batch::{Batch, Gathering, Load, Waiting};
use super::stats::GatewayStats;
use crate::log::{Log, LogError};

/// Appends of one partition that may be in flight.
const FLIGHTS_MAX: usize = 4;

/// Sends the batches of one partition.
pub(super) struct Batcher {
    pub(super) partition: PartitionId,
    pub(super) log: Arc<dyn Log>,
    pub(super) gathering: Arc<Gathering>,
    pub(super) stats: Arc<GatewayStats>,
    pub(super) linger: Duration,
    /// Whether the last append failed; said once.
    pub(super) refused: bool,
}

/// An append and those who wait for it.
type Flight = BoxFuture<'static, (Result<Offset, LogError>, Vec<Waiting>)>;

impl Batcher {
    /// Serves until the gathering is closed and empty.
    pub(super) async fn run(mut self) {
        let mut flights: FuturesUnordered<Flight> = FuturesUnordered::new();
        let mut linger: Option<Pin<Box<Sleep>>> = None;
        let mut lingered = false;
        loop {
            let load = self.gathering.load();
            let leaves = match load {
                Load::Closed if flights.is_empty() => return,
                Load::Closed | Load::Nothing => false,
                Load::Gathering => flights.is_empty() || lingered,
                Load::Full => true,
            };
            if leaves && flights.len() < FLIGHTS_MAX {
                (linger, lingered) = (None, false);
                if let Some(batch) = self.gathering.take() {
                    self.send(batch, &mut flights).await;
                }
                continue;
            }
            if load == Load::Gathering && linger.is_none() && !lingered {
                linger = Some(Box::pin(tokio::time::sleep(self.linger)));
            }
            let lingering = async {
                match &mut linger {
                    Some(sleep) => sleep.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some((outcome, waiting)) = flights.next() => self.answer(outcome, waiting),
                () = self.gathering.changed.notified() => {}
                () = lingering => (linger, lingered) = (None, true),
            }
        }
    }

    /// Encodes a batch and begins its append.
    async fn send(&mut self, batch: Batch, flights: &mut FuturesUnordered<Flight>) {
        let Batch { mut encoder, waiting, receive_time_ms } = batch;
        let mut record = Vec::new();
        let finished = encoder.finish(receive_time_ms, &mut record);
        self.gathering.give_back(encoder);
        if let Err(error) = finished {
            let error = LogError::Unavailable { reason: error.to_string(), source: None };
            return self.answer(Err(error), waiting);
        }
        self.stats.batches.fetch_add(1, Relaxed);
        self.stats.batch_bytes.fetch_add(record.len() as u64, Relaxed);
        let (log, partition) = (self.log.clone(), self.partition);
        let append = async move { (log.append(partition, Bytes::from(record)).await, waiting) };
        let mut append: Flight = Box::pin(append);
        match futures::poll!(&mut append) {
            Poll::Ready((outcome, waiting)) => self.answer(outcome, waiting),
            Poll::Pending => flights.push(append),
        }
    }

    fn answer(&mut self, outcome: Result<Offset, LogError>, waiting: Vec<Waiting>) {
        let partition = self.partition;
        match &outcome {
            Ok(_) if self.refused => {
                tracing::info!(partition = partition.0, "log takes writes again");
            }
            Err(error) if !self.refused => {
                tracing::warn!(partition = partition.0, %error, "log takes no writes");
            }
            _ => {}
        }
        self.refused = outcome.is_err();
        self.stats.failed_batches.fetch_add(self.refused.into(), Relaxed);
        let answer = outcome.map(|offset| (partition, offset)).map_err(Arc::new);
        for one in waiting {
            // Nobody listens if the client has left.
            let _ = one.answer.send(answer.clone());
        }
    }
}
