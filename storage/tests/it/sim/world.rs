//! Everything there is, and what may happen next to it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hydrograph_storage::block::{BlockEntry, WINDOW_MS};
use hydrograph_storage::clock::{Clock, ManualClock};
use hydrograph_storage::compaction::{CompactionConfig, Compactor, Outcome};
use hydrograph_storage::engine::{
    Completion, Duties, EffectId, Engine, EngineConfig, FlushTicket, Input, LogFault, StopReason,
};
use hydrograph_storage::ids::{Epoch, Offset};
use hydrograph_storage::manifest::encode;
use hydrograph_storage::names;
use hydrograph_storage::store::Store;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::log::Log;
use super::node::{Deed, Node, Task};
use super::oracle;
use super::records::Records;
use super::store::{PARTITION, SimStore};

const NOW_MS: u64 = 1_700_000_000_000;
const STEPS: usize = 2_500;
const COMPACTORS_MAX: usize = 2;
const STEPS_IN_PEACE: usize = 40_000;
const NODES_MAX: usize = 3;

/// A compactor in the middle of a call.
type Compacting = Pin<Box<dyn Future<Output = ()>>>;

pub(super) struct World {
    rng: StdRng,
    now_ms: u64,
    log: Log,
    records: Records,
    store: SimStore,
    nodes: Vec<Node>,
    clock: Arc<ManualClock>,
    compactors: Vec<Compacting>,
    /// Samples before this may have expired.
    expired_ms: i64,
    retention_ms: Option<i64>,
    /// Requests of processes that are no more; the store may still get them.
    orphans: Vec<(EffectId, Task)>,
    next_ticket: u64,
    next_seed: u64,
    /// Of the ticket that the run waits for at its end.
    flushed: Option<u64>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let store = SimStore::new(rng.random());
        store.set_trouble([0.0, 0.05, 0.3][rng.random_range(0..3)]);
        Self {
            now_ms: NOW_MS,
            log: Log::default(),
            records: Records::new(),
            store,
            nodes: Vec::new(),
            clock: Arc::new(ManualClock::at(NOW_MS as i64)),
            compactors: Vec::new(),
            expired_ms: i64::MIN,
            retention_ms: rng.random_bool(0.2).then(|| rng.random_range(4..60) * WINDOW_MS),
            orphans: Vec::new(),
            next_ticket: 0,
            next_seed: rng.random(),
            flushed: None,
            rng,
        }
    }

    pub(super) fn run(mut self) {
        for _ in 0..STEPS {
            self.happen();
        }
        self.make_peace();
    }

    /// One thing happens.
    fn happen(&mut self) {
        match self.rng.random_range(0..1_000) {
            0..60 => self.append(),
            60..160 => self.deliver(),
            160..400 => self.work(),
            400..580 => self.answer(),
            580..700 => self.encode(),
            700..900 => self.compact(),
            900..935 => self.pass_time(17),
            935..970 => self.ask_flush(),
            970..974 => self.crash(),
            974..975 => self.lose_power(),
            975..983 => self.open(),
            983..995 => self.fall_asleep_or_wake(),
            _ => self.check(),
        }
    }

    fn append(&mut self) {
        for _ in 0..self.rng.random_range(1..4) {
            let (bytes, content) = self.records.next(self.now_ms as i64, &mut self.rng);
            self.log.append(bytes, content);
        }
        if self.rng.random_bool(0.8) {
            self.log.sync();
        }
    }

    /// One of the nodes that are awake and can do something.
    fn pick(&mut self, can: impl Fn(&Node) -> bool) -> Option<usize> {
        let able: Vec<usize> = (0..self.nodes.len())
            .filter(|&at| !self.nodes[at].asleep && can(&self.nodes[at]))
            .collect();
        (!able.is_empty()).then(|| able[self.rng.random_range(0..able.len())])
    }

    fn deliver(&mut self) {
        let Some(picked) = self.pick(|_| true) else { return };
        if self.rng.random_bool(0.7) {
            self.read_log(picked);
        }
        let node = &mut self.nodes[picked];
        if node.engine.wants_records()
            && let Some(input) = node.inbox.pop_front()
        {
            self.handle(picked, input);
        }
    }

    /// Puts what the log has for a node on its way.
    fn read_log(&mut self, picked: usize) {
        let node = &mut self.nodes[picked];
        let Some((reading, from)) = node.reading else { return };
        if from < self.log.earliest() || from > self.log.latest() {
            let (earliest, latest) = (self.log.earliest(), self.log.latest());
            let fault = LogFault::OutOfRange { earliest, latest };
            node.reading = None;
            node.inbox.push_back(Input::LogFailed { reading, fault });
            return;
        }
        let mut records = self.log.read(from, self.rng.random_range(1..12));
        if records.is_empty() {
            return;
        }
        node.reading = Some((reading, Offset(from.0 + records.len() as u64)));
        if self.rng.random_bool(0.03) {
            let unlucky = self.rng.random_range(0..records.len());
            let record = &mut records[unlucky];
            if node.damaged.insert(record.offset) {
                let mut bytes = record.bytes.to_vec();
                let at = self.rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << self.rng.random_range(0..8);
                record.bytes = bytes.into();
            }
        }
        let input = Input::Records { reading, records };
        if self.rng.random_bool(0.05) {
            node.inbox.push_back(input.clone());
        }
        node.inbox.push_back(input);
    }

    /// The store gets on with one request, of a node or of a process that is no more.
    fn work(&mut self) {
        let orphans = self.orphans.len();
        if orphans > 0 && self.rng.random_bool(0.1) {
            let picked = self.rng.random_range(0..orphans);
            if poll(&mut self.orphans[picked].1).is_some() {
                drop(self.orphans.swap_remove(picked));
            }
            return;
        }
        let Some(picked) = self.pick(|node| !node.tasks.is_empty()) else { return };
        let node = &mut self.nodes[picked];
        let task = self.rng.random_range(0..node.tasks.len());
        for _ in 0..self.rng.random_range(1..4) {
            if let Some(completion) = poll(&mut node.tasks[task].1) {
                let (id, _) = node.tasks.swap_remove(task);
                node.answers.push((id, completion));
                return;
            }
        }
    }

    /// An answer of the store arrives: in any order, perhaps again later, perhaps never.
    fn answer(&mut self) {
        let Some(picked) = self.pick(|node| !node.answers.is_empty()) else { return };
        let node = &mut self.nodes[picked];
        let at = self.rng.random_range(0..node.answers.len());
        let (id, completion) = match self.rng.random_range(0..20) {
            0 => {
                node.answers.swap_remove(at);
                return;
            }
            1 => node.answers[at].clone(),
            _ => node.answers.swap_remove(at),
        };
        self.handle(picked, Input::Completed(id, completion));
    }

    fn encode(&mut self) {
        let Some(picked) = self.pick(|node| node.engine.wants_encoding()) else { return };
        self.nodes[picked].engine.maintain(3);
        let samples_max = self.rng.random_range(1..1_000);
        let deeds = self.nodes[picked].encode(samples_max, &self.store);
        self.carry_out(picked, deeds);
    }

    /// Between nothing and about 2^`magnitude` × 20 ms.
    fn pass_time(&mut self, magnitude: u32) {
        let magnitude = self.rng.random_range(0..magnitude);
        self.now_ms += self.rng.random_range(0..1u64 << magnitude) * 20;
        self.clock.set(self.now_ms as i64);
        if let Some(retention_ms) = self.retention_ms {
            self.expired_ms = self.expired_ms.max(self.now_ms as i64 - retention_ms);
        }
        for picked in 0..self.nodes.len() {
            if !self.nodes[picked].asleep {
                self.handle(picked, Input::Tick { now_ms: self.now_ms });
            }
        }
    }

    /// A compactor begins its work, gets on with it or is killed.
    fn compact(&mut self) {
        let compactors = self.compactors.len();
        if compactors < COMPACTORS_MAX && self.rng.random_bool(0.3) {
            return self.start_compactor();
        }
        if compactors == 0 {
            return;
        }
        let picked = self.rng.random_range(0..compactors);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..self.rng.random_range(1..8) {
            let done = self.compactors[picked].as_mut().poll(&mut context).is_ready();
            if done || self.rng.random_bool(0.01) {
                drop(self.compactors.swap_remove(picked));
                return;
            }
        }
    }

    fn start_compactor(&mut self) {
        let mut config = CompactionConfig::new(self.retention_ms);
        config.flushes_max = self.rng.random_range(2..8);
        config.layers_max = self.rng.random_range(2..4);
        config.tenant_bytes_min = self.rng.random_range(500..20_000);
        config.grace_ms = self.rng.random_range(0..60_000);
        config.manifests_kept = self.rng.random_range(1..4);
        self.next_seed = self.next_seed.wrapping_add(1);
        let store = Arc::new(self.store.clone());
        let mut compactor = Compactor::new(store, self.clock.clone(), config, self.next_seed);
        let calls = self.rng.random_range(1..12);
        self.compactors.push(Box::pin(async move {
            for _ in 0..calls {
                // Its errors are the store's trouble; giving up is always safe.
                drop(compactor.run_once(PARTITION).await);
                drop(compactor.collect(PARTITION).await);
            }
        }));
    }

    fn ask_flush(&mut self) {
        let Some(picked) = self.pick(|_| true) else { return };
        let through = if self.rng.random_bool(0.5) { Offset(0) } else { self.log.latest() };
        self.next_ticket += 1;
        let ticket = FlushTicket(self.next_ticket);
        self.handle(picked, Input::Flush { ticket, through });
    }

    fn crash(&mut self) {
        let nodes = self.nodes.len();
        if nodes > 0 {
            let picked = self.rng.random_range(0..nodes);
            let node = self.nodes.swap_remove(picked);
            self.orphans.extend(node.tasks);
            let lost = self.rng.random_range(0..=self.orphans.len());
            self.orphans.truncate(lost);
        }
    }

    /// All nodes are on one machine, with the log.
    fn lose_power(&mut self) {
        while !self.nodes.is_empty() {
            self.crash();
        }
        self.compactors.clear();
        self.log.crash(&mut self.rng);
    }

    fn open(&mut self) {
        if self.nodes.len() < NODES_MAX {
            let flush = self.rng.random_bool(0.7) || self.nodes.is_empty();
            self.open_node(flush);
        }
    }

    fn open_node(&mut self, flush: bool) {
        let mut config = EngineConfig::new(PARTITION, Duties { flush, answer: true });
        config.flush_bytes_max = self.rng.random_range(5_000..60_000);
        config.memory_bytes_max = config.flush_bytes_max * 2;
        config.flush_age_ms = self.rng.random_range(1..100_000);
        (config.dead_letters_max, config.answer_timeout_ms) = (2, 10_000);
        self.next_seed = self.next_seed.wrapping_add(1);
        let mut node = Node::open(config, self.next_seed, &self.store);
        assert!(node.handle(Input::Tick { now_ms: self.now_ms }, &self.store).is_empty());
        self.nodes.push(node);
    }

    fn fall_asleep_or_wake(&mut self) {
        let nodes = self.nodes.len();
        if nodes > 0 {
            let picked = self.rng.random_range(0..nodes);
            let node = &mut self.nodes[picked];
            node.asleep = !node.asleep && self.rng.random_bool(0.4);
        }
    }

    fn handle(&mut self, picked: usize, input: Input) {
        let deeds = self.nodes[picked].handle(input, &self.store);
        self.carry_out(picked, deeds);
    }

    fn carry_out(&mut self, picked: usize, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Release(before) => {
                    let committed = self.store.newest().offset;
                    assert!(before <= committed, "released {before} of {committed}");
                    self.log.release(before);
                }
                Deed::Flushed(ticket, Ok(offset)) => {
                    let committed = self.store.newest().offset;
                    assert!(offset <= committed, "said {offset} of {committed} is committed");
                    self.flushed = Some(ticket);
                }
                Deed::Flushed(..) => {}
            }
        }
        match &self.nodes[picked].stopped {
            None => {}
            Some(StopReason::Fenced(epoch)) => {
                let newest = self.store.newest().epoch;
                assert!(*epoch <= newest && *epoch > Epoch(0), "fenced by {epoch} of {newest}");
                drop(self.nodes.swap_remove(picked));
            }
            Some(reason) => panic!("stopped: {reason}"),
        }
    }

    fn check(&mut self) {
        let Some(picked) = self.pick(|node| node.engine.is_running()) else { return };
        let engine = &self.nodes[picked].engine;
        if self.blocks_are_there(engine) {
            oracle::check_engine(engine, &self.log, &self.store, self.expired_ms);
        }
    }

    /// Whether a query of this engine would find its blocks: what it knows may be old, and what
    /// has been merged since may be deleted.
    fn blocks_are_there(&self, engine: &Engine) -> bool {
        let newest = self.store.newest();
        let missing: Vec<&BlockEntry> = engine
            .manifest()
            .blocks
            .iter()
            .filter(|block| self.store.object(&block.name).is_none())
            .collect();
        assert!(
            missing.iter().all(|block| !newest.blocks.contains(block)),
            "a named block is kept"
        );
        missing.is_empty()
    }

    /// The trouble ends: a new owner must commit everything that was acknowledged.
    fn make_peace(mut self) {
        self.store.set_trouble(0.0);
        while !self.nodes.is_empty() {
            self.crash();
        }
        self.orphans.clear();
        self.compactors.clear();
        self.log.crash(&mut self.rng);
        self.open_node(true);
        let through = self.log.latest();
        self.next_ticket += 1;
        let last = self.next_ticket;
        self.handle(0, Input::Flush { ticket: FlushTicket(last), through });
        for _ in 0..STEPS_IN_PEACE {
            match self.rng.random_range(0..5) {
                0 => self.deliver(),
                1 => self.work(),
                2 => self.answer(),
                3 => self.encode(),
                _ => self.pass_time(8),
            }
            if self.flushed == Some(last) {
                self.check_end(through);
                return self.compact_all();
            }
        }
        panic!("no progress in peace: {:?}", self.nodes[0].engine.stats());
    }

    /// In peace a compactor comes to an end, changes nothing but the blocks, and leaves no litter.
    fn compact_all(mut self) {
        let mut config = CompactionConfig::new(None);
        (config.layers_max, config.manifests_kept) = (2, 2);
        let store = Arc::new(self.store.clone());
        let mut compactor = Compactor::new(store, self.clock.clone(), config, self.next_seed + 1);
        for calls in 0.. {
            let outcome = block_on(compactor.run_once(PARTITION)).expect("no trouble");
            let Outcome::Done { manifest, .. } = outcome else { break };
            assert!(calls < 1_000, "compaction comes to an end");
            let seen =
                Input::ManifestSeen { number: manifest.number, bytes: encode(&manifest).into() };
            self.handle(0, seen);
        }
        for _ in 0..2 {
            block_on(compactor.collect(PARTITION)).expect("no trouble");
            self.clock.set(self.clock.now_ms() + 3_600_000);
        }
        let newest = self.store.newest();
        for name in block_on(self.store.list(&names::blocks(PARTITION))).expect("no trouble") {
            let named = newest.blocks.iter().any(|block| block.name == name);
            assert!(named || oracle::may_become(&name, &newest, &self.store), "{name} is litter");
        }
        let manifests = block_on(self.store.list(&names::manifests(PARTITION)));
        assert!(manifests.expect("no trouble").len() < 8, "old manifests are deleted");
        oracle::check_blocks(&newest, &self.log, &self.store, self.expired_ms);
        oracle::check_engine(&self.nodes[0].engine, &self.log, &self.store, self.expired_ms);
    }

    fn check_end(&self, through: Offset) {
        let newest = self.store.newest();
        assert_eq!(newest.offset, through, "everything acknowledged is committed");
        oracle::check_blocks(&newest, &self.log, &self.store, self.expired_ms);
        oracle::check_engine(&self.nodes[0].engine, &self.log, &self.store, self.expired_ms);
        for (offset, content) in self.log.contents(Offset(0)..through) {
            let skipped = newest.skipped.iter().any(|r| r.start <= offset && offset < r.end);
            assert_eq!(skipped, content.is_none(), "the manifest keeps what was skipped");
            let letter = self.store.object(&names::dead_letter(PARTITION, offset));
            assert_eq!(letter.is_some(), skipped, "what was skipped is in the dead letters");
        }
    }
}

/// A future that never waits for anything but the store.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn poll(task: &mut Task) -> Option<Completion> {
    match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(completion) => Some(completion),
        Poll::Pending => None,
    }
}
