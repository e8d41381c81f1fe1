//! The changes that lead from one manifest to the next. Pure: the same change made to the same
//! manifest gives the same manifest.

use std::collections::BTreeSet;

use super::{Manifest, Nonce, SkippedRange};
use crate::block::{BlockEntry, WINDOW_MS};
use crate::ids::{Epoch, Offset};

/// What is to be different in the next manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Take the partition: a new epoch, nothing else.
    Open,
    /// Move the offset over what was flushed.
    Flush(Flush),
    /// Replace blocks by others that hold what is still wanted of them.
    Swap(Swap),
    /// These dropped blocks are deleted: name them no more.
    Forget(BTreeSet<String>),
}

/// A merge or an expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Names of blocks that must still be named, and that are dropped.
    pub inputs: BTreeSet<String>,
    /// The blocks in their place.
    pub outputs: Vec<BlockEntry>,
    /// Windows that end before this, and of which no block is left, have no version any more.
    pub expired_before_ms: Option<i64>,
}

/// One generation that has become durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flush {
    /// Of the owner that flushes.
    pub epoch: Epoch,
    /// The committed offset that the generation began at.
    pub start: Offset,
    /// One past its last record.
    pub end: Offset,
    /// Its newest receive time, if it had a record.
    pub newest_receive_ms: Option<i64>,
    /// Its records that are in the dead letters, ascending.
    pub skipped: Vec<SkippedRange>,
    /// Starts of the windows that its samples lie in.
    pub windows: BTreeSet<i64>,
    /// Its samples, if it had any.
    pub block: Option<BlockEntry>,
}

/// Why a change makes no sense after this manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The partition has been opened by another owner.
    #[error("fenced off by epoch {0}")]
    Fenced(Epoch),
    /// The change is in this manifest already: its create had happened, others have committed
    /// since, and the manifest that it made was forgotten meanwhile.
    #[error("already made")]
    AlreadyMade,
    /// The manifest says something that cannot follow from what was committed.
    #[error("contradiction: {0}")]
    Contradiction(String),
    /// A block that was to be replaced is gone: another has merged or expired it.
    #[error("block {0} is no longer named")]
    InputGone(String),
    /// The next manifest would be over its size limit.
    #[error("manifest would grow to {0} bytes")]
    TooLarge(usize),
}

impl Change {
    /// The manifest that follows `base`, and its bytes.
    pub fn apply(&self, base: &Manifest, nonce: Nonce) -> Result<(Manifest, Vec<u8>), Conflict> {
        let mut next = base.clone();
        next.number = base.number + 1;
        next.nonce = nonce;
        match self {
            Self::Open => next.epoch = Epoch(base.epoch.0 + 1),
            Self::Flush(flush) => flush.apply(&mut next)?,
            Self::Swap(swap) => swap.apply(&mut next)?,
            Self::Forget(names) => next.dropped.retain(|name| !names.contains(name)),
        }
        let bytes = super::encode(&next);
        if bytes.len() > super::MANIFEST_BYTES_MAX {
            return Err(Conflict::TooLarge(bytes.len()));
        }
        Ok((next, bytes))
    }
}

impl Flush {
    fn apply(&self, next: &mut Manifest) -> Result<(), Conflict> {
        if next.epoch > self.epoch {
            return Err(Conflict::Fenced(next.epoch));
        }
        if next.epoch == self.epoch && next.offset == self.end {
            // Nobody else moves the offset in this epoch.
            return Err(Conflict::AlreadyMade);
        }
        if next.epoch < self.epoch || next.offset != self.start {
            return Err(Conflict::Contradiction(format!(
                "a flush of epoch {} from offset {} meets epoch {} at offset {}",
                self.epoch, self.start, next.epoch, next.offset
            )));
        }
        next.offset = self.end;
        next.newest_receive_ms = next.newest_receive_ms.max(self.newest_receive_ms);
        for &range in &self.skipped {
            match next.skipped.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => next.skipped.push(range),
            }
        }
        next.window_versions.extend(self.windows.iter().map(|&window| (window, self.end)));
        next.blocks.extend(self.block.clone());
        sort(&mut next.blocks);
        Ok(())
    }
}

impl Swap {
    fn apply(&self, next: &mut Manifest) -> Result<(), Conflict> {
        let named: BTreeSet<&String> = next.blocks.iter().map(|block| &block.name).collect();
        if let Some(gone) = self.inputs.iter().find(|name| !named.contains(name)) {
            return Err(Conflict::InputGone(gone.clone()));
        }
        next.blocks.retain(|block| !self.inputs.contains(&block.name));
        next.blocks.extend(self.outputs.iter().cloned());
        sort(&mut next.blocks);
        next.dropped.extend(self.inputs.iter().cloned());
        if let Some(before_ms) = self.expired_before_ms {
            let blocks = &next.blocks;
            next.window_versions.retain(|&start_ms, _| {
                let end_ms = start_ms.saturating_add(WINDOW_MS);
                let holds = |b: &BlockEntry| b.min_time_ms < end_ms && start_ms <= b.max_time_ms;
                end_ms > before_ms || blocks.iter().any(holds)
            });
        }
        Ok(())
    }
}

/// The order of precedence: ascending by offset range. Blocks whose ranges overlap hold different
/// windows or tenants, and only need some fixed order.
fn sort(blocks: &mut [BlockEntry]) {
    blocks.sort_by(|a, b| {
        let key = |block: &BlockEntry| (block.offsets.start, block.offsets.end, block.min_time_ms);
        key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
    });
}
