//! Round trips, damage, and the naive models that the block is compared with.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::{
    Block, BlockError, BlockHeader, BlockOptions, BlockWriter, FinishedBlock, PageCache, WINDOW_MS,
    row_order, window_start,
};
use crate::ids::{Epoch, Offset, PartitionId};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::store::memory::MemoryFile;

mod damage;
mod round_trip;
mod schema_dump;
mod selection;

/// What blocks are compared with: samples of series of tenants.
type Model = BTreeMap<String, BTreeMap<Labels, BTreeMap<i64, u64>>>;

fn header(level: u8) -> BlockHeader {
    BlockHeader {
        partition: PartitionId(3),
        epoch: Epoch(7),
        offsets: Offset(100)..Offset(200),
        level,
        nonce: 0xfeed,
        inputs: vec!["blocks/p00003/other.parquet".to_owned()],
        created_ms: 1_700_000_000_000,
    }
}

/// The model's samples in the order that a block has, series by series and window by window.
fn pushes(model: &Model, window_ms: i64) -> Vec<(String, i64, Labels, Samples)> {
    let mut pushes = Vec::new();
    for (tenant, series) in model {
        let mut windows: BTreeMap<i64, Vec<(Labels, Samples)>> = BTreeMap::new();
        for (labels, samples) in series {
            for (&t_ms, &bits) in samples {
                let window = windows.entry(window_start(t_ms, window_ms)).or_default();
                if window.last().is_none_or(|(last, _)| last != labels) {
                    window.push((labels.clone(), Samples::new()));
                }
                let last = window.len() - 1;
                window[last].1.push(t_ms, f64::from_bits(bits));
            }
        }
        for (window, mut rows) in windows {
            rows.sort_by(|a, b| row_order(&a.0, &b.0));
            for (labels, samples) in rows {
                pushes.push((tenant.clone(), window, labels, samples));
            }
        }
    }
    pushes
}

fn write(model: &Model, level: u8) -> FinishedBlock {
    let options = BlockOptions::for_level(level);
    let window_ms = options.window_ms;
    let mut writer = BlockWriter::new(header(level), options);
    for (tenant, _, labels, samples) in pushes(model, window_ms) {
        writer.push(&tenant, &labels, &samples).unwrap();
    }
    writer.finish().unwrap()
}

fn open(bytes: impl Into<bytes::Bytes>) -> Result<Arc<Block>, BlockError> {
    Block::open(Arc::new(MemoryFile::new("block", bytes.into())), &PageCache::new(16 << 20))
}

/// Some label sets, few enough to come again.
fn labels() -> impl Strategy<Value = Labels> {
    ("[ab]{0,2}|metric", prop::collection::btree_map("[A-Zm-o]|zone", "[a-c]{0,2}|é", 0..4))
        .prop_map(|(metric, pairs)| {
            let pairs = pairs.iter().map(|(n, v)| (&**n, &**v));
            Labels::from_pairs(pairs.chain([("__name__", &*metric)]))
        })
}

/// Runs of samples of every class of values.
fn values() -> impl Strategy<Value = Vec<u64>> {
    let floats = |of: BoxedStrategy<f64>, len: usize| {
        prop::collection::vec(of.prop_map(f64::to_bits), 1..len).boxed()
    };
    let odd = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, crate::samples::stale_nan()];
    prop_oneof![
        floats((-50i32..50).prop_map(f64::from).boxed(), 40),
        floats((0u32..900).prop_map(|v| f64::from(v) / 100.0).boxed(), 40),
        floats((0i64..1 << 53).prop_map(|v| v as f64).boxed(), 40),
        floats(prop::sample::select(odd.to_vec()).boxed(), 5),
        prop::collection::vec(any::<u64>(), 1..20),
        (0u32..1000, 1usize..2500).prop_map(|(step, len)| {
            (0..len).map(|nth| f64::from(step * nth as u32).to_bits()).collect()
        }),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    let run = (
        (prop::sample::select(&["a", "anonymous", "ü"][..]), labels()),
        (-3i64..3, 0i64..WINDOW_MS, prop::sample::select(&[1i64, 999, 15_000][..])),
        values(),
    );
    prop::collection::vec(run, 1..25).prop_map(|runs| {
        let mut model = Model::new();
        for ((tenant, labels), (window, offset, step), values) in runs {
            let series = model.entry(tenant.to_owned()).or_default().entry(labels).or_default();
            let start = window * WINDOW_MS + offset;
            series.extend((0..).map(|nth| start + nth * step).zip(values));
        }
        model
    })
}
