//! An open block: its directory in memory, everything else read when it is first needed.
//!
//! Law: whatever is handed out was under a checksum that was right. Series are numbered through
//! the whole block, tenant by tenant.

use std::sync::{Arc, OnceLock};

use super::cache::PageCache;
use super::decode;
use super::footer::{self, IndexPlace};
use super::index::directory::{Directory, TenantEntry};
use super::index::postings::Postings;
use super::index::rows::{Positions, Rows};
use super::index::series::SeriesTable;
use super::index::symbols::Symbols;
use super::pages::{ListColumn, PageValues};
use super::section::{self, Place};
use super::wire::{Fields, corrupt};
use super::{BlockEntry, BlockError, BlockHeader};
use crate::samples::Samples;
use crate::source::{SampleReader, SourceError};
use crate::store::BlockFile;
use crate::time_range::TimeRange;

/// An open block.
pub struct Block {
    pub(super) file: Arc<dyn BlockFile>,
    pub(super) index: IndexPlace,
    pub(super) directory: Directory,
    pub(super) tenants: Vec<Tenant>,
    entry: BlockEntry,
    cache: Arc<PageCache>,
    /// This block's in the cache.
    number: u64,
}

/// What the block holds of one tenant, as far as it was read.
pub(super) struct Tenant {
    /// Number of its first series in the block.
    pub(super) first_series: u32,
    positions: Positions,
    rows: OnceLock<Rows>,
    series: OnceLock<SeriesTable>,
    names: OnceLock<Vec<NamePostings>>,
}

/// The postings of one label name, as far as they were read.
pub(super) struct NamePostings {
    pub(super) name: String,
    pub(super) place: Place,
    postings: OnceLock<Postings>,
}

/// What is in the cell, or what `read` reads into it.
fn cached<T>(
    cell: &OnceLock<T>,
    read: impl FnOnce() -> Result<T, BlockError>,
) -> Result<&T, BlockError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = read()?;
    Ok(cell.get_or_init(|| value))
}

impl Block {
    /// Reads the directory of the index. `cache` is shared by all blocks.
    pub fn open(file: Arc<dyn BlockFile>, cache: &Arc<PageCache>) -> Result<Arc<Self>, BlockError> {
        let index = footer::read(&*file)?;
        let directory = section::read(&*file, index.offset, &index.directory)?;
        let directory = Directory::decode(&directory)?;
        let mut tenants = Vec::with_capacity(directory.tenants.len());
        let (mut first_series, mut positions) = (0u32, Positions::default());
        for entry in &directory.tenants {
            tenants.push(Tenant {
                first_series,
                positions,
                rows: OnceLock::new(),
                series: OnceLock::new(),
                names: OnceLock::new(),
            });
            let next = first_series.checked_add(entry.series);
            first_series = next.ok_or_else(|| corrupt("number of series"))?;
            positions = positions.plus(&entry.positions).ok_or_else(|| corrupt("positions"))?;
        }
        let entry = directory.entry(file.len());
        let (cache, number) = (Arc::clone(cache), cache.number_block());
        Ok(Arc::new(Self { file, index, directory, tenants, entry, cache, number }))
    }

    /// What a manifest keeps of it.
    pub fn entry(&self) -> &BlockEntry {
        &self.entry
    }

    /// What its writer was told.
    pub fn header(&self) -> &BlockHeader {
        &self.directory.header
    }

    /// How many samples each tenant has.
    pub fn tenant_samples(&self) -> impl Iterator<Item = (&str, u64)> {
        let tenants = self.directory.tenants.iter();
        tenants.map(|tenant| (tenant.tenant.as_str(), tenant.positions.times))
    }

    /// Bytes of the index.
    pub fn index_bytes(&self) -> u64 {
        self.index.bytes
    }

    pub(super) fn section(&self, place: &Place) -> Result<Vec<u8>, BlockError> {
        section::read(&*self.file, self.index.offset, place)
    }

    /// The tenant's place in the lists of tenants.
    pub(super) fn find_tenant(&self, tenant: &str) -> Option<usize> {
        self.directory.tenants.binary_search_by(|entry| (*entry.tenant).cmp(tenant)).ok()
    }

    pub(super) fn tenant_entry(&self, tenant: usize) -> &TenantEntry {
        &self.directory.tenants[tenant]
    }

    pub(super) fn rows(&self, tenant: usize) -> Result<&Rows, BlockError> {
        let entry = self.tenant_entry(tenant);
        cached(&self.tenants[tenant].rows, || {
            let counts = (entry.rows as usize, entry.series as usize);
            let positions = self.tenants[tenant].positions;
            Rows::decode(&self.section(&entry.rows_at)?, counts, positions)
        })
    }

    pub(super) fn series(&self, tenant: usize) -> Result<&SeriesTable, BlockError> {
        let entry = self.tenant_entry(tenant);
        cached(&self.tenants[tenant].series, || {
            let symbols = Symbols::decode(&self.section(&entry.symbols_at)?)?;
            SeriesTable::decode(symbols, &self.section(&entry.series_at)?, entry.series as usize)
        })
    }

    /// The tenant's label names, ascending.
    pub(super) fn names(&self, tenant: usize) -> Result<&[NamePostings], BlockError> {
        let names = cached(&self.tenants[tenant].names, || {
            let section = self.section(&self.tenant_entry(tenant).names_at)?;
            let mut fields = Fields::new(&section);
            let mut names = Vec::new();
            for _ in 0..fields.count()? {
                let name = fields.str()?.to_owned();
                let place = Place::decode(&mut fields)?;
                names.push(NamePostings { name, place, postings: OnceLock::new() });
            }
            fields.finish()?;
            Ok(names)
        })?;
        Ok(names)
    }

    pub(super) fn postings<'a>(&self, name: &'a NamePostings) -> Result<&'a Postings, BlockError> {
        cached(&name.postings, || Postings::decode(&self.section(&name.place)?))
    }

    /// The page with the values of a row, and where they begin in it.
    pub(super) fn cached_page(
        &self,
        column: ListColumn,
        position: u64,
        samples: u32,
    ) -> Result<(Arc<PageValues>, usize), BlockError> {
        let (page, at) = self.directory.pages.find(column, position, samples)?;
        let read = || PageValues::read(&*self.file, column, page);
        Ok((self.cache.get((self.number, page.offset), read)?, at))
    }

    fn read_series(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), BlockError> {
        let tenant = self.tenants.partition_point(|tenant| tenant.first_series <= id) - 1;
        let series = id - self.tenants[tenant].first_series;
        assert!(series < self.tenant_entry(tenant).series, "series {id} is one of the block");
        let rows = self.rows(tenant)?;
        for &row in rows.of_series(series) {
            let meta = rows.get(row);
            if meta.range().overlaps(&range) {
                decode::decode_row(meta, rows.place(row), range, out, |column, position| {
                    self.cached_page(column, position, meta.samples)
                })?;
            }
        }
        Ok(())
    }
}

impl SampleReader for Block {
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        self.read_series(id, range, out).map_err(SourceError::from)
    }
}

impl From<BlockError> for SourceError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::Store(error) => Self::Unavailable(error.to_string()),
            error => Self::Corrupt(error.to_string()),
        }
    }
}
