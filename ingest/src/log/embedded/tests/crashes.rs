//! The law under a disk that forgets: after any crash every acknowledged record is there, in
//! order, and nothing is there that was not appended.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;

use super::super::OpenError;
use super::super::disk::Disk;
use super::super::partition::{PartitionFiles, partition_folder};
use super::super::reader::{Shown, Walk};
use super::super::sim_disk::SimDisk;
use super::super::tail::Tail;
use crate::log::LogError;

const FOLDER: &str = "/log";
const PARTITION: PartitionId = PartitionId(3);

struct Test {
    seed: u64,
    random: StdRng,
    disk: SimDisk,
    files: PartitionFiles,
    /// Every record that is surely there, from offset 0 on, also those released.
    acknowledged: Vec<Bytes>,
    released: u64,
}

fn open(disk: &SimDisk) -> Result<PartitionFiles, OpenError> {
    PartitionFiles::open(Arc::new(disk.clone()), Path::new(FOLDER), PARTITION, 6000)
}

impl Test {
    fn new(seed: u64) -> Self {
        let disk = SimDisk::new(seed);
        let files = open(&disk).unwrap();
        let random = StdRng::seed_from_u64(!seed);
        Self { seed, random, disk, files, acknowledged: Vec::new(), released: 0 }
    }

    fn step(&mut self) {
        match self.random.random_range(0..12) {
            0 => self.disk.limit_space(self.random.random_range(0..4000)),
            1 => self.disk.limit_space(u64::MAX),
            2 => self.disk.fail_next_sync(),
            3 => self.disk.lose_power_after(self.random.random_range(0..12)),
            4 => self.reopen(&[]),
            5 => self.release(),
            _ => self.append(),
        }
    }

    fn append(&mut self) {
        let mut group = Vec::new();
        for _ in 0..self.random.random_range(1..6) {
            let mut record = vec![0; self.random.random_range(0..2500)];
            self.random.fill(&mut record[..]);
            group.push(Bytes::from(record));
        }
        match self.files.append(&group) {
            Ok(placed) => {
                assert_eq!(placed.first as usize, self.acknowledged.len(), "seed {}", self.seed);
                self.acknowledged.extend(group);
            }
            Err(LogError::Unavailable { .. }) if !self.disk.power_is_off() => {
                assert_eq!(self.files.latest() as usize, self.acknowledged.len());
            }
            Err(_) => self.reopen(&group),
        }
    }

    fn release(&mut self) {
        let offset = self.random.random_range(0..=self.acknowledged.len() as u64);
        self.released = self.released.max(offset);
        while self.files.may_release(offset) {
            if self.files.release_oldest().is_err() {
                return self.reopen(&[]);
            }
        }
    }

    /// Ends the process, or the power, and looks at what is left; `unanswered` may be there.
    fn reopen(&mut self, unanswered: &[Bytes]) {
        loop {
            if self.random.random_bool(0.7) || self.disk.power_is_off() {
                self.disk.crash();
            } else {
                self.disk.restart();
            }
            if self.random.random_bool(0.3) {
                self.disk.lose_power_after(self.random.random_range(0..6));
            }
            match open(&self.disk) {
                Ok(files) => break self.files = files,
                Err(error) => assert!(self.disk.power_is_off(), "seed {}: {error}", self.seed),
            }
        }
        let found = self.read_all();
        let extra = found.len().checked_sub(self.acknowledged.len());
        let extra = extra.unwrap_or_else(|| panic!("seed {}: records were lost", self.seed));
        assert!(extra <= unanswered.len(), "seed {}: records were invented", self.seed);
        self.acknowledged.extend_from_slice(&unanswered[..extra]);
        let skipped = *self.files.segments().front().unwrap();
        assert!(skipped <= self.released, "seed {}: needed records were deleted", self.seed);
        assert!(
            found[skipped as usize..] == self.acknowledged[skipped as usize..],
            "seed {}: records have changed",
            self.seed
        );
    }

    /// What a reader finds, with nothing in the places of what was released.
    fn read_all(&self) -> Vec<Bytes> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let latest = self.files.latest();
        let (_sender, shown_latest) = watch::channel(Offset(latest));
        let walk = Walk {
            shown: Shown {
                disk,
                folder: partition_folder(Path::new(FOLDER), PARTITION),
                partition: PARTITION,
                tail: Arc::new(Tail::new(self.files.segments().clone(), 0)),
                latest: shown_latest,
            },
            latest,
        };
        let mut records = vec![Bytes::new(); *self.files.segments().front().unwrap() as usize];
        let (mut place, max_bytes) = (None, self.seed as usize * 20);
        while (records.len() as u64) < latest {
            let read = walk.read(place.take(), records.len() as u64, max_bytes);
            let (more, next) = read.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
            records.extend(more.into_iter().map(|record| record.bytes));
            place = Some(next);
        }
        records
    }
}

#[test]
fn acknowledged_records_survive_any_crash() {
    for seed in 0..400 {
        let mut test = Test::new(seed);
        for _ in 0..80 {
            test.step();
        }
        test.disk.crash();
        test.reopen(&[]);
    }
}
