//! A log in memory whose appends can be held back and refused.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId, Record};
use tokio::sync::watch;

use crate::log::{Log, LogError, LogReader};

pub(crate) struct MemoryLog {
    partitions: Vec<watch::Sender<Vec<Bytes>>>,
    open: watch::Sender<bool>,
    refuses: AtomicBool,
    /// Every append that was begun, in order, as partition and length.
    begun: watch::Sender<Vec<(u32, usize)>>,
}

impl MemoryLog {
    pub(crate) fn new(partitions: u32) -> Self {
        Self {
            partitions: (0..partitions).map(|_| watch::Sender::new(Vec::new())).collect(),
            open: watch::Sender::new(true),
            refuses: AtomicBool::new(false),
            begun: watch::Sender::default(),
        }
    }

    /// Appends wait from now on, or no longer.
    pub(crate) fn hold(&self, hold: bool) {
        self.open.send_replace(!hold);
    }

    /// Appends fail from now on, or no longer.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.refuses.store(refuse, SeqCst);
    }

    pub(crate) fn begun(&self) -> Vec<(u32, usize)> {
        self.begun.borrow().clone()
    }

    /// Waits until so many appends were begun.
    pub(crate) async fn until_begun(&self, appends: usize) {
        self.begun.subscribe().wait_for(|begun| begun.len() >= appends).await.unwrap();
    }

    pub(crate) fn records(&self, partition: u32) -> Vec<Bytes> {
        self.partitions[partition as usize].borrow().clone()
    }
}

struct Reader {
    partition: watch::Receiver<Vec<Bytes>>,
    next: usize,
}

#[async_trait]
impl Log for MemoryLog {
    fn partitions(&self) -> u32 {
        self.partitions.len() as u32
    }

    async fn append(&self, partition: PartitionId, record: Bytes) -> Result<Offset, LogError> {
        self.begun.send_modify(|begun| begun.push((partition.0, record.len())));
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        if self.refuses.load(SeqCst) {
            return Err(LogError::Unavailable { reason: "refused".to_string(), source: None });
        }
        let records = &self.partitions[partition.0 as usize];
        records.send_modify(|records| records.push(record));
        Ok(Offset(records.borrow().len() as u64 - 1))
    }

    async fn read(
        &self,
        partition: PartitionId,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError> {
        let latest = self.latest(partition).await?;
        if from > latest {
            let (offset, earliest) = (from, Offset(0));
            return Err(LogError::OutOfRange { partition, offset, earliest, latest });
        }
        let partition = self.partitions[partition.0 as usize].subscribe();
        Ok(Box::new(Reader { partition, next: from.0 as usize }))
    }

    async fn earliest(&self, _partition: PartitionId) -> Result<Offset, LogError> {
        Ok(Offset(0))
    }

    async fn latest(&self, partition: PartitionId) -> Result<Offset, LogError> {
        Ok(Offset(self.partitions[partition.0 as usize].borrow().len() as u64))
    }

    async fn release(&self, _partition: PartitionId, _offset: Offset) -> Result<(), LogError> {
        Ok(())
    }
}

#[async_trait]
impl LogReader for Reader {
    async fn next(&mut self, _max_bytes: usize) -> Result<Vec<Record>, LogError> {
        let next = self.next;
        let records = self.partition.wait_for(|records| records.len() > next).await.unwrap();
        self.next += 1;
        Ok(vec![Record { offset: Offset(next as u64), bytes: records[next].clone() }])
    }
}

#[tokio::test]
async fn the_double_is_a_log() {
    crate::log::conformance::check(std::sync::Arc::new(MemoryLog::new(4))).await;
}
