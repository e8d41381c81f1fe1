//! What to merge or expire next: a pure function of the manifest.
//!
//! ```text
//! offsets ─▶        level 0: one block per flush, all windows
//! ├──────┼──────┼──────┤├───┼───┼───┤
//! │ 2 h windows, level 1│  always the oldest of level 0 first, so every block of a higher
//! │  a day, level 2     │  level lies below all of level 0
//! ```
//! Law: a merge takes neighbours only. It takes the oldest blocks of level 0, or all blocks above
//! level 0 that lie in one window, so nothing of the same window lies between its inputs; of a
//! window of 2 h that is too large for one merge, neighbouring offset ranges, each whole. A day
//! that is too large stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::CompactionConfig;
use crate::block::{BlockEntry, BlockOptions, window_start};
use crate::ids::Offset;
use crate::manifest::Manifest;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing now.
    Nothing,
    /// Drop these blocks: all their samples are older than retention.
    Expire {
        /// Their names.
        blocks: BTreeSet<String>,
        /// Where retention begins.
        before_ms: i64,
    },
    /// Merge these blocks.
    Merge {
        /// Their names in the order of precedence.
        blocks: Vec<String>,
        /// The level of what comes out, cut by its windows.
        level: u8,
    },
}

/// Decides. `now_ms` is the lesser of the clock and the newest receive time of any partition.
pub fn plan(manifest: &Manifest, now_ms: i64, config: &CompactionConfig) -> Choice {
    expire(manifest, now_ms, config)
        .or_else(|| merge_flushes(manifest, now_ms, config))
        .or_else(|| merge_windows(manifest, config))
        .or_else(|| merge_days(manifest, now_ms, config))
        .unwrap_or(Choice::Nothing)
}

fn expire(manifest: &Manifest, now_ms: i64, config: &CompactionConfig) -> Option<Choice> {
    let before_ms = now_ms.saturating_sub(config.retention_ms?);
    let old = manifest.blocks.iter().filter(|block| block.max_time_ms < before_ms);
    let blocks: BTreeSet<String> = old.map(|block| block.name.clone()).collect();
    (!blocks.is_empty()).then_some(Choice::Expire { blocks, before_ms })
}

/// Flushes whose windows are over, or the oldest if there are too many.
fn merge_flushes(manifest: &Manifest, now_ms: i64, config: &CompactionConfig) -> Option<Choice> {
    let flushes: Vec<&BlockEntry> = level(manifest, 0).collect();
    let open_from = window_start(now_ms, BlockOptions::for_level(1).window_ms);
    let mut count = flushes.iter().take_while(|block| block.max_time_ms < open_from).count();
    if flushes.len() >= config.flushes_max {
        count = count.max(config.flushes_max);
    }
    let mut bytes = 0;
    let fitting = flushes[..count].iter().take_while(|block| {
        bytes += block.bytes;
        bytes <= config.merge_bytes_max
    });
    let count = fitting.count().max(usize::from(count > 0));
    merge(&flushes[..count], 1)
}

/// Windows that late samples have left with several blocks one above the other.
fn merge_windows(manifest: &Manifest, config: &CompactionConfig) -> Option<Choice> {
    let windows = by_window(level(manifest, 1), 1).into_values();
    let mut crowded = windows.filter(|blocks| layers(blocks).len() >= config.layers_max);
    crowded.find_map(|blocks| merge(&neighbours(&blocks, config.merge_bytes_max), 1))
}

/// The longest run of offset ranges, each with all its blocks, that fits into one merge; nothing
/// if not even two fit.
fn neighbours<'a>(blocks: &[&'a BlockEntry], bytes_max: u64) -> Vec<&'a BlockEntry> {
    let layers: Vec<(Range<Offset>, u64)> = layers(blocks)
        .into_iter()
        .map(|(start, end)| {
            let layer = blocks.iter().filter(|block| block.offsets == (start..end));
            (start..end, layer.map(|block| block.bytes).sum())
        })
        .collect();
    let run = |from: usize| {
        let mut bytes = 0;
        let fitting = layers[from..].iter().take_while(|(_, more)| {
            bytes += more;
            bytes <= bytes_max
        });
        &layers[from..from + fitting.count()]
    };
    let longest = (0..layers.len()).rev().map(run).max_by_key(|run| run.len()).unwrap_or_default();
    let [(first, _), .., (last, _)] = longest else { return Vec::new() };
    let inside =
        |block: &BlockEntry| first.start <= block.offsets.start && block.offsets.end <= last.end;
    blocks.iter().copied().filter(|block| inside(block)).collect()
}

/// Days that are over.
fn merge_days(manifest: &Manifest, now_ms: i64, config: &CompactionConfig) -> Option<Choice> {
    let above = manifest.blocks.iter().filter(|block| block.level > 0);
    let day_ms = BlockOptions::for_level(2).window_ms;
    let open_from = window_start(now_ms, BlockOptions::for_level(1).window_ms);
    let ripe = by_window(above, 2).into_iter().find(|(day, blocks)| {
        let bytes = |wanted: u8| -> u64 {
            blocks.iter().filter(|block| block.level == wanted).map(|block| block.bytes).sum()
        };
        let windows = blocks.iter().filter(|block| block.level == 1).count();
        let fits = blocks.iter().map(|block| block.bytes).sum::<u64>() <= config.merge_bytes_max;
        let enough = if bytes(2) == 0 {
            windows >= 2
        } else {
            windows > 0 && (layers(blocks).len() > config.layers_max || bytes(1) >= bytes(2) / 4)
        };
        day.saturating_add(day_ms) <= open_from && enough && fits
    });
    ripe.and_then(|(_, blocks)| merge(&blocks, 2))
}

fn merge(blocks: &[&BlockEntry], level: u8) -> Option<Choice> {
    let blocks: Vec<String> = blocks.iter().map(|block| block.name.clone()).collect();
    (!blocks.is_empty()).then_some(Choice::Merge { blocks, level })
}

fn level(manifest: &Manifest, level: u8) -> impl Iterator<Item = &BlockEntry> {
    manifest.blocks.iter().filter(move |block| block.level == level)
}

/// Blocks of a level above 0 lie in one window of theirs, and so in one of any higher level.
fn by_window<'a>(
    blocks: impl Iterator<Item = &'a BlockEntry>,
    level: u8,
) -> BTreeMap<i64, Vec<&'a BlockEntry>> {
    let window_ms = BlockOptions::for_level(level).window_ms;
    let mut windows: BTreeMap<i64, Vec<&BlockEntry>> = BTreeMap::new();
    for block in blocks {
        windows.entry(window_start(block.min_time_ms, window_ms)).or_default().push(block);
    }
    windows
}

/// The offset ranges: blocks of one merge, cut by tenant, have one.
fn layers(blocks: &[&BlockEntry]) -> BTreeSet<(Offset, Offset)> {
    blocks.iter().map(|block| (block.offsets.start, block.offsets.end)).collect()
}
