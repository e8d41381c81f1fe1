//! The directory of the index: what the block is, its pages, its tenants and their sections.
//!
//! Law: a manifest can be rebuilt from directories alone.

use super::rows::Positions;
use crate::block::pages::PageTable;
use crate::block::section::Place;
use crate::block::wire::{Fields, corrupt, put, put_signed, put_str};
use crate::block::{BlockEntry, BlockError, BlockHeader, TENANT_SPANS_MAX, TenantSpan};
use crate::ids::{Epoch, Offset, PartitionId};

pub(in crate::block) struct Directory {
    pub(in crate::block) header: BlockHeader,
    pub(in crate::block) window_ms: i64,
    pub(in crate::block) pages: PageTable,
    /// Ascending.
    pub(in crate::block) tenants: Vec<TenantEntry>,
}

pub(in crate::block) struct TenantEntry {
    pub(in crate::block) tenant: String,
    pub(in crate::block) min_time_ms: i64,
    pub(in crate::block) max_time_ms: i64,
    pub(in crate::block) series: u32,
    pub(in crate::block) rows: u32,
    /// Values of the tenant in each list column.
    pub(in crate::block) positions: Positions,
    pub(in crate::block) symbols_at: Place,
    pub(in crate::block) series_at: Place,
    pub(in crate::block) rows_at: Place,
    /// Label names and where their postings are.
    pub(in crate::block) names_at: Place,
}

impl Directory {
    /// What a manifest keeps of the block, whose file has `bytes` bytes.
    pub(in crate::block) fn entry(&self, bytes: u64) -> BlockEntry {
        let tenants = &self.tenants;
        let spans = if tenants.len() <= TENANT_SPANS_MAX { &tenants[..] } else { &[] };
        BlockEntry {
            name: self.header.name(),
            bytes,
            level: self.header.level,
            epoch: self.header.epoch,
            offsets: self.header.offsets.clone(),
            min_time_ms: tenants.iter().map(|tenant| tenant.min_time_ms).min().unwrap_or(0),
            max_time_ms: tenants.iter().map(|tenant| tenant.max_time_ms).max().unwrap_or(0),
            rows: tenants.iter().map(|tenant| u64::from(tenant.rows)).sum(),
            samples: tenants.iter().map(|tenant| tenant.positions.times).sum(),
            series: tenants.iter().map(|tenant| u64::from(tenant.series)).sum(),
            tenants: spans.iter().map(TenantEntry::span).collect(),
        }
    }

    pub(in crate::block) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let header = &self.header;
        put(&mut out, u64::from(header.partition.0));
        put(&mut out, header.epoch.0);
        put(&mut out, header.offsets.start.0);
        put(&mut out, header.offsets.end.0);
        put(&mut out, u64::from(header.level));
        put(&mut out, header.nonce);
        put_signed(&mut out, header.created_ms);
        put(&mut out, header.inputs.len() as u64);
        header.inputs.iter().for_each(|input| put_str(&mut out, input));
        put_signed(&mut out, self.window_ms);
        self.pages.encode(&mut out);
        put(&mut out, self.tenants.len() as u64);
        self.tenants.iter().for_each(|tenant| tenant.encode(&mut out));
        out
    }

    pub(in crate::block) fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut fields = Fields::new(bytes);
        let mut header = BlockHeader {
            partition: PartitionId(fields.u32()?),
            epoch: Epoch(fields.varint()?),
            offsets: Offset(fields.varint()?)..Offset(fields.varint()?),
            level: u8::try_from(fields.varint()?).map_err(|_too_large| corrupt("level"))?,
            nonce: fields.varint()?,
            created_ms: fields.signed()?,
            inputs: Vec::new(),
        };
        for _ in 0..fields.count()? {
            header.inputs.push(fields.str()?.to_owned());
        }
        let window_ms = fields.signed()?;
        if window_ms <= 0 {
            return Err(corrupt("window"));
        }
        let pages = PageTable::decode(&mut fields)?;
        let mut tenants = Vec::new();
        for _ in 0..fields.count()? {
            tenants.push(TenantEntry::decode(&mut fields)?);
        }
        fields.finish()?;
        Ok(Self { header, window_ms, pages, tenants })
    }
}

impl TenantEntry {
    fn span(&self) -> TenantSpan {
        TenantSpan {
            tenant: self.tenant.clone(),
            min_time_ms: self.min_time_ms,
            max_time_ms: self.max_time_ms,
            samples: self.positions.times,
            series: u64::from(self.series),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_str(out, &self.tenant);
        put_signed(out, self.min_time_ms);
        put_signed(out, self.max_time_ms);
        put(out, u64::from(self.series));
        put(out, u64::from(self.rows));
        put(out, self.positions.times);
        self.positions.values.iter().for_each(|&values| put(out, values));
        for place in [&self.symbols_at, &self.series_at, &self.rows_at, &self.names_at] {
            place.encode(out);
        }
    }

    fn decode(fields: &mut Fields<'_>) -> Result<Self, BlockError> {
        let tenant = fields.str()?.to_owned();
        let (min_time_ms, max_time_ms) = (fields.signed()?, fields.signed()?);
        let (series, rows) = (fields.u32()?, fields.u32()?);
        let mut positions = Positions { times: fields.varint()?, ..Positions::default() };
        for values in &mut positions.values {
            *values = fields.varint()?;
        }
        Ok(Self {
            tenant,
            min_time_ms,
            max_time_ms,
            series,
            rows,
            positions,
            symbols_at: Place::decode(fields)?,
            series_at: Place::decode(fields)?,
            rows_at: Place::decode(fields)?,
            names_at: Place::decode(fields)?,
        })
    }
}
