//! The shard's loop: one task that owns its partitions' engines outright.
//!
//! Law: it waits for nothing but its inbox, and works in slices (some records applied, some
//! samples encoded, some bytes of a snapshot copied), between which it looks there. So a
//! question waits for a slice or two, however much there is to do. A round is one slice of one
//! partition's work and one of the oldest snapshot, so that neither starves the other.
//!
//! It knows no runtime: the same code runs on glommio and on tokio.

use std::collections::VecDeque;

use hydrograph_storage::engine::{PartitionView, SnapshotCopying};
use hydrograph_storage::ids::PartitionId;
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SourceError};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio_util::sync::CancellationToken;

use super::inbox::{Answer, Message, PartitionStrings};
use super::partition::{Partition, PartitionSeed};
use super::runtime::ShardContext;
use super::tasks::Tasks;

/// Bytes of a snapshot that are copied in one slice of work.
const COPY_BYTES: usize = 1 << 20;

/// Runs a shard until it is told to stop.
pub(super) async fn run(
    context: ShardContext,
    seeds: Vec<PartitionSeed>,
    inbox: mpsc::Receiver<Message>,
    tasks: Tasks,
) {
    let partitions =
        seeds.into_iter().map(|seed| Partition::open(seed, tasks.clone())).collect::<Vec<_>>();
    let (copies, ended) = (VecDeque::new(), tasks.ended);
    Shard { context, partitions, inbox, turn: 0, copies, ended }.run().await;
}

struct Shard {
    context: ShardContext,
    partitions: Vec<Partition>,
    inbox: mpsc::Receiver<Message>,
    /// The place in `partitions` that is next to work.
    turn: usize,
    copies: VecDeque<Copying>,
    ended: CancellationToken,
}

/// A query's view of the shard, whose bytes are being copied.
struct Copying {
    /// A place in `partitions` with each.
    begun: VecDeque<(usize, SnapshotCopying)>,
    done: Vec<PartitionView>,
    answer: Answer<PartitionView>,
}

/// What the loop does next.
enum Next {
    GoOn,
    Stop,
}

impl Shard {
    async fn run(mut self) {
        while !self.ended.is_cancelled() {
            if let Next::Stop = self.look_into_inbox().await {
                return;
            }
            self.work_some();
            self.copy_some();
            for partition in &mut self.partitions {
                partition.publish();
            }
            let busy = self.has_work();
            self.context.progress.set_busy(busy);
            if busy {
                self.context.yield_now().await;
            }
        }
    }

    fn has_work(&self) -> bool {
        !self.copies.is_empty() || self.partitions.iter().any(Partition::has_work)
    }

    /// Does a slice of work for the next partition that has any.
    fn work_some(&mut self) {
        let count = self.partitions.len();
        let mut next = (0..count).map(|step| (self.turn + step) % count);
        if let Some(place) = next.find(|&place| self.partitions[place].has_work()) {
            self.partitions[place].work();
            self.turn = place + 1;
            self.context.progress.step();
        }
    }

    /// Takes the messages that are there; waits for one only if there is nothing else to do.
    async fn look_into_inbox(&mut self) -> Next {
        if !self.has_work() {
            let Some(message) = self.inbox.recv().await else { return Next::Stop };
            self.context.progress.take();
            if let Next::Stop = self.take(message) {
                return Next::Stop;
            }
        }
        for _ in 0..self.inbox.len() {
            match self.inbox.try_recv() {
                Ok(message) => {
                    self.context.progress.take();
                    if let Next::Stop = self.take(message) {
                        return Next::Stop;
                    }
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Next::Stop,
            }
        }
        Next::GoOn
    }

    fn take(&mut self, message: Message) -> Next {
        match message {
            Message::ReplayUntil { partition, reading, latest } => {
                self.partition(partition).replay_until(reading, latest);
            }
            Message::Records { partition, reading, records, held } => {
                self.partition(partition).take(reading, records, held);
            }
            Message::Input { partition, input } => self.partition(partition).tell(input),
            Message::Tick { now_ms } => {
                for partition in &mut self.partitions {
                    partition.tick(now_ms);
                }
            }
            Message::Flush { partition, through, answer } => {
                self.partition(partition).flush(through, answer);
            }
            Message::Snapshot { request, answer } => match self.begin(&request) {
                Ok(begun) => {
                    let done = Vec::with_capacity(begun.len());
                    self.copies.push_back(Copying { begun, done, answer });
                }
                Err(error) => drop(answer.send(Err(error))),
            },
            Message::LabelStrings { request, question, answer } => {
                // Whoever asked may have gone.
                drop(answer.send(self.label_strings(&request, &question)));
            }
            Message::Stop => return Next::Stop,
        }
        Next::GoOn
    }

    fn partition(&mut self, id: PartitionId) -> &mut Partition {
        let found = self.partitions.iter_mut().find(|partition| partition.id == id);
        found.expect("a message goes to the shard that owns its partition")
    }

    /// Fixes the instant of a query's view, in one pass over all partitions.
    fn begin(
        &self,
        request: &SelectRequest,
    ) -> Result<VecDeque<(usize, SnapshotCopying)>, SourceError> {
        let begin = |(place, partition): (usize, &Partition)| {
            if let Some(reason) = partition.unavailable() {
                return Err(SourceError::Unavailable(reason));
            }
            let SelectRequest { tenant, selectors, limits } = request;
            Ok((place, partition.engine.begin_snapshot(tenant, selectors, limits)?))
        };
        self.partitions.iter().enumerate().map(begin).collect()
    }

    fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<PartitionStrings>, SourceError> {
        let strings = |partition: &Partition| {
            if let Some(reason) = partition.unavailable() {
                return Err(SourceError::Unavailable(reason));
            }
            partition.engine.label_strings(&request.tenant, &request.selectors, question)
        };
        self.partitions.iter().map(strings).collect()
    }

    /// Copies a slice of the oldest view, which then goes to the back of the queue, so that a
    /// small one does not wait for a large one.
    fn copy_some(&mut self) {
        let Some(mut copying) = self.copies.pop_front() else { return };
        self.context.progress.step();
        if copying.answer.is_closed() {
            return;
        }
        if let Some((place, copy)) = copying.begun.front_mut() {
            match self.partitions[*place].engine.step_snapshot(copy, COPY_BYTES) {
                Ok(false) => {}
                Ok(true) => {
                    let done = copying.begun.pop_front();
                    copying.done.extend(done.map(|(_, copy)| copy.finish()));
                }
                Err(error) => return drop(copying.answer.send(Err(error))),
            }
        }
        if copying.begun.is_empty() {
            drop(copying.answer.send(Ok(copying.done)));
        } else {
            self.copies.push_back(copying);
        }
    }
}
