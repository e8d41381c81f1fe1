//! The embedded log against the conformance suite, harmed files, and real folders.

mod crashes;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use expect_test::{Expect, expect};
use hydrograph_storage::ids::{Offset, PartitionId};

use super::disk::Disk;
use super::sim_disk::SimDisk;
use super::{EmbeddedLog, EmbeddedLogConfig};
use crate::log::{Log, conformance};

const PARTITION: PartitionId = PartitionId(0);

fn config(folder: &Path) -> EmbeddedLogConfig {
    EmbeddedLogConfig { partitions: Some(1), segment_bytes: 4096, ..EmbeddedLogConfig::new(folder) }
}

#[tokio::test]
async fn conforms_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedLogConfig { partitions: Some(4), ..EmbeddedLogConfig::new(folder.path()) };
    conformance::check(Arc::new(EmbeddedLog::open(&config).unwrap())).await;
}

#[tokio::test]
async fn conforms_from_files() {
    for recent_bytes in [0, 2500] {
        let folder = tempfile::tempdir().unwrap();
        let config = EmbeddedLogConfig {
            partitions: Some(4),
            segment_bytes: 5000,
            queue_bytes: 2000,
            recent_bytes,
            ..EmbeddedLogConfig::new(folder.path())
        };
        conformance::check(Arc::new(EmbeddedLog::open(&config).unwrap())).await;
    }
}

#[tokio::test]
async fn a_reader_is_told_that_its_records_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedLogConfig { recent_bytes: 0, ..config(folder.path()) };
    let log = EmbeddedLog::open(&config).unwrap();
    for _ in 0..10 {
        log.append(PARTITION, vec![0; 1000].into()).await.unwrap();
    }
    let mut begun = log.read(PARTITION, Offset(0)).await.unwrap();
    assert_eq!(begun.next(1).await.unwrap()[0].offset, Offset(0));
    let mut fresh = log.read(PARTITION, Offset(1)).await.unwrap();
    log.release(PARTITION, Offset(8)).await.unwrap();
    assert_eq!(log.earliest(PARTITION).await.unwrap(), Offset(6));
    for reader in [&mut begun, &mut fresh] {
        expect!["offset 1 of partition 0 is outside the log, which holds 6 to 10"]
            .assert_eq(&reader.next(1).await.unwrap_err().to_string());
    }
    let files = std::fs::read_dir(folder.path().join("00000000")).unwrap().count();
    assert_eq!(files, 2, "segments from 6 and 9 on");
    drop((begun, fresh, log));
    let log = EmbeddedLog::open(&config).unwrap();
    conformance::read_to(&log, PARTITION, Offset(6), Offset(10)).await;
}

/// Writes eleven records, three to a segment, lets `harm` have the folder, opens again: the records or the error.
fn check_reopened(harm: impl FnOnce(&Path), expected: &Expect) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(async {
        let log = EmbeddedLog::open(&config(folder.path())).unwrap();
        for n in 0..11_u8 {
            log.append(PARTITION, vec![n; 1000].into()).await.unwrap();
        }
        drop(log);
        harm(folder.path());
        let log = match EmbeddedLog::open(&config(folder.path())) {
            Ok(log) => log,
            Err(error) => return error.to_string(),
        };
        let latest = log.latest(PARTITION).await.unwrap();
        assert_eq!(log.append(PARTITION, Bytes::from_static(b"next")).await.unwrap(), latest);
        let mut reader = log.read(PARTITION, Offset(0)).await.unwrap();
        let mut seen = Offset(0);
        while seen <= latest {
            match reader.next(2000).await {
                Ok(records) => seen.0 += records.len() as u64,
                Err(error) => return format!("latest {latest}, read to {seen}: {error}"),
            }
        }
        format!("latest {latest}, all read")
    });
    expected.assert_eq(&outcome.replace(&*folder.path().to_string_lossy(), "<log>"));
}

fn segment(folder: &Path, first: u64) -> PathBuf {
    super::partition::segment_path(&super::partition::partition_folder(folder, PARTITION), first)
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn whole_log_opens() {
    check_reopened(|_| {}, &expect!["latest 11, all read"]);
}

#[test]
fn torn_tail_is_cut() {
    let cut = |folder: &Path| change(&segment(folder, 9), |bytes| bytes.truncate(2000));
    check_reopened(cut, &expect!["latest 10, all read"]);
    let zeroes = |folder: &Path| change(&segment(folder, 9), |bytes| bytes.extend([0; 500]));
    check_reopened(zeroes, &expect!["latest 11, all read"]);
    let header = |folder: &Path| change(&segment(folder, 9), |bytes| bytes.truncate(10));
    check_reopened(header, &expect!["latest 9, all read"]);
    let last = |folder: &Path| change(&segment(folder, 9), |bytes| bytes[1500] ^= 1);
    check_reopened(last, &expect!["latest 10, all read"]);
}

#[test]
fn damage_is_refused() {
    let middle = |folder: &Path| change(&segment(folder, 9), |bytes| bytes[500] ^= 1);
    check_reopened(
        middle,
        &expect![
            "log of partition 0 is corrupt at offset 9: bad frame at byte 32 of <log>/00000000/00000000000000000009.log"
        ],
    );
    let header = |folder: &Path| change(&segment(folder, 9), |bytes| bytes[0] ^= 1);
    check_reopened(
        header,
        &expect![
            "log of partition 0 is corrupt at offset 9: bad frame at byte 0 of <log>/00000000/00000000000000000009.log"
        ],
    );
    let earlier = |folder: &Path| change(&segment(folder, 3), |bytes| bytes[1500] ^= 1);
    check_reopened(
        earlier,
        &expect![
            "latest 11, read to 3: log of partition 0 is corrupt at offset 4: bad frame at byte 1056 of <log>/00000000/00000000000000000003.log"
        ],
    );
    let shortened = |folder: &Path| change(&segment(folder, 3), |bytes| bytes.truncate(2500));
    check_reopened(
        shortened,
        &expect![
            "latest 11, read to 5: log of partition 0 is corrupt at offset 5: segment ends within a frame at byte 2080 of <log>/00000000/00000000000000000003.log"
        ],
    );
    let header = |folder: &Path| change(&segment(folder, 6), |bytes| bytes[20] ^= 1);
    check_reopened(
        header,
        &expect![
            "latest 11, read to 6: log of partition 0 is corrupt at offset 6: bad segment header at byte 0 of <log>/00000000/00000000000000000006.log"
        ],
    );
    let missing = |folder: &Path| std::fs::remove_file(segment(folder, 3)).unwrap();
    check_reopened(
        missing,
        &expect![
            "latest 11, read to 3: log of partition 0 is corrupt at offset 3: segment ends within a frame at byte 3104 of <log>/00000000/00000000000000000000.log"
        ],
    );
    let newer = |folder: &Path| {
        change(&segment(folder, 9), |bytes| {
            bytes[8] = 2;
            let crc = crc32c::crc32c(&bytes[..28]);
            bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        });
    };
    check_reopened(
        newer,
        &expect![
            "log segment <log>/00000000/00000000000000000009.log has format version 2, newer than this binary"
        ],
    );
    let swapped = |folder: &Path| {
        std::fs::copy(segment(folder, 3), segment(folder, 9)).unwrap();
    };
    check_reopened(
        swapped,
        &expect![
            "log of partition 0 is corrupt at offset 9: header of partition 0 at 3 at byte 0 of <log>/00000000/00000000000000000009.log"
        ],
    );
    let stranger = |folder: &Path| std::fs::write(folder.join("00000000/notes"), "x").unwrap();
    check_reopened(
        stranger,
        &expect!["log folder holds a file that is not a segment: <log>/00000000/notes"],
    );
}

#[test]
fn layout_is_fixed_and_checked() {
    let damaged = |folder: &Path| change(&folder.join("layout"), |bytes| bytes[12] ^= 1);
    check_reopened(
        damaged,
        &expect!["log layout <log>/layout is damaged: restore it from a backup of the folder"],
    );

    let folder = tempfile::tempdir().unwrap();
    let open = |partitions| {
        EmbeddedLog::open(&EmbeddedLogConfig {
            partitions,
            new_partitions: 3,
            ..EmbeddedLogConfig::new(folder.path())
        })
    };
    let first = open(None).unwrap();
    assert_eq!(first.partitions(), 3);
    let locked = open(None).err().unwrap().to_string();
    expect!["log folder is in use by another process, which holds <log>/lock"]
        .assert_eq(&locked.replace(&*folder.path().to_string_lossy(), "<log>"));
    drop(first);
    assert_eq!(open(Some(3)).unwrap().partitions(), 3);
    expect!["log was created with 3 partitions and cannot change to 4: start with --log.partitions=3, or with a new data folder"].assert_eq(&open(Some(4)).err().unwrap().to_string());
}

#[tokio::test]
async fn full_disk_refuses_until_there_is_space() {
    let disk = SimDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = EmbeddedLog::open_on(&shared, &config(Path::new("/log")), None).unwrap();
    let append = |n: u8| log.append(PARTITION, vec![n; 1500].into());
    assert_eq!(append(0).await.unwrap(), Offset(0));
    for _ in 0..3 {
        disk.limit_space(700);
        let error = append(1).await.unwrap_err();
        expect!["log unavailable: disk full"].assert_eq(&error.to_string());
        disk.limit_space(u64::MAX);
        assert!(append(2).await.is_ok());
    }
    let records = conformance::read_to(&log, PARTITION, Offset(0), Offset(4)).await;
    assert!(records.iter().map(|record| record.bytes[0]).eq([0, 2, 2, 2]));
}

#[tokio::test]
async fn failed_sync_ends_acknowledgements() {
    let disk = SimDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = EmbeddedLog::open_on(&shared, &config(Path::new("/log")), None).unwrap();
    let append = || log.append(PARTITION, Bytes::from_static(b"x"));
    append().await.unwrap();
    disk.fail_next_sync();
    for _ in 0..2 {
        expect!["log of partition 0 is poisoned by an earlier write error"]
            .assert_eq(&append().await.unwrap_err().to_string());
    }
    conformance::read_to(&log, PARTITION, Offset(0), Offset(1)).await;
    assert_eq!(log.latest(PARTITION).await.unwrap(), Offset(1));
}

#[tokio::test]
async fn closing_finishes_what_was_asked_before() {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(EmbeddedLog::open(&config(folder.path())).unwrap());
    let mut reader = log.read(PARTITION, Offset(0)).await.unwrap();
    let appends = (0..50).map(|_| log.append(PARTITION, Bytes::from_static(b"before")));
    let appends = futures::future::join_all(appends);
    let (answers, ()) = futures::join!(appends, log.close());
    assert!(answers.iter().all(Result::is_ok));
    let error = log.append(PARTITION, Bytes::from_static(b"after")).await.unwrap_err();
    expect!["log unavailable: the log is closed"].assert_eq(&error.to_string());
    let mut seen = 0;
    while seen < 50 {
        seen += reader.next(usize::MAX).await.unwrap().len();
    }
    expect!["log unavailable: the log is closed"]
        .assert_eq(&reader.next(1).await.unwrap_err().to_string());
}
