use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::Record;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::*;

const P: PartitionId = PartitionId(0);
const READING: ReadingId = ReadingId(1);

/// A log that answers its reads by a script and never grows.
struct ScriptedLog {
    records: Vec<Bytes>,
    script: Mutex<VecDeque<Turn>>,
}

/// What one call of `next` or `read` comes to.
#[derive(Clone, Copy)]
enum Turn {
    /// So many records.
    Give(usize),
    /// A fault that passes.
    Fail,
    /// Damage.
    Corrupt,
}

struct ScriptedReader {
    log: Arc<ScriptedLog>,
    at: usize,
}

struct Shared(Arc<ScriptedLog>);

impl ScriptedLog {
    fn shared(records: usize, bytes: usize, script: &[Turn]) -> Shared {
        let records = (0..records).map(|_| Bytes::from(vec![0; bytes])).collect();
        Shared(Arc::new(Self { records, script: Mutex::new(script.iter().copied().collect()) }))
    }

    fn turn(&self) -> Option<Turn> {
        self.script.lock().expect("nobody panics here").pop_front()
    }
}

#[async_trait]
impl Log for Shared {
    fn partitions(&self) -> u32 {
        1
    }

    async fn append(&self, _: PartitionId, _: Bytes) -> Result<Offset, LogError> {
        unreachable!("a feeder only reads")
    }

    async fn read(&self, p: PartitionId, from: Offset) -> Result<Box<dyn LogReader>, LogError> {
        let latest = self.latest(p).await?;
        if from > latest {
            let (partition, earliest) = (p, Offset(0));
            return Err(LogError::OutOfRange { partition, offset: from, earliest, latest });
        }
        Ok(Box::new(ScriptedReader { log: Arc::clone(&self.0), at: from.0 as usize }))
    }

    async fn earliest(&self, _: PartitionId) -> Result<Offset, LogError> {
        Ok(Offset(0))
    }

    async fn latest(&self, _: PartitionId) -> Result<Offset, LogError> {
        Ok(Offset(self.0.records.len() as u64))
    }

    async fn release(&self, _: PartitionId, _: Offset) -> Result<(), LogError> {
        unreachable!("a feeder only reads")
    }
}

#[async_trait]
impl LogReader for ScriptedReader {
    async fn next(&mut self, _: usize) -> Result<Vec<Record>, LogError> {
        match self.log.turn() {
            None => std::future::pending().await,
            Some(Turn::Fail) => {
                Err(LogError::Unavailable { reason: "a moment".to_string(), source: None })
            }
            Some(Turn::Corrupt) => {
                let (partition, offset) = (P, Offset(self.at as u64));
                Err(LogError::Corrupt { partition, offset, reason: "a bit".to_string() })
            }
            Some(Turn::Give(count)) => {
                let records = (self.at..self.at + count).map(|at| Record {
                    offset: Offset(at as u64),
                    bytes: self.log.records[at].clone(),
                });
                self.at += count;
                Ok(records.collect())
            }
        }
    }
}

fn feed(log: Shared, from: u64, budget: Arc<Semaphore>) -> mpsc::Receiver<Message> {
    let (inbox, messages) = Inbox::new(Arc::default());
    let log = Arc::new(log);
    let feeder = Feeder { partition: P, reading: READING, from: Offset(from), log, inbox, budget };
    tokio::spawn(feeder.run());
    messages
}

/// What the next message says, in short, and the budget that it holds.
async fn next(messages: &mut mpsc::Receiver<Message>) -> (String, Option<OwnedSemaphorePermit>) {
    let patience = Duration::from_secs(20);
    match tokio::time::timeout(patience, messages.recv()).await.expect("a message") {
        Some(Message::ReplayUntil { latest, .. }) => (format!("until {latest}"), None),
        Some(Message::Records { records, held, .. }) => {
            let offsets: Vec<_> = records.iter().map(|record| record.offset.0).collect();
            (format!("{offsets:?}"), Some(held))
        }
        Some(Message::Input { input: Input::LogFailed { fault, .. }, .. }) => {
            (format!("{fault:?}"), None)
        }
        Some(_) => panic!("a feeder says nothing else"),
        None => ("ended".to_string(), None),
    }
}

async fn check(log: Shared, from: u64, expected: &[&str]) {
    let mut messages = feed(log, from, budget(0));
    for &expected in expected {
        assert_eq!(next(&mut messages).await.0, expected);
    }
}

#[tokio::test]
async fn a_reading_is_dense_across_faults_that_pass() {
    let script = [Turn::Give(2), Turn::Fail, Turn::Fail, Turn::Give(1), Turn::Give(3), Turn::Fail];
    let expected = ["until 9", "[1, 2]", "until 9", "until 9", "[3]", "[4, 5, 6]", "until 9"];
    check(ScriptedLog::shared(9, 10, &script), 1, &expected).await;
}

#[tokio::test]
async fn damage_ends_a_reading() {
    let log = ScriptedLog::shared(3, 10, &[Turn::Give(1), Turn::Corrupt]);
    let fault = "Corrupt(\"log of partition 0 is corrupt at offset 1: a bit\")";
    check(log, 0, &["until 3", "[0]", fault, "ended"]).await;
}

#[tokio::test]
async fn an_offset_outside_the_log_ends_a_reading() {
    let fault = "OutOfRange { earliest: Offset(0), latest: Offset(3) }";
    check(ScriptedLog::shared(3, 10, &[]), 7, &["until 3", fault, "ended"]).await;
}

#[tokio::test]
async fn records_that_are_not_applied_hold_the_budget() {
    let log = ScriptedLog::shared(4, READ_BYTES, &[Turn::Give(1); 4]);
    let budget = budget(2 * READ_BYTES);
    let mut messages = feed(log, 0, Arc::clone(&budget));
    let (told, _) = next(&mut messages).await;
    assert_eq!(told, "until 4");
    let (told, first) = next(&mut messages).await;
    assert_eq!(told, "[0]");
    let (told, second) = next(&mut messages).await;
    assert_eq!(told, "[1]");
    assert_eq!(budget.available_permits(), 0);
    tokio::task::yield_now().await;
    assert!(messages.try_recv().is_err(), "the budget is used up");
    drop(first);
    assert_eq!(next(&mut messages).await.0, "[2]");
    drop(second);
    assert_eq!(next(&mut messages).await.0, "[3]");
}

#[tokio::test]
async fn small_records_hold_little() {
    let log = ScriptedLog::shared(3, 1, &[Turn::Give(1); 3]);
    let budget = budget(2 * READ_BYTES);
    let mut messages = feed(log, 0, Arc::clone(&budget));
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(next(&mut messages).await);
    }
    let units: usize =
        held.iter().flat_map(|(_, held)| held).map(OwnedSemaphorePermit::num_permits).sum();
    assert_eq!(units, 3);
}
