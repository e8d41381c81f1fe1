//! The bytes of one block's entry in a manifest.

use super::{Fields, ManifestError, put, put_signed, put_text};
use crate::block::{BlockEntry, TenantSpan};
use crate::ids::{Epoch, Offset, PartitionId};
use crate::names::BlockName;

/// Of the name only the nonce is written: the entry says the rest.
pub(super) fn put_block(out: &mut Vec<u8>, block: &BlockEntry, partition: PartitionId) {
    let nonce = BlockName::parse(&block.name).map(|name| name.nonce);
    let nonce = nonce.filter(|&nonce| name(block, partition, nonce) == block.name);
    out.extend_from_slice(&nonce.expect("a block's name says what its entry says").to_le_bytes());
    put(out, u64::from(block.level));
    put(out, block.epoch.0);
    put(out, block.offsets.start.0);
    put(out, block.offsets.end.0);
    put(out, block.bytes);
    put_signed(out, block.min_time_ms);
    put_signed(out, block.max_time_ms);
    put(out, block.rows);
    put(out, block.samples);
    put(out, block.series);
    put(out, block.tenants.len() as u64);
    for span in &block.tenants {
        put_text(out, &span.tenant);
        put_signed(out, span.min_time_ms);
        put_signed(out, span.max_time_ms);
        put(out, span.samples);
        put(out, span.series);
    }
}

pub(super) fn block(
    fields: &mut Fields<'_>,
    partition: PartitionId,
) -> Result<BlockEntry, ManifestError> {
    let nonce = u64::from_le_bytes(fields.array()?);
    let mut block = BlockEntry {
        name: String::new(),
        level: u8::try_from(fields.varint()?)
            .map_err(|_too_large| ManifestError::Corrupt("level"))?,
        epoch: Epoch(fields.varint()?),
        offsets: Offset(fields.varint()?)..Offset(fields.varint()?),
        bytes: fields.varint()?,
        min_time_ms: fields.signed()?,
        max_time_ms: fields.signed()?,
        rows: fields.varint()?,
        samples: fields.varint()?,
        series: fields.varint()?,
        tenants: Vec::new(),
    };
    block.name = name(&block, partition, nonce);
    for _ in 0..fields.count()? {
        block.tenants.push(TenantSpan {
            tenant: fields.text()?.to_owned(),
            min_time_ms: fields.signed()?,
            max_time_ms: fields.signed()?,
            samples: fields.varint()?,
            series: fields.varint()?,
        });
    }
    Ok(block)
}

fn name(block: &BlockEntry, partition: PartitionId, nonce: u64) -> String {
    let (epoch, offsets, level) = (block.epoch, block.offsets.clone(), block.level);
    BlockName { partition, epoch, offsets, level, nonce }.to_name()
}
