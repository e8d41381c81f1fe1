//! The blocks that a merge writes: one for each window, and in a window one for each tenant that
//! has much in this merge and one for all others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use rand::Rng;
use rand::rngs::StdRng;

use super::CompactionError;
use super::merge::{Target, failed};
use crate::block::{Block, BlockHeader, BlockOptions, BlockWriter, FinishedBlock};
use crate::ids::Offset;
use crate::labels::Labels;
use crate::samples::Samples;

/// A window and, if it has its own block there, a tenant.
type Place = (i64, Option<String>);

pub(super) struct Outputs<'a> {
    target: &'a Target,
    inputs: Vec<String>,
    offsets: Range<Offset>,
    large_tenants: BTreeSet<String>,
    writers: BTreeMap<Place, (String, BlockWriter)>,
    nonces: &'a mut StdRng,
}

impl<'a> Outputs<'a> {
    pub(super) fn new(inputs: &[Arc<Block>], target: &'a Target, nonces: &'a mut StdRng) -> Self {
        let offsets = inputs.iter().map(|block| &block.entry().offsets);
        let start = offsets.clone().map(|range| range.start).min().unwrap_or_default();
        let end = offsets.map(|range| range.end).max().unwrap_or_default();
        Self {
            target,
            inputs: inputs.iter().map(|block| block.entry().name.clone()).collect(),
            offsets: start..end,
            large_tenants: large_tenants(inputs, target.tenant_bytes_min),
            writers: BTreeMap::new(),
            nonces,
        }
    }

    /// Appends a row. Rows come ascending by tenant, window and labels.
    pub(super) fn push(
        &mut self,
        start_ms: i64,
        tenant: &str,
        labels: &Labels,
        samples: &Samples,
    ) -> Result<(), CompactionError> {
        let own = self.large_tenants.get(tenant).cloned();
        let (name, writer) = self.writers.entry((start_ms, own)).or_insert_with(|| {
            let header = BlockHeader {
                partition: self.target.partition,
                epoch: self.target.epoch,
                offsets: self.offsets.clone(),
                level: self.target.level,
                nonce: self.nonces.next_u64(),
                inputs: self.inputs.clone(),
                created_ms: self.target.created_ms,
            };
            let options = BlockOptions::for_level(self.target.level);
            (header.name(), BlockWriter::new(header, options))
        });
        writer.push(tenant, labels, samples).map_err(|source| failed(name, source))
    }

    pub(super) fn finish(self) -> Result<Vec<FinishedBlock>, CompactionError> {
        let writers = self.writers.into_values();
        writers
            .map(|(name, writer)| writer.finish().map_err(|source| failed(&name, source)))
            .collect()
    }
}

/// Tenants whose share of the inputs' bytes, guessed by samples, reaches `bytes_min`.
fn large_tenants(inputs: &[Arc<Block>], bytes_min: u64) -> BTreeSet<String> {
    let mut bytes: BTreeMap<&str, f64> = BTreeMap::new();
    for block in inputs {
        let per_sample = block.entry().bytes as f64 / block.entry().samples.max(1) as f64;
        for (tenant, samples) in block.tenant_samples() {
            *bytes.entry(tenant).or_default() += samples as f64 * per_sample;
        }
    }
    let large = bytes.into_iter().filter(|(_, bytes)| *bytes >= bytes_min as f64);
    large.map(|(tenant, _)| tenant.to_owned()).collect()
}
