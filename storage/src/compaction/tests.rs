use std::collections::BTreeSet;

use bytes::Bytes;

use super::plan::{Choice, plan};
use super::*;
use crate::block::{BlockEntry, WINDOW_MS};
use crate::clock::ManualClock;
use crate::ids::{Epoch, Offset};
use crate::names::BlockName;
use crate::store::memory::{Fault, MemoryStore};

const PARTITION: PartitionId = PartitionId(1);

/// `LEVEL START..END FIRST..LAST`: offsets, and times in tenths of a window.
fn block(text: &str) -> BlockEntry {
    let numbers: Vec<i64> = text
        .split([' ', '.'])
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.parse().expect("a number"))
        .collect();
    let level = numbers[0] as u8;
    let offsets = Offset(numbers[1] as u64)..Offset(numbers[2] as u64);
    let name = BlockName {
        partition: PARTITION,
        epoch: Epoch(1),
        offsets: offsets.clone(),
        level,
        nonce: numbers[3] as u64,
    };
    BlockEntry {
        name: name.to_name(),
        bytes: 100,
        level,
        epoch: Epoch(1),
        offsets,
        min_time_ms: numbers[3] * WINDOW_MS / 10,
        max_time_ms: numbers[4] * WINDOW_MS / 10,
        rows: 1,
        samples: 1,
        series: 1,
        tenants: Vec::new(),
    }
}

fn check(blocks: &str, now: i64, expected: &str) {
    check_within(u64::MAX, blocks, now, expected);
}

/// The same where a merge may take so many bytes; a block has 100.
fn check_within(merge_bytes_max: u64, blocks: &str, now: i64, expected: &str) {
    let mut manifest = Manifest::empty(PARTITION);
    manifest.blocks = blocks.lines().map(str::trim).filter(|l| !l.is_empty()).map(block).collect();
    let mut config = CompactionConfig::new(Some(100 * WINDOW_MS));
    (config.flushes_max, config.merge_bytes_max) = (4, merge_bytes_max);
    let range = |name: &String| {
        let name = BlockName::parse(name).expect("a block's name");
        format!("{} {}..{}", name.level, name.offsets.start, name.offsets.end)
    };
    let said = match plan(&manifest, now * WINDOW_MS / 10, &config) {
        Choice::Nothing => "nothing".to_owned(),
        Choice::Expire { blocks, .. } => {
            format!("expire {}", blocks.iter().map(range).collect::<Vec<_>>().join(", "))
        }
        Choice::Merge { blocks, level } => {
            format!("{} -> {level}", blocks.iter().map(range).collect::<Vec<_>>().join(", "))
        }
    };
    assert_eq!(said, expected, "{blocks} at {now}");
}

#[test]
fn flushes_are_merged_when_their_window_is_over() {
    check("0 0..5 1..4\n0 5..9 4..8\n0 9..11 8..12", 9, "nothing");
    check("0 0..5 1..4\n0 5..9 4..8\n0 9..11 8..12", 12, "0 0..5, 0 5..9 -> 1");
    check("0 0..5 8..12\n0 5..9 4..8", 12, "nothing");
}

#[test]
fn too_many_flushes_are_merged_anyway() {
    let flushes = "0 0..1 1..99\n0 1..2 1..4\n0 2..3 1..4\n0 3..4 1..4";
    check(flushes, 9, "0 0..1, 0 1..2, 0 2..3, 0 3..4 -> 1");
}

#[test]
fn a_crowded_window_is_merged() {
    let layers = "1 0..1 1..4\n1 1..2 1..4\n1 2..3 1..4\n1 2..3 11..14";
    check(layers, 15, "nothing");
    check(&format!("{layers}\n1 3..4 5..6"), 15, "1 0..1, 1 1..2, 1 2..3, 1 3..4 -> 1");
}

#[test]
fn of_a_window_that_is_too_large_neighbours_are_merged() {
    let layers = "1 0..1 1..4\n1 0..1 2..4\n1 1..2 1..4\n1 2..3 1..4\n1 2..3 2..4\n1 3..4 1..4";
    check_within(600, layers, 15, "1 0..1, 1 0..1, 1 1..2, 1 2..3, 1 2..3, 1 3..4 -> 1");
    check_within(599, layers, 15, "1 0..1, 1 0..1, 1 1..2, 1 2..3, 1 2..3 -> 1");
    check_within(400, layers, 15, "1 1..2, 1 2..3, 1 2..3, 1 3..4 -> 1");
    check_within(300, layers, 15, "1 0..1, 1 0..1, 1 1..2 -> 1");
    check_within(299, layers, 15, "nothing");
}

#[test]
fn a_day_that_is_too_large_stays() {
    let windows = "1 0..4 1..4\n1 0..4 11..14\n1 4..8 111..119";
    check_within(300, windows, 121, "1 0..4, 1 0..4, 1 4..8 -> 2");
    check_within(299, windows, 121, "nothing");
}

#[test]
fn a_day_is_merged_when_it_is_over() {
    let windows = "1 0..4 1..4\n1 0..4 11..14\n1 4..8 111..119\n1 4..8 121..122";
    check(windows, 119, "nothing");
    check(windows, 121, "1 0..4, 1 0..4, 1 4..8 -> 2");
    check("1 0..4 1..4\n1 4..8 121..122", 121, "nothing");
}

#[test]
fn a_day_takes_late_samples_when_they_are_enough() {
    check("2 0..4 1..100\n1 4..8 1..2", 200, "2 0..4, 1 4..8 -> 2");
    let mut manifest = Manifest::empty(PARTITION);
    manifest.blocks = vec![block("2 0..4 1..100"), block("1 4..8 1..2")];
    manifest.blocks[0].bytes = 1_000;
    let config = CompactionConfig::new(None);
    assert_eq!(plan(&manifest, 20 * WINDOW_MS, &config), Choice::Nothing);
}

#[test]
fn expiry_comes_first_and_takes_whole_blocks() {
    let blocks = "2 0..4 1..50\n1 4..8 40..70\n0 8..9 60..90";
    check(blocks, 1_051, "expire 2 0..4");
    check("0 8..9 60..90", 1_091, "expire 0 8..9");
}

#[test]
fn a_merge_is_refused_when_an_input_is_gone() {
    let mut manifest = Manifest::empty(PARTITION);
    manifest.blocks = vec![block("0 0..1 1..2"), block("0 1..2 1..2")];
    let name = |at: usize| manifest.blocks[at].name.clone();
    let swap = |inputs: &[String]| Swap {
        inputs: inputs.iter().cloned().collect(),
        outputs: vec![block("1 0..2 1..2")],
        expired_before_ms: None,
    };
    let (first, second) = (name(0), name(1));
    let change = Change::Swap(swap(&[first.clone(), second.clone()]));
    let (next, _) = change.apply(&manifest, Nonce(1)).expect("both are named");
    assert_eq!(next.blocks, [block("1 0..2 1..2")]);
    assert_eq!(next.dropped, BTreeSet::from([first.clone(), second]));
    assert_eq!((next.epoch, next.offset), (manifest.epoch, manifest.offset));
    let again = change.apply(&next, Nonce(2));
    assert_eq!(again, Err(crate::manifest::Conflict::InputGone(first)));
}

fn finished(text: &str) -> crate::block::FinishedBlock {
    crate::block::FinishedBlock { entry: block(text), bytes: Bytes::from_static(b"block") }
}

fn compactor(store: &MemoryStore) -> Compactor {
    let (store, clock) = (Arc::new(store.clone()), Arc::new(ManualClock::at(0)));
    Compactor::new(store, clock, CompactionConfig::new(None), 1)
}

#[tokio::test]
async fn outputs_that_nobody_can_name_are_deleted() {
    let store = MemoryStore::new();
    store.inject([Fault::None, Fault::AnswerLost]);
    let blocks = vec![finished("1 0..2 1..2"), finished("1 0..2 11..12")];
    let created = merge::create(&store, PARTITION, blocks).await;
    assert!(matches!(created, Err(CompactionError::NotCreated(_))), "{created:?}");
    assert_eq!(store.names(), [""; 0]);
}

#[tokio::test]
async fn outputs_that_the_newest_manifest_knows_are_kept() {
    let store = MemoryStore::new();
    let blocks = ["1 0..2 1..2", "1 0..2 11..12", "1 0..2 21..22"].map(finished);
    let outputs = merge::create(&store, PARTITION, blocks.into()).await.expect("no fault");
    let mut manifest = Manifest::empty(PARTITION);
    manifest.number = 1;
    manifest.blocks = vec![outputs[0].clone()];
    manifest.dropped.insert(outputs[1].name.clone());
    let name = crate::names::manifest(PARTITION, 1);
    store.put(&name, manifest::encode(&manifest).into()).await.expect("no fault");
    compactor(&store).discard_unknown(PARTITION, outputs.clone()).await;
    assert_eq!(store.names(), [outputs[0].name.clone(), outputs[1].name.clone(), name]);
}

#[tokio::test]
async fn an_unreadable_block_does_not_keep_others_from_going() {
    let store = MemoryStore::new();
    let (unreadable, dropped) = (block("1 0..2 1..2").name, block("1 0..4 1..2").name);
    let mut manifest = Manifest::empty(PARTITION);
    manifest.number = 1;
    manifest.dropped.insert(dropped.clone());
    let name = crate::names::manifest(PARTITION, 1);
    let objects =
        [(&name, manifest::encode(&manifest)), (&unreadable, vec![0]), (&dropped, vec![])];
    for (name, bytes) in objects {
        store.put(name, bytes.into()).await.expect("no fault");
    }
    let mut compactor = compactor(&store);
    compactor.config.grace_ms = 0;
    let collected = compactor.collect(PARTITION).await.expect("no fault");
    assert_eq!((collected.dropped, collected.unnamed), (1, 0));
    assert!(store.names().contains(&unreadable) && !store.names().contains(&dropped));
}
