//! The partition engine: the deterministic state machine of one partition.
//!
//! Law: synchronous, without I/O, clock or threads. Records, ticks and completions go in;
//! effects come out; the same inputs and the same nonce seed give the same effects. Whoever
//! drives it (a shard on glommio or tokio, the simulator) only carries out effects, in any
//! order, and tells what became of them, late, twice or never.
//!
//! ```text
//!            ┌ wants_records() ─▶ Input::Records ─▶ memtable ─ full, old or asked ─▶ frozen
//! driver ────┼ wants_encoding() ─▶ encode_slice() ─▶ block ─▶ CreateBlock ─▶ CreateManifest
//!            └ Input::Completed ─▶ committed ─▶ ReleaseLog, Flushed, memory freed
//! ```
//! The driver's loop, after every input and whenever it has nothing else to do:
//! carry out the effects, call `encode_slice` between other work while `wants_encoding`, hand
//! over records only while `wants_records` (this is the back-pressure: memory is bounded).
//!
//! An engine that flushes opens its partition by taking a new epoch, always. One that does not
//! only follows: it reads the manifest and replays the log behind it.

mod config;
mod effect;
mod flush;
mod input;
mod open;
mod owner;
mod perform;
mod replay;
mod requests;
mod snapshot;
mod stats;
mod tail;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use hydrograph_proto::write_batch::WriteBatchDecoder;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub use config::{Duties, EngineConfig};
pub use effect::{Effect, EffectId, ReadingId, StopReason, StoreRequest};
pub use input::{Completion, FlushTicket, Input, LogFault};
pub use perform::perform;
pub use snapshot::{PartitionView, SnapshotCopying};
pub use stats::EngineStats;

use crate::ids::{Epoch, Offset};
use crate::manifest::{Commit, Manifest, Nonce};
use flush::FlushJob;
use requests::{Purpose, Requests};
use tail::Tail;

/// One partition's engine; see the module.
pub struct Engine {
    config: EngineConfig,
    phase: Phase,
    now_ms: u64,
    nonces: StdRng,
    requests: Requests,
    /// The newest manifest known to be in force.
    manifest: Arc<Manifest>,
    /// The highest number of a manifest that could not be looked at when it was seen.
    newest_seen: u64,
    /// The one commit on its way: of opening or of the flush.
    commit: Option<Commit>,
    flush: Option<FlushJob>,
    tail: Tail,
    reading: ReadingId,
    /// The record that is being fetched again because its checksum failed.
    doubtful: Option<Offset>,
    /// Dead letters that are not kept yet.
    dead_letters: BTreeSet<Offset>,
    /// What the log no longer holds, while a newer manifest is looked for.
    lost: Option<LogFault>,
    /// When a newer manifest is looked for next.
    follow_at_ms: u64,
    tickets: Vec<(FlushTicket, Offset)>,
    stats: EngineStats,
}

#[derive(Debug)]
enum Phase {
    /// Looking for the newest manifest, or taking a new epoch.
    Opening,
    /// Applying records; owns the partition if it has an epoch.
    Running(Option<Epoch>),
    /// Over.
    Stopped(StopReason),
}

impl Engine {
    /// Opens a partition: the effects begin with looking for its newest manifest. Two engines
    /// that ever live must not have the same `nonce_seed`.
    pub fn open(config: EngineConfig, nonce_seed: u64) -> (Self, Vec<Effect>) {
        let decoder = WriteBatchDecoder::new().expect("zstd has memory for a context");
        let mut engine = Self {
            manifest: Arc::new(Manifest::empty(config.partition)),
            config,
            phase: Phase::Opening,
            now_ms: 0,
            nonces: StdRng::seed_from_u64(nonce_seed),
            requests: Requests::default(),
            newest_seen: 0,
            commit: None,
            flush: None,
            tail: Tail::new(decoder),
            reading: ReadingId(0),
            doubtful: None,
            dead_letters: BTreeSet::new(),
            lost: None,
            follow_at_ms: 0,
            tickets: Vec::new(),
            stats: EngineStats::default(),
        };
        let mut effects = Vec::new();
        engine.ask(Purpose::Find, StoreRequest::ListManifests, &mut effects);
        (engine, effects)
    }

    /// Takes one input and appends what is to be done about it.
    pub fn handle(&mut self, input: Input, out: &mut Vec<Effect>) {
        if let Phase::Stopped(reason) = &self.phase {
            if let Input::Flush { ticket, .. } = input {
                out.push(Effect::Flushed { ticket, result: Err(reason.clone()) });
            }
            return;
        }
        match input {
            Input::Records { reading, records } => self.records(reading, &records, out),
            Input::LogFailed { reading, fault } => self.log_failed(reading, fault, out),
            Input::Tick { now_ms } => self.tick(now_ms, out),
            Input::Flush { ticket, through } => {
                self.tickets.push((ticket, through.max(self.position())));
            }
            Input::Completed(id, completion) => self.completed(id, completion, out),
            Input::ManifestSeen { number, bytes } => self.seen(number, &bytes, out),
        }
        self.advance(out);
    }

    /// Whether the driver may hand over more records now.
    pub fn wants_records(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
            && self.lost.is_none()
            && self.waiting_bytes() < self.config.memory_bytes_max as u64
            && self.dead_letters.len() < self.config.dead_letters_max
    }

    /// What must be flushed before there is room again. Who only follows cannot flush, and its
    /// catalogue may begin anew with all series at once: waiting would not make that smaller.
    fn waiting_bytes(&self) -> u64 {
        if self.config.duties.flush { self.tail.spans_bytes() } else { self.tail.memory_bytes() }
    }

    /// Whether there is a block to be encoded: call [`Engine::encode_slice`] between other work.
    pub fn wants_encoding(&self) -> bool {
        self.flush.as_ref().is_some_and(FlushJob::is_encoding)
    }

    /// Does up to `budget` units of the memtable's upkeep; false when none is left.
    pub fn maintain(&mut self, budget: usize) -> bool {
        self.tail.memtable.maintain(budget)
    }

    /// The next offset to be applied: everything before it is in the manifest or in memory.
    pub fn position(&self) -> Offset {
        self.tail.position()
    }

    /// The newest manifest known to be in force.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// The newest manifest's offset.
    pub fn committed(&self) -> Offset {
        self.manifest.offset
    }

    /// The epoch in which it owns the partition, while it does.
    pub fn epoch(&self) -> Option<Epoch> {
        match self.phase {
            Phase::Running(epoch) => epoch,
            Phase::Opening | Phase::Stopped(_) => None,
        }
    }

    /// Whether it follows the log: the partition is opened and has not stopped.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Counts, for metrics.
    pub fn stats(&self) -> EngineStats {
        EngineStats {
            position: self.position(),
            committed: self.committed(),
            blocks: self.manifest.blocks.len() as u64,
            series: self.tail.memtable.series() as u64,
            memory_bytes: self.tail.memory_bytes(),
            debt_bytes: self.tail.debt_bytes(),
            retries: self.requests.retries,
            ..self.stats
        }
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        self.now_ms = self.now_ms.max(now_ms);
        for (id, completion) in self.requests.tick(self.now_ms, &self.config, out) {
            self.completed(id, completion, out);
        }
        if self.is_running() && self.now_ms >= self.follow_at_ms {
            self.look_for_newer(out);
        }
    }

    fn completed(&mut self, id: EffectId, completion: Completion, out: &mut Vec<Effect>) {
        let Some((purpose, request)) = self.requests.answered(id) else { return };
        match purpose {
            Purpose::Find => self.find(request, completion, out),
            Purpose::Commit => {
                if let Some(commit) = &mut self.commit {
                    let step = commit.answer(completion);
                    self.commit_step(step, out);
                }
            }
            Purpose::Block if completion == Completion::Created => {
                self.requests.succeeded(purpose);
                if let Some(flush) = &mut self.flush {
                    flush.created();
                }
            }
            Purpose::DeadLetter(offset) if completion == Completion::Created => {
                self.requests.succeeded(purpose);
                self.dead_letters.remove(&offset);
            }
            Purpose::Block | Purpose::DeadLetter(_) => self.ask_later(purpose, request),
        }
    }

    fn ask(&mut self, purpose: Purpose, request: StoreRequest, out: &mut Vec<Effect>) {
        self.requests.ask(purpose, request, self.now_ms, out);
    }

    fn ask_later(&mut self, purpose: Purpose, request: StoreRequest) {
        self.requests.ask_later(purpose, request, self.now_ms, &self.config);
    }

    fn nonce(&mut self) -> Nonce {
        let [high, low] = [self.nonces.next_u64(), self.nonces.next_u64()];
        Nonce(u128::from(high) << 64 | u128::from(low))
    }

    fn stop(&mut self, reason: StopReason, out: &mut Vec<Effect>) {
        for (ticket, _) in self.tickets.drain(..) {
            out.push(Effect::Flushed { ticket, result: Err(reason.clone()) });
        }
        out.push(Effect::Stopped { reason: reason.clone() });
        (self.commit, self.flush) = (None, None);
        self.requests.clear();
        self.tail.seek(self.committed());
        self.phase = Phase::Stopped(reason);
    }
}
