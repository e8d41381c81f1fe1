//! Snapshots: one instant of a partition as the pair (manifest, tail) that a query reads.
//!
//! Law: the tail begins at or before the manifest's offset and both are taken in one step, so
//! every record counts, and one that is in both is the same sample twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Engine, Phase};
use crate::ids::Offset;
use crate::limits::QueryLimits;
use crate::manifest::Manifest;
use crate::memtable::{SnapshotCopy, TailSnapshot};
use crate::source::{LabelQuestion, Selector, SourceError};

/// A snapshot whose instant is fixed and whose bytes are still being copied.
pub struct SnapshotCopying {
    manifest: Arc<Manifest>,
    position: Offset,
    incarnation: u64,
    copy: SnapshotCopy,
}

/// One instant of one partition.
pub struct PartitionView {
    /// The blocks.
    pub manifest: Arc<Manifest>,
    /// The matching series of the records before the position that the manifest may not have.
    pub tail: Arc<TailSnapshot>,
    /// The offset after the last record in it.
    pub position: Offset,
}

impl SnapshotCopying {
    /// The snapshot, once [`Engine::step_snapshot`] has said that all is copied.
    pub fn finish(self) -> PartitionView {
        PartitionView {
            manifest: self.manifest,
            tail: Arc::new(self.copy.finish()),
            position: self.position,
        }
    }
}

impl Engine {
    /// Fixes the instant and finds the matching series. Needs the duty to answer.
    pub fn begin_snapshot(
        &self,
        tenant: &str,
        selectors: &[Selector],
        limits: &QueryLimits,
    ) -> Result<SnapshotCopying, SourceError> {
        self.check_live()?;
        Ok(SnapshotCopying {
            manifest: self.manifest.clone(),
            position: self.position(),
            incarnation: self.tail.incarnation,
            copy: self.tail.memtable.begin_snapshot(tenant, selectors, limits)?,
        })
    }

    /// Copies about `bytes_max`; true when all is copied.
    pub fn step_snapshot(
        &self,
        snapshot: &mut SnapshotCopying,
        bytes_max: usize,
    ) -> Result<bool, SourceError> {
        self.check_live()?;
        if snapshot.incarnation != self.tail.incarnation {
            let partition = self.config.partition;
            return Err(SourceError::Unavailable(format!("partition {partition} was opened anew")));
        }
        Ok(snapshot.copy.step(&self.tail.memtable, bytes_max)?)
    }

    /// Label names or values of the matching series in memory, and the manifest of that instant.
    pub fn label_strings(
        &self,
        tenant: &str,
        selectors: &[Selector],
        question: &LabelQuestion,
    ) -> Result<(Arc<Manifest>, BTreeSet<String>), SourceError> {
        self.check_live()?;
        let strings = self.tail.memtable.label_strings(tenant, selectors, question);
        Ok((self.manifest.clone(), strings))
    }

    fn check_live(&self) -> Result<(), SourceError> {
        let partition = self.config.partition;
        let what = match &self.phase {
            Phase::Running(_) if self.config.duties.answer => return Ok(()),
            Phase::Running(_) => "does not answer queries here".to_owned(),
            Phase::Opening => "is still being opened".to_owned(),
            Phase::Stopped(reason) => format!("has stopped: {reason}"),
        };
        Err(SourceError::Unavailable(format!("partition {partition} {what}")))
    }
}
