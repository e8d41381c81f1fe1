use super::*;
use crate::block::{BlockHeader, BlockOptions, BlockWriter};
use crate::ids::{Epoch, Offset};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::store::memory::MemoryStore;

async fn create(store: &MemoryStore, partition: u32, nonce: u64) -> BlockEntry {
    let header = BlockHeader {
        partition: PartitionId(partition),
        epoch: Epoch(1),
        offsets: Offset(0)..Offset(1),
        level: 0,
        nonce,
        inputs: Vec::new(),
        created_ms: 0,
    };
    let mut writer = BlockWriter::new(header, BlockOptions::for_level(0));
    let mut samples = Samples::new();
    samples.push(1, 1.0);
    writer.push("a", &Labels::from_pairs([("__name__", "up")]), &samples).expect("it fits");
    let block = writer.finish().expect("it can be encoded");
    store.create(&block.entry.name, block.bytes).await.expect("no fault");
    block.entry
}

fn manifest(partition: u32, number: u64, blocks: &[&BlockEntry]) -> Manifest {
    let mut manifest = Manifest::empty(PartitionId(partition));
    manifest.number = number;
    manifest.blocks = blocks.iter().map(|&block| block.clone()).collect();
    manifest
}

#[tokio::test]
async fn what_is_no_longer_named_is_let_go() {
    let store = MemoryStore::new();
    let blocks =
        [create(&store, 1, 1).await, create(&store, 1, 2).await, create(&store, 2, 3).await];
    let cache = BlockCache::new(Arc::new(store), PageCache::new(0), u64::MAX);
    for block in &blocks {
        cache.open(block).expect("it is there");
    }
    let check = |manifest: Manifest, expected: usize| {
        cache.seen(&manifest);
        assert_eq!(cache.len(), expected, "{manifest:?}");
    };
    check(manifest(1, 5, &[&blocks[0], &blocks[1]]), 3);
    check(manifest(1, 4, &[]), 3);
    check(manifest(1, 6, &[&blocks[1]]), 2);
    check(manifest(2, 1, &[]), 1);
    check(manifest(1, 7, &[]), 0);
    assert_eq!(cache.kept().bytes, 0);
}

#[tokio::test]
async fn only_so_many_files_are_kept_open() {
    let store = MemoryStore::new();
    let many = BLOCKS_MAX as u64 + 2;
    let mut blocks = Vec::new();
    for nonce in 0..many {
        blocks.push(create(&store, 1, nonce).await);
    }
    let cache = BlockCache::new(Arc::new(store.clone()), PageCache::new(0), u64::MAX);
    for block in &blocks {
        cache.open(&blocks[0]).expect("it is there");
        cache.open(block).expect("it is there");
    }
    assert_eq!(cache.len(), BLOCKS_MAX);
    assert!(blocks.iter().all(|block| store.forget(&block.name)));
    cache.open(&blocks[0]).expect("the one in use was kept");
    assert!(cache.open(&blocks[1]).is_err(), "the one unused for longest was let go");
}
