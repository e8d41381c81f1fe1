//! Which series have which value of one label name.
//!
//! Law: a value that one series has is answered by the fst alone; others by a set whose place the
//! fst gives. Keys of the fst are the values that some series has, so "" is not among them.
//!
//! As bytes: length of the fst, length of the set of all series that have the name (0 if all have
//! it), the fst, that set, the values' sets one after the other. A set is its runs, or a roaring
//! bitmap where it has many; in memory it is always a bitmap.

use fst::{IntoStreamer, Streamer};
use roaring::RoaringBitmap;

use crate::block::BlockError;
use crate::block::automaton::ValueAutomaton;
use crate::block::wire::{Fields, corrupt, put};

pub(in crate::block) struct Postings {
    values: fst::Map<Vec<u8>>,
    /// None where all series have the name.
    present: Option<RoaringBitmap>,
    sets: Vec<u8>,
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
        let bytes = usize::try_from(output >> 1).ok().and_then(|start| self.sets.get(start..));
        *found |= read_set(bytes.ok_or_else(|| corrupt("place of a set"))?)?;
        Ok(())
    }

    pub(in crate::block) fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut fields = Fields::new(bytes);
        let (fst_bytes, present_bytes) = (fields.count()?, fields.count()?);
        let values = fst::Map::new(fields.bytes(fst_bytes)?.to_vec())
            .map_err(|error| corrupt(format!("fst ({error})")))?;
        let present = fields.bytes(present_bytes)?;
        let present = if present.is_empty() { None } else { Some(read_set(present)?) };
        Ok(Self { values, present, sets: fields.rest().to_vec() })
    }
}

/// Sets of more runs are kept as roaring bitmaps, which are larger and faster to read.
const RUNS_MAX: usize = 4_096;

/// Reads a set from the front of `bytes`.
fn read_set(bytes: &[u8]) -> Result<RoaringBitmap, BlockError> {
    let mut fields = Fields::new(bytes);
    let runs = fields.count()?;
    if runs == 0 {
        return RoaringBitmap::deserialize_from(fields.rest())
            .map_err(|error| corrupt(format!("bitmap ({error})")));
    }
    let (mut set, mut end) = (RoaringBitmap::new(), 0u32);
    for _ in 0..runs {
        let start = end.checked_add(fields.u32()?);
        let run = start.and_then(|start| Some(start..start.checked_add(fields.u32().ok()?)?));
        let run = run.ok_or_else(|| corrupt("run of a set"))?;
        end = run.end;
        set.insert_range(run);
    }
    Ok(set)
}

/// The bytes of the postings of one name. `pairs` are values with series, ascending; `series` is
/// the tenant's number of series.
pub(in crate::block) fn encode(
    pairs: &[(&str, u32)],
    series: usize,
) -> Result<Vec<u8>, BlockError> {
    let unwritten = |error: fst::Error| BlockError::Parquet(format!("fst: {error}"));
    let mut values = fst::MapBuilder::memory();
    let mut sets = Vec::new();
    for run in pairs.chunk_by(|a, b| a.0 == b.0) {
        let output = if let [(_, one)] = run {
            u64::from(*one) << 1
        } else {
            let place = sets.len() as u64;
            append_set(&mut sets, run.iter().map(|&(_, series)| series))?;
            place << 1 | 1
        };
        values.insert(run[0].0, output).map_err(unwritten)?;
    }
    let values = values.into_inner().map_err(unwritten)?;
    let mut present = Vec::new();
    if pairs.len() < series {
        let mut having: Vec<u32> = pairs.iter().map(|&(_, series)| series).collect();
        having.sort_unstable();
        append_set(&mut present, having.into_iter())?;
    }
    let mut out = Vec::with_capacity(values.len() + present.len() + sets.len() + 10);
    put(&mut out, values.len() as u64);
    put(&mut out, present.len() as u64);
    out.extend_from_slice(&values);
    out.extend_from_slice(&present);
    out.extend_from_slice(&sets);
    Ok(out)
}

/// Appends a set of ascending numbers.
fn append_set(out: &mut Vec<u8>, series: impl Iterator<Item = u32>) -> Result<(), BlockError> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for nth in series {
        match runs.last_mut() {
            Some((_, end)) if *end == nth => *end += 1,
            _ => runs.push((nth, nth + 1)),
        }
    }
    if runs.len() > RUNS_MAX {
        put(out, 0);
        let mut bitmap: RoaringBitmap =
            runs.into_iter().flat_map(|(start, end)| start..end).collect();
        bitmap.optimize();
        return bitmap
            .serialize_into(out)
            .map_err(|error| BlockError::Parquet(format!("bitmap: {error}")));
    }
    put(out, runs.len() as u64);
    let mut last = 0;
    for (start, end) in runs {
        put(out, u64::from(start - last));
        put(out, u64::from(end - start));
        last = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    use super::{append_set, read_set};

    fn check(set: impl IntoIterator<Item = u32>, bytes_max: usize) {
        let set: RoaringBitmap = set.into_iter().collect();
        let mut bytes = Vec::new();
        append_set(&mut bytes, set.iter()).unwrap();
        assert!(bytes.len() <= bytes_max, "{} bytes", bytes.len());
        bytes.extend([1, 2, 3]);
        assert_eq!(read_set(&bytes).unwrap(), set);
    }

    #[test]
    fn sets_are_small() {
        check([7, 8], 3);
        check(0..1_000_000, 5);
        check((0..4_096).map(|nth| nth * 7), 2 + 2 * 4_096);
        check((0..100_000).map(|nth| nth * 3), 50_000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_set_or_corrupt(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            let _ = read_set(&bytes);
        }
    }
}
