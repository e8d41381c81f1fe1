//! Deleting what nobody may still need (DESIGN §3.4).
//!
//! Law: a block that no manifest names is garbage by kind, never by age: a flush's when the
//! epoch is past its own or the offset past its range; a merge's when one of its inputs is no
//! longer named. A dropped block goes after this collector has itself seen it dropped for the
//! grace. Old manifests go behind a boundary that is written first.
//!
//! The order of looking matters: objects are listed before the manifest is read, so a block that
//! is listed and still wanted is named by that manifest, or all its inputs are.

use std::collections::BTreeSet;

use super::{CompactionError, Compactor};
use crate::block::Block;
use crate::ids::PartitionId;
use crate::manifest::{self, Change, Manifest};
use crate::names::{self, BlockName};
use crate::store::Created;

/// How many objects were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blocks that were dropped by a merge or an expiry.
    pub dropped: usize,
    /// Blocks that no manifest ever named.
    pub unnamed: usize,
    /// Old manifests.
    pub manifests: usize,
}

/// What listed names mean for a manifest that was read afterwards.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sorted {
    /// Flushes that will never be committed.
    flushes: Vec<String>,
    /// Merges, garbage if one of their inputs is no longer named.
    merges: Vec<String>,
}

impl Compactor {
    /// Deletes what a partition no longer needs.
    pub async fn collect(&mut self, partition: PartitionId) -> Result<Collected, CompactionError> {
        let listed = self.store.list(&names::blocks(partition)).await?;
        let manifest = manifest::load(&*self.store, partition).await?;
        let mut collected = Collected::default();
        let sorted = sort(&listed, &manifest);
        for name in &sorted.flushes {
            self.store.delete(name).await?;
            collected.unnamed += 1;
        }
        for name in &sorted.merges {
            match self.lost_an_input(name, &manifest) {
                Ok(false) => {}
                Ok(true) => {
                    self.store.delete(name).await?;
                    collected.unnamed += 1;
                }
                // It stays: nobody knows what it is. It must not keep others from going.
                Err(error) => tracing::warn!(block = name, %error, "unnamed block is unreadable"),
            }
        }
        let ripe = self.ripe(&manifest);
        for name in &ripe {
            self.store.delete(name).await?;
            collected.dropped += 1;
        }
        collected.manifests = self.forget_manifests(&manifest).await?;
        if !ripe.is_empty() {
            self.commit(manifest, Change::Forget(ripe)).await?;
        }
        Ok(collected)
    }

    /// Whether one of the inputs that a merge's footer lists is no longer named.
    fn lost_an_input(&self, name: &str, manifest: &Manifest) -> Result<bool, CompactionError> {
        let failed = |source| CompactionError::Block { name: name.to_owned(), source };
        let file = self.store.open(name)?;
        let block = Block::open(file, &self.pages).map_err(failed)?;
        let named: BTreeSet<&str> = manifest.blocks.iter().map(|b| b.name.as_str()).collect();
        Ok(block.header().inputs.iter().any(|input| !named.contains(input.as_str())))
    }

    /// Dropped blocks that were seen dropped for long enough.
    fn ripe(&mut self, manifest: &Manifest) -> BTreeSet<String> {
        let now_ns = self.clock.monotonic_ns();
        let prefix = names::blocks(manifest.partition);
        self.dropped_since_ns
            .retain(|name, _| !name.starts_with(&prefix) || manifest.dropped.contains(name));
        let grace_ns = self.config.grace_ms.saturating_mul(1_000_000);
        let mut ripe = BTreeSet::new();
        for name in &manifest.dropped {
            let since_ns = *self.dropped_since_ns.entry(name.clone()).or_insert(now_ns);
            if now_ns.saturating_sub(since_ns) >= grace_ns {
                ripe.insert(name.clone());
            }
        }
        ripe
    }

    /// Moves the boundary up and deletes what lies below, once there is enough of it.
    async fn forget_manifests(&self, newest: &Manifest) -> Result<usize, CompactionError> {
        let partition = newest.partition;
        let listed = self.store.list(&names::manifests(partition)).await?;
        let kept = self.config.manifests_kept.max(1);
        let numbers = listed.iter().filter_map(|name| names::manifest_number(partition, name));
        let Some(oldest) = numbers.min() else { return Ok(0) };
        if newest.number < oldest + 2 * kept {
            return Ok(0);
        }
        let boundary = newest.number - kept;
        let name = names::boundary(partition, boundary);
        // 'Exists' may be a conflict without an object, so only a boundary that is seen counts.
        let _: Created = self.store.create(&name, bytes::Bytes::new()).await?;
        let listed = self.store.list(&names::manifests(partition)).await?;
        if !listed.contains(&name) {
            return Ok(0);
        }
        let mut deleted = 0;
        for name in &listed {
            let manifest = names::manifest_number(partition, name);
            let older = names::boundary_number(partition, name).is_some_and(|n| n < boundary);
            if manifest.is_some_and(|number| number < boundary) || older {
                self.store.delete(name).await?;
                deleted += usize::from(manifest.is_some());
            }
        }
        Ok(deleted)
    }
}

/// Sorts the names of blocks that the manifest does not know, by kind.
fn sort(listed: &[String], manifest: &Manifest) -> Sorted {
    let named: BTreeSet<&str> = manifest.blocks.iter().map(|b| b.name.as_str()).collect();
    let mut sorted = Sorted::default();
    for name in listed {
        let Some(block) = BlockName::parse(name) else { continue };
        if named.contains(name.as_str()) || manifest.dropped.contains(name) {
            continue;
        }
        if block.level > 0 {
            sorted.merges.push(name.clone());
        } else if manifest.epoch > block.epoch || manifest.offset >= block.offsets.end {
            sorted.flushes.push(name.clone());
        }
    }
    sorted
}
