//! The batch of one partition that is being gathered, and those that are full.
//!
//! Law: what is pushed leaves in the order in which it was pushed. The queue needs no bound of its
//! own: each request that has something in it holds its share of the gateway's byte budget until
//! its answer is known.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hydrograph_proto::write_batch::{FinishError, WriteBatchEncoder};
use hydrograph_storage::ids::{Offset, PartitionId};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

use super::WriteError;
use super::staged::Lane;
use crate::log::LogError;

/// A batch of this many bytes leaves.
const FULL_BYTES: usize = 128 << 10;
/// Most samples that are pushed at once; with the largest label set they fit an empty batch.
const RUN_SAMPLES: usize = 8192;
/// Encoders that are kept for their room.
const SPARES: usize = 2;

/// Where a request's part of a batch went, or why it went nowhere.
pub(super) type Answer = Result<(PartitionId, Offset), Arc<LogError>>;

/// What requests and the sending task share.
#[derive(Default)]
pub(super) struct Gathering {
    state: Mutex<State>,
    /// Told when a batch may leave.
    pub(super) changed: Notify,
}

#[derive(Default)]
struct State {
    open: Option<Batch>,
    full: VecDeque<Batch>,
    spares: Vec<WriteBatchEncoder>,
    closed: bool,
}

/// One batch and the requests that wait for it.
pub(super) struct Batch {
    pub(super) encoder: WriteBatchEncoder,
    pub(super) waiting: Vec<Waiting>,
    pub(super) receive_time_ms: i64,
}

/// One request that waits for a batch.
pub(super) struct Waiting {
    pub(super) answer: oneshot::Sender<Answer>,
    /// The request's share of the budget; given back by its last batch, also if nobody waits.
    pub(super) _share: Arc<OwnedSemaphorePermit>,
}

/// What there is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Nothing.
    Nothing,
    /// A batch that may wait for more.
    Gathering,
    /// At least one full batch.
    Full,
    /// Nothing, and nothing will come.
    Closed,
}

impl Gathering {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request's series; what answers them is appended to `answers`.
    pub(super) fn push(
        &self,
        tenant: &str,
        lane: &Lane<'_>,
        receive_time_ms: i64,
        share: &Arc<OwnedSemaphorePermit>,
        answers: &mut Vec<oneshot::Receiver<Answer>>,
    ) -> Result<(), WriteError> {
        let mut state = self.state();
        if state.closed {
            return Err(WriteError::Closed);
        }
        let mut joined = false;
        for (labels, samples) in lane.series() {
            for run in samples.chunks(RUN_SAMPLES) {
                let full =
                    state.open.as_ref().is_some_and(|batch| batch.is_full(tenant, labels, run));
                if full && let Some(batch) = state.open.take() {
                    state.full.push_back(batch);
                    joined = false;
                }
                let batch = state.open()?;
                if !joined {
                    let (answer, answered) = oneshot::channel();
                    batch.waiting.push(Waiting { answer, _share: share.clone() });
                    batch.receive_time_ms = batch.receive_time_ms.max(receive_time_ms);
                    answers.push(answered);
                    joined = true;
                }
                let pushed = batch.encoder.push(tenant, labels, run);
                assert!(pushed.is_ok(), "a validated series fits an empty batch: {pushed:?}");
            }
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// What there is to send.
    pub(super) fn load(&self) -> Load {
        let state = self.state();
        match (&state.open, state.full.is_empty()) {
            (_, false) => Load::Full,
            (Some(_), true) => Load::Gathering,
            (None, true) if state.closed => Load::Closed,
            (None, true) => Load::Nothing,
        }
    }

    /// The next batch to send; without a full one, what is being gathered.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut state = self.state();
        state.full.pop_front().or_else(|| state.open.take())
    }

    /// Takes an empty encoder back.
    pub(super) fn give_back(&self, encoder: WriteBatchEncoder) {
        let mut state = self.state();
        if state.spares.len() < SPARES {
            state.spares.push(encoder);
        }
    }

    /// Refuses what comes; what is there still leaves.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }
}

impl State {
    fn open(&mut self) -> Result<&mut Batch, FinishError> {
        if self.open.is_none() {
            let encoder = match self.spares.pop() {
                Some(encoder) => encoder,
                None => WriteBatchEncoder::new()?,
            };
            let batch = Batch { encoder, waiting: Vec::new(), receive_time_ms: i64::MIN };
            self.open = Some(batch);
        }
        Ok(self.open.as_mut().expect("made above"))
    }
}

impl Batch {
    fn is_full(&self, tenant: &str, labels: &[(&str, &str)], run: &[(i64, f64)]) -> bool {
        !self.encoder.is_empty()
            && (self.encoder.estimated_bytes() >= FULL_BYTES
                || self.encoder.would_overflow(tenant, labels, run.len()))
    }
}
