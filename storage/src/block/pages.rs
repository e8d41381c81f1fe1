//! The pages of a block, and values out of them.
//!
//! Law: a page is decoded only after its checksum; pages, from the file's magic number to the
//! index, lie without a gap, so every byte there is under one. A row never crosses pages, and
//! how many values lie before it the index says, so repetition and definition levels, which
//! Parquet's other readers need, are stepped over.

use super::BlockError;
use super::decimal::Kind;
use super::schema::{TIMES_LEAF, VALUE_LEAVES};
use super::section::unpack;
use super::wire::{Fields, corrupt, put};
use crate::store::BlockFile;

/// What Parquet files begin and end with.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";

/// Decoded pages are never larger: the largest limit of a page, and one row.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// A column with samples in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListColumn {
    Times,
    Values(Kind),
}

impl ListColumn {
    /// Number of such columns.
    pub(super) const COUNT: usize = 1 + Kind::ALL.len();

    pub(super) fn index(self) -> usize {
        match self {
            Self::Times => 0,
            Self::Values(kind) => 1 + kind as usize,
        }
    }

    /// The list column of a Parquet leaf.
    pub(super) fn of_leaf(leaf: usize) -> Option<Self> {
        if leaf == TIMES_LEAF {
            return Some(Self::Times);
        }
        let nth = VALUE_LEAVES.iter().position(|&value_leaf| value_leaf == leaf)?;
        Some(Self::Values(Kind::ALL[nth]))
    }
}

/// A page as the writer lays it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageEntry {
    pub(super) leaf: u8,
    /// With its header.
    pub(super) bytes: u32,
    pub(super) crc: u32,
    /// Values in it; 0 for other pages than those of list columns.
    pub(super) values: u32,
}

/// A page as a reader finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) offset: u64,
    pub(super) entry: PageEntry,
    /// Values of its column in the pages before.
    first_value: u64,
}

/// All pages of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageTable {
    entries: Vec<PageEntry>,
    lists: [Vec<Page>; ListColumn::COUNT],
}

impl PageTable {
    /// From all pages of the file, in its order.
    pub(super) fn new(entries: Vec<PageEntry>) -> Self {
        let mut lists: [Vec<Page>; ListColumn::COUNT] = Default::default();
        let mut values = [0; ListColumn::COUNT];
        let mut offset = MAGIC.len() as u64;
        for &entry in &entries {
            if let Some(column) = ListColumn::of_leaf(usize::from(entry.leaf))
                && entry.values > 0
            {
                let column = column.index();
                lists[column].push(Page { offset, entry, first_value: values[column] });
                values[column] += u64::from(entry.values);
            }
            offset += u64::from(entry.bytes);
        }
        Self { entries, lists }
    }

    /// All pages with their offsets.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, PageEntry)> + '_ {
        self.entries.iter().scan(MAGIC.len() as u64, |offset, &entry| {
            let start = *offset;
            *offset += u64::from(entry.bytes);
            Some((start, entry))
        })
    }

    /// The page that holds `len` values from `position`, and where they begin in it.
    pub(super) fn find(
        &self,
        column: ListColumn,
        position: u64,
        len: u32,
    ) -> Result<(&Page, usize), BlockError> {
        let pages = &self.lists[column.index()];
        let next = pages.partition_point(|page| page.first_value <= position);
        let page = next.checked_sub(1).map(|nth| &pages[nth]);
        let page = page.filter(|page| {
            position + u64::from(len) <= page.first_value + u64::from(page.entry.values)
        });
        let page = page.ok_or_else(|| corrupt("row outside of the pages"))?;
        Ok((page, (position - page.first_value) as usize))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.entries.len() as u64);
        for entry in &self.entries {
            out.push(entry.leaf);
            put(out, u64::from(entry.bytes));
            put(out, u64::from(entry.values));
            out.extend_from_slice(&entry.crc.to_le_bytes());
        }
    }

    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, BlockError> {
        let mut entries = Vec::new();
        for _ in 0..fields.count()? {
            let [leaf] = fields.array()?;
            let (bytes, values) = (fields.u32()?, fields.u32()?);
            entries.push(PageEntry {
                leaf,
                bytes,
                values,
                crc: u32::from_le_bytes(fields.array()?),
            });
        }
        Ok(Self::new(entries))
    }
}

/// The values of one page of a list column.
pub(super) enum PageValues {
    /// int32, byte stream split: `planes` is four times as long as there are values.
    Split { page: Vec<u8>, start: usize },
    /// int64.
    Wide(Vec<i64>),
    /// float64, little-endian.
    Plain { page: Vec<u8>, start: usize },
}

impl PageValues {
    /// Reads a page whose checksum is right.
    pub(super) fn read(
        file: &dyn BlockFile,
        column: ListColumn,
        page: &Page,
    ) -> Result<Self, BlockError> {
        let bytes = read_checked(file, page.offset, &page.entry)?;
        let page_bytes = unpack_page(&bytes)?;
        let start = after_levels(&page_bytes)?;
        let (values, len) = (page.entry.values as usize, page_bytes.len() - start);
        let (decoded, size) = match column {
            ListColumn::Values(Kind::Wide) => {
                let wide = super::delta::decode(&page_bytes[start..], values)?;
                return Ok(Self::Wide(wide));
            }
            ListColumn::Values(Kind::Floats) => (Self::Plain { page: page_bytes, start }, 8),
            _ => (Self::Split { page: page_bytes, start }, 4),
        };
        if len == values * size { Ok(decoded) } else { Err(corrupt("number of values in a page")) }
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Split { page, .. } | Self::Plain { page, .. } => page.len(),
            Self::Wide(values) => 8 * values.len(),
        }
    }

    /// The int32 values of a split page from `at`, none in other pages.
    pub(super) fn split(&self, at: usize, len: usize) -> impl Iterator<Item = i32> + '_ {
        let planes = match self {
            Self::Split { page, start } => &page[*start..],
            _ => &[],
        };
        let size = planes.len() / 4;
        let (start, end) = (at.min(size), (at + len).min(size));
        let plane = |nth: usize| planes[nth * size..][start..end].iter();
        let (low, high) = (plane(0).zip(plane(1)), plane(2).zip(plane(3)));
        low.zip(high).map(|((a, b), (c, d))| i32::from_le_bytes([*a, *b, *c, *d]))
    }

    /// The int64 values from `at`.
    pub(super) fn wide(&self, at: usize, len: usize) -> &[i64] {
        match self {
            Self::Wide(values) => values.get(at..at + len).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The float64 values from `at`.
    pub(super) fn plain(&self, at: usize, len: usize) -> impl Iterator<Item = f64> + '_ {
        let bytes = match self {
            Self::Plain { page, start } => page[*start..].get(8 * at..8 * (at + len)),
            _ => None,
        };
        let (values, _) = bytes.unwrap_or_default().as_chunks::<8>();
        values.iter().map(|value| f64::from_le_bytes(*value))
    }
}

/// Bytes of a page, with its header, whose checksum is right.
pub(super) fn read_checked(
    file: &dyn BlockFile,
    offset: u64,
    entry: &PageEntry,
) -> Result<bytes::Bytes, BlockError> {
    let bytes = file.read_at(offset..offset.saturating_add(u64::from(entry.bytes)))?;
    if crc32c::crc32c(&bytes) == entry.crc { Ok(bytes) } else { Err(corrupt("checksum of a page")) }
}

/// Reads the two lengths at the begin of a page header (Thrift's compact protocol: fields 1 to 3
/// are type, length decompressed, length compressed) and decompresses what follows the header.
fn unpack_page(page: &[u8]) -> Result<Vec<u8>, BlockError> {
    const I32_FIELD_NEXT: u8 = 0x15;
    let mut fields = Fields::new(page);
    let mut next = || -> Result<i64, BlockError> {
        let [tag] = fields.array()?;
        if tag == I32_FIELD_NEXT { fields.signed() } else { Err(corrupt("page header")) }
    };
    let (_page_type, raw_bytes, bytes) = (next()?, next()?, next()?);
    let packed = usize::try_from(bytes).ok().and_then(|bytes| page.len().checked_sub(bytes));
    let packed = &page[packed.ok_or_else(|| corrupt("page header"))?..];
    let raw_bytes = usize::try_from(raw_bytes).ok().filter(|&bytes| bytes <= PAGE_BYTES_MAX);
    unpack(packed, raw_bytes.ok_or_else(|| corrupt("page header"))?)
}

/// Where the values begin: behind two kinds of levels, each with its length before it.
fn after_levels(page: &[u8]) -> Result<usize, BlockError> {
    let mut fields = Fields::new(page);
    let mut start = 0;
    for _ in 0..2 {
        let len = u32::from_le_bytes(fields.array()?) as usize;
        fields.bytes(len)?;
        start += 4 + len;
    }
    Ok(start)
}
