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
mod input;
mod requests;
mod stats;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub use config::{Duties, EngineConfig};
pub use effect::{Effect, EffectId, ReadingId, StopReason, StoreRequest};
pub use input::{Completion, FlushTicket, Input, LogFault};
pub use stats::EngineStats;

use crate::ids::{Epoch, Offset};
use crate::manifest::{Change, Commit, CommitError, Manifest, ManifestError, Nonce, Step, decode};
use requests::{Purpose, Requests};

/// One partition's engine; see the module.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    phase: Phase,
    now_ms: u64,
    nonces: StdRng,
    requests: Requests,
    manifest: Arc<Manifest>,
    reading: ReadingId,
    position: Offset,
    tickets: Vec<(FlushTicket, Offset)>,
    stats: EngineStats,
}

#[derive(Debug)]
enum Phase {
    /// Looking for the newest manifest.
    Finding,
    /// Taking a new epoch.
    Opening(Box<Commit>),
    /// Applying records; owns the partition if it has an epoch.
    Running(Option<Epoch>),
    /// Over.
    Stopped(StopReason),
}

impl Engine {
    /// Opens a partition: the effects begin with looking for its newest manifest. Two engines
    /// that ever live must not have the same `nonce_seed`.
    pub fn open(config: EngineConfig, nonce_seed: u64) -> (Self, Vec<Effect>) {
        let mut engine = Self {
            manifest: Arc::new(Manifest::empty(config.partition)),
            config,
            phase: Phase::Finding,
            now_ms: 0,
            nonces: StdRng::seed_from_u64(nonce_seed),
            requests: Requests::default(),
            reading: ReadingId(0),
            position: Offset(0),
            tickets: Vec::new(),
            stats: EngineStats::default(),
        };
        let mut effects = Vec::new();
        let request = StoreRequest::ListManifests;
        engine.requests.ask(Purpose::Find, request, 0, &mut effects);
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
            Input::Records { .. } => {}
            Input::LogFailed { reading, fault } => self.log_failed(reading, fault, out),
            Input::Tick { now_ms } => self.tick(now_ms, out),
            Input::Flush { ticket, through } => {
                self.tickets.push((ticket, through.max(self.position)));
                self.answer_tickets(out);
            }
            Input::Completed(id, completion) => self.completed(id, completion, out),
            Input::ManifestSeen { number, bytes } => self.seen(number, &bytes, out),
        }
    }

    /// Whether the driver may hand over more records now.
    pub fn wants_records(&self) -> bool {
        false
    }

    /// Whether there is a block to be encoded: call [`Engine::encode_slice`] between other work.
    pub fn wants_encoding(&self) -> bool {
        false
    }

    /// Encodes about `samples_max` samples of the block in the making.
    pub fn encode_slice(&mut self, samples_max: usize, out: &mut Vec<Effect>) {
        let _ = (samples_max, out);
    }

    /// The next offset to be applied: everything before it is in the manifest or in memory.
    pub fn position(&self) -> Offset {
        self.position
    }

    /// The newest manifest known to be in force.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// The newest manifest's offset.
    pub fn committed(&self) -> Offset {
        self.manifest.offset
    }

    /// Counts, for metrics.
    pub fn stats(&self) -> EngineStats {
        EngineStats {
            position: self.position,
            committed: self.committed(),
            retries: self.requests.retries,
            ..self.stats
        }
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        self.now_ms = self.now_ms.max(now_ms);
        for (id, completion) in self.requests.tick(self.now_ms, &self.config, out) {
            self.completed(id, completion, out);
        }
    }

    fn completed(&mut self, id: EffectId, completion: Completion, out: &mut Vec<Effect>) {
        let Some((purpose, request)) = self.requests.answered(id) else { return };
        match purpose {
            Purpose::Find => self.find(request, completion, out),
            Purpose::Commit => {
                if let Phase::Opening(commit) = &mut self.phase {
                    let step = commit.answer(completion);
                    self.step(step, out);
                }
            }
        }
    }

    /// Goes on looking for the newest manifest.
    fn find(&mut self, request: StoreRequest, completion: Completion, out: &mut Vec<Effect>) {
        let next = match (request, completion) {
            (_, Completion::Listed { highest: Some(number), .. }) => {
                StoreRequest::ReadManifest { number }
            }
            (_, Completion::Listed { highest: None, .. }) => {
                return self.found(Manifest::empty(self.config.partition), out);
            }
            (StoreRequest::ReadManifest { number }, Completion::Read(Some(bytes))) => {
                return match decode(&bytes) {
                    Ok(manifest) => self.found(manifest, out),
                    Err(error) => self.stop(unreadable(number, error), out),
                };
            }
            (_, Completion::Read(_)) => StoreRequest::ListManifests,
            (request, _) => {
                return self.requests.ask_later(Purpose::Find, request, self.now_ms, &self.config);
            }
        };
        self.requests.ask(Purpose::Find, next, self.now_ms, out);
    }

    fn found(&mut self, manifest: Manifest, out: &mut Vec<Effect>) {
        self.manifest = Arc::new(manifest);
        if !self.config.duties.flush {
            return self.run(None, out);
        }
        let nonce =
            Nonce(u128::from(self.nonces.next_u64()) << 64 | u128::from(self.nonces.next_u64()));
        let (commit, step) = Commit::start(self.manifest.clone(), Change::Open, nonce);
        self.phase = Phase::Opening(Box::new(commit));
        self.step(step, out);
    }

    fn step(&mut self, step: Step, out: &mut Vec<Effect>) {
        match step {
            Step::Ask(request) => self.requests.ask(Purpose::Commit, request, self.now_ms, out),
            Step::AskLater(request) => {
                self.requests.ask_later(Purpose::Commit, request, self.now_ms, &self.config);
            }
            Step::Done(Ok(manifest)) => {
                self.manifest = manifest;
                self.run(Some(self.manifest.epoch), out);
            }
            Step::Done(Err(error)) => self.stop(stop_reason(error), out),
        }
    }

    fn run(&mut self, epoch: Option<Epoch>, out: &mut Vec<Effect>) {
        self.phase = Phase::Running(epoch);
        self.position = self.manifest.offset;
        out.push(Effect::Committed { number: self.manifest.number });
        out.push(Effect::ReleaseLog { before: self.manifest.offset });
        self.reading.0 += 1;
        out.push(Effect::ReadLog { reading: self.reading, from: self.position });
        self.answer_tickets(out);
    }

    fn seen(&mut self, number: u64, bytes: &[u8], out: &mut Vec<Effect>) {
        if number <= self.manifest.number || !matches!(self.phase, Phase::Running(None)) {
            return;
        }
        match decode(bytes) {
            Ok(manifest) => {
                self.manifest = Arc::new(manifest);
                out.push(Effect::Committed { number });
            }
            Err(error) => self.stop(unreadable(number, error), out),
        }
    }

    fn log_failed(&mut self, reading: ReadingId, fault: LogFault, out: &mut Vec<Effect>) {
        if reading != self.reading {
            return;
        }
        let wanted = self.position;
        let reason = match fault {
            LogFault::OutOfRange { earliest, latest } => {
                StopReason::LogLost { wanted, earliest, latest }
            }
            LogFault::Corrupt(reason) => StopReason::LogCorrupt(reason),
        };
        self.stop(reason, out);
    }

    fn answer_tickets(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Running(_)) {
            let committed = self.committed();
            let done = self.tickets.extract_if(.., |(_, through)| *through <= committed);
            out.extend(done.map(|(ticket, _)| Effect::Flushed { ticket, result: Ok(committed) }));
        }
    }

    fn stop(&mut self, reason: StopReason, out: &mut Vec<Effect>) {
        for (ticket, _) in self.tickets.drain(..) {
            out.push(Effect::Flushed { ticket, result: Err(reason.clone()) });
        }
        out.push(Effect::Stopped { reason: reason.clone() });
        self.phase = Phase::Stopped(reason);
    }
}

fn stop_reason(error: CommitError) -> StopReason {
    match error {
        CommitError::Fenced(epoch) => StopReason::Fenced(epoch),
        CommitError::Contradiction { number, reason } => {
            StopReason::CorruptManifest { number, reason }
        }
        CommitError::Unreadable { number, source } => unreadable(number, source),
    }
}

fn unreadable(number: u64, error: ManifestError) -> StopReason {
    match error {
        ManifestError::NewerVersion(version) => {
            StopReason::NewerVersion { what: format!("manifest {number}"), version }
        }
        error @ ManifestError::Corrupt(_) => {
            StopReason::CorruptManifest { number, reason: error.to_string() }
        }
    }
}
