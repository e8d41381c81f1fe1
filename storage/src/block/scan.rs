//! A block read from begin to end, for merges.
//!
//! Law: rows come in file order, those of one series in one window as one. What is in memory is
//! one page of each list column, and the index of the tenant at hand.

use std::sync::Arc;

use super::decode::decode_row;
use super::pages::{ListColumn, PageValues};
use super::{Block, BlockError, window_start};
use crate::labels::Labels;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// The samples of one series in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose series.
    pub tenant: Arc<str>,
    /// Start of the window.
    pub window_start_ms: i64,
    /// The series.
    pub labels: Labels,
    /// Its samples in that window.
    pub samples: Samples,
}

/// Rows of a block in file order: ascending by tenant, window and [`super::row_order`].
pub struct Scan<'a> {
    block: &'a Block,
    tenant: usize,
    name: Option<Arc<str>>,
    row: u32,
    pages: [Option<(u64, Arc<PageValues>)>; ListColumn::COUNT],
}

impl Block {
    /// All rows in file order.
    pub fn scan(&self) -> Scan<'_> {
        Scan { block: self, tenant: 0, name: None, row: 0, pages: Default::default() }
    }
}

impl Scan<'_> {
    fn next_row(&mut self) -> Result<Option<Row>, BlockError> {
        let block = self.block;
        let rows = loop {
            if self.tenant == block.tenants.len() {
                return Ok(None);
            }
            let rows = block.rows(self.tenant)?;
            if (self.row as usize) < rows.len() {
                break rows;
            }
            (self.tenant, self.name, self.row) = (self.tenant + 1, None, 0);
        };
        let (window_ms, first) = (block.directory.window_ms, rows.get(self.row));
        let window_start_ms = window_start(first.first_ms, window_ms);
        let mut samples = Samples::new();
        while (self.row as usize) < rows.len() {
            let row = rows.get(self.row);
            let same = row.series == first.series
                && window_start(row.first_ms, window_ms) == window_start_ms;
            if !same {
                break;
            }
            let pages = &mut self.pages;
            let place = rows.place(self.row);
            decode_row(row, place, TimeRange::ALL, &mut samples, |column, position| {
                held_page(pages, block, column, position, row.samples)
            })?;
            self.row += 1;
        }
        let name = self
            .name
            .get_or_insert_with(|| Arc::from(block.tenant_entry(self.tenant).tenant.as_str()));
        Ok(Some(Row {
            tenant: Arc::clone(name),
            window_start_ms,
            labels: block.series(self.tenant)?.labels(first.series),
            samples,
        }))
    }
}

/// The page with the values of a row, kept until another of its column is needed.
fn held_page(
    pages: &mut [Option<(u64, Arc<PageValues>)>; ListColumn::COUNT],
    block: &Block,
    column: ListColumn,
    position: u64,
    samples: u32,
) -> Result<(Arc<PageValues>, usize), BlockError> {
    let (page, at) = block.directory.pages.find(column, position, samples)?;
    let held = &mut pages[column.index()];
    if let Some((offset, values)) = held
        && *offset == page.offset
    {
        return Ok((Arc::clone(values), at));
    }
    let values = Arc::new(PageValues::read(&*block.file, column, page)?);
    *held = Some((page.offset, Arc::clone(&values)));
    Ok((values, at))
}

impl Iterator for Scan<'_> {
    type Item = Result<Row, BlockError>;

    /// After an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_row();
        if row.is_err() {
            self.tenant = self.block.tenants.len();
        }
        row.transpose()
    }
}
