//! One partition on its shard: its engine, the records that wait for it, and what it owes.
//!
//! Law: the engine decides and this carries out. Records are handed over in their order, a slice
//! at a time, and only while the engine wants them; until then they wait here and hold their
//! share of the budget.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use hydrograph_storage::engine::{
    Effect, Engine, EngineConfig, FlushTicket, Input, ReadingId, StopReason,
};
use hydrograph_storage::ids::{Offset, PartitionId, Record};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::feeder;
use super::inbox::FlushAnswer;
use super::shards::ShardsError;
use super::status::{PartitionState, Published};
use super::tasks::Tasks;

/// Encoded bytes of records that are applied in one slice of work.
const APPLY_BYTES: usize = 64 << 10;

/// Samples that are encoded into a block in one slice of work.
const ENCODE_SAMPLES: usize = 16 << 10;

/// Series that are looked after in one slice of work.
const UPKEEP_SERIES: usize = 2 << 10;

/// What a partition is made of, as it is sent to its shard.
pub(super) struct PartitionSeed {
    pub(super) engine: EngineConfig,
    pub(super) nonce_seed: u64,
    pub(super) records_bytes_max: usize,
    pub(super) published: watch::Sender<Published>,
}

/// See the module.
pub(super) struct Partition {
    pub(super) id: PartitionId,
    pub(super) engine: Engine,
    tasks: Tasks,
    published: watch::Sender<Published>,
    state: PartitionState,
    reading: ReadingId,
    stop_reading: CancellationToken,
    replay_until: Option<Offset>,
    budget: Arc<Semaphore>,
    waiting: VecDeque<Waiting>,
    /// Whether the engine may have upkeep left; each tick looks anew.
    upkeep: bool,
    tickets: HashMap<FlushTicket, FlushAnswer>,
    last_ticket: u64,
    effects: Vec<Effect>,
}

/// Records of one message that are not applied yet.
struct Waiting {
    reading: ReadingId,
    records: std::vec::IntoIter<Record>,
    _held: OwnedSemaphorePermit,
}

impl Partition {
    /// Opens the partition.
    pub(super) fn open(seed: PartitionSeed, tasks: Tasks) -> Self {
        let id = seed.engine.partition;
        let (engine, effects) = Engine::open(seed.engine, seed.nonce_seed);
        let mut partition = Self {
            id,
            engine,
            tasks,
            published: seed.published,
            state: PartitionState::Opening,
            reading: ReadingId(0),
            stop_reading: CancellationToken::new(),
            replay_until: None,
            budget: feeder::budget(seed.records_bytes_max),
            waiting: VecDeque::new(),
            upkeep: false,
            tickets: HashMap::new(),
            last_ticket: 0,
            effects,
        };
        partition.carry_out();
        partition
    }

    /// Whether there is work that no message will announce.
    pub(super) fn has_work(&self) -> bool {
        self.upkeep || self.engine.wants_encoding() || self.has_records()
    }

    /// Does a slice of work.
    pub(super) fn work(&mut self) {
        if self.has_records() {
            self.apply_some();
        }
        if self.engine.wants_encoding() {
            self.engine.encode_slice(ENCODE_SAMPLES, &mut self.effects);
            self.carry_out();
        }
        if self.upkeep {
            self.upkeep = self.engine.maintain(UPKEEP_SERIES);
        }
    }

    /// Tells the engine the time.
    pub(super) fn tick(&mut self, now_ms: u64) {
        self.upkeep = true;
        self.tell(Input::Tick { now_ms });
    }

    /// Tells the engine something.
    pub(super) fn tell(&mut self, input: Input) {
        self.engine.handle(input, &mut self.effects);
        self.carry_out();
    }

    /// Takes the next records of a reading.
    pub(super) fn take(
        &mut self,
        reading: ReadingId,
        records: Vec<Record>,
        held: OwnedSemaphorePermit,
    ) {
        if reading == self.reading {
            self.waiting.push_back(Waiting { reading, records: records.into_iter(), _held: held });
        }
    }

    /// Learns where the log ended as a reading began.
    pub(super) fn replay_until(&mut self, reading: ReadingId, latest: Offset) {
        if reading == self.reading && self.state == PartitionState::Replaying {
            self.replay_until = Some(latest);
        }
    }

    /// Has everything before `through` flushed.
    pub(super) fn flush(&mut self, through: Offset, answer: FlushAnswer) {
        self.last_ticket += 1;
        let ticket = FlushTicket(self.last_ticket);
        self.tickets.insert(ticket, answer);
        self.tell(Input::Flush { ticket, through });
    }

    /// Why the partition cannot answer a query now.
    pub(super) fn unavailable(&self) -> Option<String> {
        match &self.state {
            PartitionState::Live => None,
            state => Some(format!("partition {} is {state}", self.id)),
        }
    }

    /// Shows what has changed to whoever looks.
    pub(super) fn publish(&mut self) {
        if self.replay_until.is_some_and(|until| self.engine.position() >= until) {
            self.replay_until = None;
            self.state = PartitionState::Live;
            let (partition, position) = (self.id.0, self.engine.position().0);
            tracing::info!(partition, position, "partition is live");
        }
        let stats = self.engine.stats();
        self.published.send_if_modified(|published| {
            if published.stats == stats && published.state == self.state {
                return false;
            }
            *published = Published { state: self.state.clone(), stats };
            true
        });
    }

    fn has_records(&self) -> bool {
        !self.waiting.is_empty() && self.engine.wants_records()
    }

    fn apply_some(&mut self) {
        let Some(waiting) = self.waiting.front_mut() else { return };
        let mut bytes = 0;
        let mut records = Vec::new();
        while bytes < APPLY_BYTES
            && let Some(record) = waiting.records.next()
        {
            bytes += record.bytes.len();
            records.push(record);
        }
        let reading = waiting.reading;
        if waiting.records.as_slice().is_empty() {
            self.waiting.pop_front();
        }
        self.tell(Input::Records { reading, records });
    }

    fn carry_out(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Store { id, request } => self.tasks.ask_store(self.id, id, request),
                Effect::ReadLog { reading, from } => self.read_log(reading, from),
                Effect::ReleaseLog { before } => self.tasks.release_log(self.id, before),
                Effect::Flushed { ticket, result } => self.flushed(ticket, result),
                Effect::Committed { number } => {
                    let (partition, offset) = (self.id.0, self.engine.committed().0);
                    tracing::debug!(partition, number, offset, "manifest is in force");
                }
                Effect::Stopped { reason } => self.stopped(&reason),
            }
        }
        self.effects = effects;
    }

    fn read_log(&mut self, reading: ReadingId, from: Offset) {
        self.stop_reading.cancel();
        self.stop_reading = CancellationToken::new();
        self.waiting.clear();
        self.reading = reading;
        if self.state == PartitionState::Opening {
            self.state = PartitionState::Replaying;
        }
        let (budget, until) = (Arc::clone(&self.budget), self.stop_reading.clone());
        self.tasks.read_log(self.id, reading, from, budget, until);
    }

    fn flushed(&mut self, ticket: FlushTicket, result: Result<Offset, StopReason>) {
        if let Some(answer) = self.tickets.remove(&ticket) {
            let partition = self.id;
            let result = result.map_err(|reason| ShardsError::Stopped { partition, reason });
            // Whoever asked may have gone.
            let _ = answer.send(result);
        }
    }

    fn stopped(&mut self, reason: &StopReason) {
        self.stop_reading.cancel();
        self.waiting.clear();
        self.replay_until = None;
        self.state = PartitionState::Stopped { reason: reason.to_string() };
        let partition = self.id.0;
        tracing::error!(partition, %reason, "partition has stopped");
    }
}
