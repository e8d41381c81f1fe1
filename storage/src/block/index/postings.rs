//! Which series have which value of one label name.
//!
//! Law: a value that one series has is answered by the fst alone; others by a roaring bitmap
//! whose place the fst gives. Keys of the fst are the values that some series has, so "" is not
//! among them.
//!
//! As bytes: length of the fst, length of the bitmap of all series that have the name (0 if all
//! have it), the fst, that bitmap, the values' bitmaps one after the other.

use fst::{IntoStreamer, Streamer};
use roaring::RoaringBitmap;

use crate::block::BlockError;
use crate::block::automaton::ValueAutomaton;
use crate::block::wire::{Fields, corrupt, put};

pub(in crate::block) struct Postings {
    values: fst::Map<Vec<u8>>,
    /// None where all series have the name.
    present: Option<RoaringBitmap>,
    bitmaps: Vec<u8>,
}

impl Postings {
    /// The series that have the name, None for all of the tenant's.
    pub(in crate::block) fn present(&self) -> Option<&RoaringBitmap> {
        self.present.as_ref()
    }

    /// The series that have this value.
    pub(in crate::block) fn equal(&self, value: &str) -> Result<RoaringBitmap, BlockError> {
        let mut found = RoaringBitmap::new();
        if let Some(output) = self.values.get(value) {
            self.add(output, &mut found)?;
        }
        Ok(found)
    }

    /// The series that have a value which the automaton accepts.
    pub(in crate::block) fn search(
        &self,
        automaton: &ValueAutomaton<'_>,
    ) -> Result<RoaringBitmap, BlockError> {
        let mut found = RoaringBitmap::new();
        let mut values = self.values.search(automaton).into_stream();
        while let Some((value, output)) = values.next() {
            if automaton.confirms(value) {
                self.add(output, &mut found)?;
            }
        }
        Ok(found)
    }

    /// Calls `each` with every value, ascending.
    pub(in crate::block) fn each_value(
        &self,
        mut each: impl FnMut(&str),
    ) -> Result<(), BlockError> {
        let mut values = self.values.stream();
        while let Some((value, _)) = values.next() {
            each(std::str::from_utf8(value).map_err(|_invalid| corrupt("label value"))?);
        }
        Ok(())
    }

    /// Number of values.
    pub(in crate::block) fn len(&self) -> usize {
        self.values.len()
    }

    fn add(&self, output: u64, found: &mut RoaringBitmap) -> Result<(), BlockError> {
        if output & 1 == 0 {
            let series = u32::try_from(output >> 1).map_err(|_too_large| corrupt("posting"))?;
            found.insert(series);
            return Ok(());
        }
        let bytes = usize::try_from(output >> 1).ok().and_then(|start| self.bitmaps.get(start..));
        *found |= bitmap(bytes.ok_or_else(|| corrupt("place of a bitmap"))?)?;
        Ok(())
    }

    pub(in crate::block) fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut fields = Fields::new(bytes);
        let (fst_bytes, present_bytes) = (fields.count()?, fields.count()?);
        let values = fst::Map::new(fields.bytes(fst_bytes)?.to_vec())
            .map_err(|error| corrupt(format!("fst ({error})")))?;
        let present = fields.bytes(present_bytes)?;
        let present = if present.is_empty() { None } else { Some(bitmap(present)?) };
        Ok(Self { values, present, bitmaps: fields.rest().to_vec() })
    }
}

fn bitmap(bytes: &[u8]) -> Result<RoaringBitmap, BlockError> {
    RoaringBitmap::deserialize_from(bytes).map_err(|error| corrupt(format!("bitmap ({error})")))
}

/// The bytes of the postings of one name. `pairs` are values with series, ascending; `series` is
/// the tenant's number of series.
pub(in crate::block) fn encode(
    pairs: &[(&str, u32)],
    series: usize,
) -> Result<Vec<u8>, BlockError> {
    let unwritten = |error: fst::Error| BlockError::Parquet(format!("fst: {error}"));
    let mut values = fst::MapBuilder::memory();
    let mut bitmaps = Vec::new();
    for run in pairs.chunk_by(|a, b| a.0 == b.0) {
        let output = if let [(_, one)] = run {
            u64::from(*one) << 1
        } else {
            let place = bitmaps.len() as u64;
            append(&mut bitmaps, run.iter().map(|&(_, series)| series))?;
            place << 1 | 1
        };
        values.insert(run[0].0, output).map_err(unwritten)?;
    }
    let values = values.into_inner().map_err(unwritten)?;
    let mut present = Vec::new();
    if pairs.len() < series {
        append(&mut present, pairs.iter().map(|&(_, series)| series))?;
    }
    let mut out = Vec::with_capacity(values.len() + present.len() + bitmaps.len() + 10);
    put(&mut out, values.len() as u64);
    put(&mut out, present.len() as u64);
    out.extend_from_slice(&values);
    out.extend_from_slice(&present);
    out.extend_from_slice(&bitmaps);
    Ok(out)
}

fn append(out: &mut Vec<u8>, series: impl Iterator<Item = u32>) -> Result<(), BlockError> {
    let mut bitmap: RoaringBitmap = series.collect();
    bitmap.optimize();
    bitmap.serialize_into(out).map_err(|error| BlockError::Parquet(format!("bitmap: {error}")))
}
