//! The changes that lead from one manifest to the next. Pure: the same change made to the same
//! manifest gives the same manifest.

use std::collections::BTreeSet;

use super::{Manifest, Nonce, SkippedRange};
use crate::ids::{Epoch, Offset};

/// What is to be different in the next manifest.
#[derive(Clone, Debug)]
pub enum Change {
    /// Take the partition: a new epoch, nothing else.
    Open,
    /// Move the offset over what was flushed.
    Flush(Flush),
}

/// One generation that has become durable.
#[derive(Clone, Debug)]
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
}

/// Why a change makes no sense after this manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The partition has been opened by another owner.
    #[error("fenced off by epoch {0}")]
    Fenced(Epoch),
    /// The manifest says something that cannot follow from what was committed.
    #[error("contradiction: {0}")]
    Contradiction(String),
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
        Ok(())
    }
}
