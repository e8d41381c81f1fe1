//! Samples out of the values of pages.
//!
//! Law: the inverse of [`super::decimal`] to the bit, and only the part of a row that was asked
//! for. A page that does not hold what its row says is an error.

use std::ops::Range;
use std::sync::Arc;

use super::BlockError;
use super::decimal::{Kind, POWERS};
use super::index::rows::RowMeta;
use super::pages::{ListColumn, PageValues};
use super::wire::corrupt;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// Appends the samples of a row inside `range` to `out`. `page` finds pages.
pub(super) fn decode_row(
    row: &RowMeta,
    (times_at, values_at): (u64, u64),
    range: TimeRange,
    out: &mut Samples,
    mut page: impl FnMut(ListColumn, u64) -> Result<(Arc<PageValues>, usize), BlockError>,
) -> Result<(), BlockError> {
    let samples = row.samples as usize;
    let (times, at) = page(ListColumn::Times, times_at)?;
    let time = |nth: i32| row.first_ms.wrapping_add(i64::from(nth));
    let count = |before: i64| times.split(at, samples).take_while(|&t| time(t) < before).count();
    let whole = range.start_ms <= row.first_ms && row.range().end_ms <= range.end_ms;
    let (from, to) =
        if whole { (0, samples) } else { (count(range.start_ms), count(range.end_ms)) };
    if from >= to {
        return Ok(());
    }
    out.times_ms.extend(times.split(at + from, to - from).map(time));
    let (values, at) = page(ListColumn::Values(row.form.kind), values_at)?;
    decode_values(row, &values, at, from..to, &mut out.values);
    if out.times_ms.len() == out.values.len() { Ok(()) } else { Err(corrupt("length of a row")) }
}

/// Appends the values of a row from and to the given ones.
fn decode_values(
    row: &RowMeta,
    page: &PageValues,
    at: usize,
    part: Range<usize>,
    out: &mut Vec<f64>,
) {
    let (from, len) = (at + part.start, part.len());
    let (base, power) = (row.form.base, POWERS[usize::from(row.form.exponent)]);
    let value = |decimal: i64| decimal as f64 / power;
    match row.form.kind {
        Kind::Gauges => {
            out.extend(page.split(from, len).map(|x| value(base.wrapping_add(i64::from(x)))));
        }
        Kind::Steps => {
            let before: i64 = page.split(at, part.start).map(i64::from).sum();
            let mut decimal = base.wrapping_add(before);
            out.extend(page.split(from, len).map(|step| {
                decimal = decimal.wrapping_add(i64::from(step));
                value(decimal)
            }));
        }
        Kind::Wide => out.extend(page.wide(from, len).iter().map(|x| value(base.wrapping_add(*x)))),
        Kind::Floats => out.extend(page.plain(from, len)),
    }
}
