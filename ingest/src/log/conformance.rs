//! What every log must do, whatever is behind it. A test of a log hands a fresh one to [`check`].

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use hydrograph_storage::ids::{Offset, PartitionId, Record};

use super::{Log, LogError, LogReader};

const DEADLINE: Duration = Duration::from_secs(30);

/// Runs the whole suite on an empty log of at least four partitions.
pub(crate) async fn check(log: Arc<dyn Log>) {
    assert!(log.partitions() >= 4, "each part of the suite takes a partition");
    keeps_order(&*log, PartitionId(0)).await;
    waits_and_loses_nothing(log.clone(), PartitionId(1)).await;
    refuses_offsets_outside(&*log, PartitionId(2)).await;
    gathers_concurrent_appends(&*log, PartitionId(3)).await;
    for partition in 0..4 {
        releases(&*log, PartitionId(partition)).await;
    }
}

/// Reads until `end`.
pub(crate) async fn read_to(
    log: &dyn Log,
    partition: PartitionId,
    from: Offset,
    end: Offset,
) -> Vec<Record> {
    let mut reader = log.read(partition, from).await.expect("offset is in the log");
    let mut records = Vec::new();
    while Offset(from.0 + records.len() as u64) < end {
        records.extend(next(&mut *reader, 1 << 20).await);
    }
    let offsets = records.iter().map(|record| record.offset.0);
    assert!(offsets.eq(from.0..end.0), "offsets are dense");
    records
}

async fn next(reader: &mut dyn LogReader, max_bytes: usize) -> Vec<Record> {
    let next = tokio::time::timeout(DEADLINE, reader.next(max_bytes)).await;
    let records = next.expect("a record comes in time").expect("records are readable");
    assert!(!records.is_empty(), "at least one record");
    records
}

fn record(n: u64, bytes: usize) -> Bytes {
    let mut record = format!("record {n} ").into_bytes();
    record.resize(record.len().max(bytes), b'.');
    record.into()
}

async fn keeps_order(log: &dyn Log, partition: PartitionId) {
    assert_eq!(log.latest(partition).await.unwrap(), Offset(0));
    assert_eq!(log.earliest(partition).await.unwrap(), Offset(0));
    for n in 0..50 {
        let offset = log.append(partition, record(n, (n * 97) as usize)).await.unwrap();
        assert_eq!(offset, Offset(n));
        assert_eq!(log.latest(partition).await.unwrap(), Offset(n + 1));
    }
    assert_eq!(log.append(partition, Bytes::new()).await.unwrap(), Offset(50));
    for from in [0, 1, 30, 50] {
        let records = read_to(log, partition, Offset(from), Offset(51)).await;
        for (n, found) in (from..).zip(&records) {
            let sent = if n == 50 { Bytes::new() } else { record(n, (n * 97) as usize) };
            assert_eq!(found.bytes, sent);
        }
    }
    let mut reader = log.read(partition, Offset(0)).await.unwrap();
    let piece: usize = next(&mut *reader, 1000).await.iter().map(|r| r.bytes.len()).sum();
    assert!(piece <= 1000 + 97 * 50, "about as many bytes as asked for: {piece}");
}

async fn waits_and_loses_nothing(log: Arc<dyn Log>, partition: PartitionId) {
    let mut reader = log.read(partition, Offset(0)).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(5), reader.next(1 << 20)).await;
    assert!(early.is_err(), "nothing is there yet");
    let writer = tokio::spawn(async move {
        for n in 0..200 {
            log.append(partition, record(n, 300)).await.unwrap();
        }
    });
    let mut seen = 0;
    while seen < 200 {
        // A future that is dropped before it is ready takes nothing with it.
        let early = futures::poll!(reader.next(64));
        let found = match early {
            Poll::Ready(found) => found.expect("records are readable"),
            Poll::Pending => next(&mut *reader, 1000).await,
        };
        for found in found {
            assert_eq!((found.offset, found.bytes), (Offset(seen), record(seen, 300)));
            seen += 1;
        }
    }
    writer.await.unwrap();
}

async fn refuses_offsets_outside(log: &dyn Log, partition: PartitionId) {
    assert!(log.read(partition, Offset(0)).await.is_ok(), "the latest offset is inside");
    let Err(error) = log.read(partition, Offset(1)).await else { panic!("offset 1 is outside") };
    assert!(
        matches!(error, LogError::OutOfRange { offset: Offset(1), latest: Offset(0), .. }),
        "{error}"
    );
}

async fn gathers_concurrent_appends(log: &dyn Log, partition: PartitionId) {
    let appends = (0..300).map(|n| log.append(partition, record(n, 1000)));
    let offsets: Vec<Offset> = join_all(appends).await.into_iter().map(|o| o.unwrap()).collect();
    let mut sorted = offsets.clone();
    sorted.sort_unstable();
    assert!(sorted.iter().map(|offset| offset.0).eq(0..300), "each append has its own offset");
    let records = read_to(log, partition, Offset(0), Offset(300)).await;
    for (n, offset) in offsets.iter().enumerate() {
        assert_eq!(records[offset.0 as usize].bytes, record(n as u64, 1000));
    }
}

async fn releases(log: &dyn Log, partition: PartitionId) {
    let latest = log.latest(partition).await.unwrap();
    log.release(partition, Offset(latest.0 / 2)).await.unwrap();
    let earliest = log.earliest(partition).await.unwrap();
    assert!(earliest.0 <= latest.0 / 2, "what was not released is there");
    read_to(log, partition, earliest, latest).await;
    if earliest > Offset(0) {
        let Err(error) = log.read(partition, Offset(0)).await else { panic!("it is gone") };
        assert!(matches!(error, LogError::OutOfRange { .. }), "{error}");
    }
    assert_eq!(log.append(partition, record(0, 0)).await.unwrap(), latest);
}
