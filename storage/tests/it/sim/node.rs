//! A process with an engine: what it has asked of the world and what has not arrived yet.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;

use hydrograph_storage::engine::{
    Completion, Effect, EffectId, Engine, EngineConfig, Input, ReadingId, StopReason, perform,
};
use hydrograph_storage::ids::Offset;

use super::store::{PARTITION, SimStore};

pub(super) type Task = Pin<Box<dyn Future<Output = Completion>>>;

pub(super) struct Node {
    pub(super) engine: Engine,
    pub(super) tasks: Vec<(EffectId, Task)>,
    pub(super) answers: Vec<(EffectId, Completion)>,
    /// Records on their way from the log.
    pub(super) inbox: VecDeque<Input>,
    pub(super) reading: Option<(ReadingId, Offset)>,
    /// Offsets that were once delivered damaged.
    pub(super) damaged: BTreeSet<Offset>,
    pub(super) stopped: Option<StopReason>,
    /// Sleeps, and knows nothing of the world meanwhile.
    pub(super) asleep: bool,
}

/// What an engine did besides asking the store and the log.
#[derive(Debug)]
pub(super) enum Deed {
    Release(Offset),
    Flushed(u64, Result<Offset, StopReason>),
}

impl Node {
    pub(super) fn open(config: EngineConfig, seed: u64, store: &SimStore) -> Self {
        let (engine, effects) = Engine::open(config, seed);
        let mut node = Self {
            engine,
            tasks: Vec::new(),
            answers: Vec::new(),
            inbox: VecDeque::new(),
            reading: None,
            damaged: BTreeSet::new(),
            stopped: None,
            asleep: false,
        };
        assert!(node.absorb(effects, store).is_empty(), "opening only asks");
        node
    }

    pub(super) fn handle(&mut self, input: Input, store: &SimStore) -> Vec<Deed> {
        let mut effects = Vec::new();
        self.engine.handle(input, &mut effects);
        self.absorb(effects, store)
    }

    pub(super) fn encode(&mut self, samples_max: usize, store: &SimStore) -> Vec<Deed> {
        let mut effects = Vec::new();
        self.engine.encode_slice(samples_max, &mut effects);
        self.absorb(effects, store)
    }

    fn absorb(&mut self, effects: Vec<Effect>, store: &SimStore) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for effect in effects {
            match effect {
                Effect::Store { id, request } => {
                    let store = store.clone();
                    let task = async move { perform(&store, PARTITION, request).await };
                    self.tasks.push((id, Box::pin(task)));
                }
                Effect::ReadLog { reading, from } => self.reading = Some((reading, from)),
                Effect::ReleaseLog { before } => deeds.push(Deed::Release(before)),
                Effect::Flushed { ticket, result } => deeds.push(Deed::Flushed(ticket.0, result)),
                Effect::Committed { number } => {
                    assert_eq!(number, self.engine.manifest().number);
                }
                Effect::Stopped { reason } => {
                    assert_eq!(self.stopped.replace(reason), None, "an engine stops once");
                    self.reading = None;
                }
            }
        }
        deeds
    }
}
