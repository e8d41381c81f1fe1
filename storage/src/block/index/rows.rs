//! The rows of a tenant: whose they are, when, and what it takes to decode them.
//!
//! Law: rows are in file order; those of one series are in time order. Identifying a row's
//! samples and leaving it out of a query needs nothing else.
//!
//! As bytes, column by column: series (distance from the one after the last row's), samples,
//! kind and exponent, first time, span (each as its difference from the last row's), base (its
//! bytes split).

use std::num::TryFromIntError;

use crate::block::decimal::{EXPONENT_MAX, Form, Kind};
use crate::block::wire::{Fields, corrupt, put_signed};
use crate::block::{BlockError, ROW_SAMPLES_MAX};
use crate::time_range::TimeRange;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::block) struct RowMeta {
    /// The series' number within the tenant.
    pub(in crate::block) series: u32,
    pub(in crate::block) samples: u32,
    pub(in crate::block) first_ms: i64,
    /// Last time less first time.
    pub(in crate::block) span_ms: u32,
    pub(in crate::block) form: Form,
}

impl RowMeta {
    pub(in crate::block) fn range(&self) -> TimeRange {
        TimeRange::closed(self.first_ms, self.first_ms.saturating_add(i64::from(self.span_ms)))
    }
}

/// How many values each list column holds before some row: of times, then of each [`Kind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::block) struct Positions {
    pub(in crate::block) times: u64,
    pub(in crate::block) values: [u64; Kind::ALL.len()],
}

impl Positions {
    /// The sum of both, if it fits.
    pub(in crate::block) fn plus(mut self, more: &Self) -> Option<Self> {
        self.times = self.times.checked_add(more.times)?;
        for (sum, values) in self.values.iter_mut().zip(more.values) {
            *sum = sum.checked_add(values)?;
        }
        Some(self)
    }

    /// Past one row.
    pub(in crate::block) fn advance(&mut self, kind: Kind, samples: u32) {
        self.times += u64::from(samples);
        self.values[kind as usize] += u64::from(samples);
    }
}

/// A tenant's rows, ready to be looked up.
pub(in crate::block) struct Rows {
    metas: Vec<RowMeta>,
    /// Where a row's times and values are in their columns.
    places: Vec<(u64, u64)>,
    /// Rows of series `n` are `by_series[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    by_series: Vec<u32>,
}

impl Rows {
    pub(in crate::block) fn len(&self) -> usize {
        self.metas.len()
    }

    pub(in crate::block) fn get(&self, row: u32) -> &RowMeta {
        &self.metas[row as usize]
    }

    /// Positions of a row's times and values in their columns.
    pub(in crate::block) fn place(&self, row: u32) -> (u64, u64) {
        self.places[row as usize]
    }

    /// The rows of a series, in time order.
    pub(in crate::block) fn of_series(&self, series: u32) -> &[u32] {
        let (start, end) = (self.starts[series as usize], self.starts[series as usize + 1]);
        &self.by_series[start as usize..end as usize]
    }

    /// `at` is the position of the tenant's first row; `count` and `series` are its numbers of rows
    /// and series.
    pub(in crate::block) fn decode(
        bytes: &[u8],
        (count, series): (usize, usize),
        mut at: Positions,
    ) -> Result<Self, BlockError> {
        let rows = decode_rows(bytes, count)?;
        let mut places = Vec::with_capacity(count);
        let mut starts = vec![0u32; series + 1];
        for row in &rows {
            places.push((at.times, at.values[row.form.kind as usize]));
            at.advance(row.form.kind, row.samples);
            let counted = starts.get_mut(row.series as usize + 1);
            *counted.ok_or_else(|| corrupt("series of a row"))? += 1;
        }
        for nth in 1..starts.len() {
            starts[nth] += starts[nth - 1];
        }
        let mut next = starts.clone();
        let mut by_series = vec![0; rows.len()];
        for (nth, row) in rows.iter().enumerate() {
            let place = &mut next[row.series as usize];
            by_series[*place as usize] = nth as u32;
            *place += 1;
        }
        Ok(Self { metas: rows, places, starts, by_series })
    }
}

fn decode_rows(bytes: &[u8], count: usize) -> Result<Vec<RowMeta>, BlockError> {
    let mut fields = Fields::new(bytes);
    if count > bytes.len() || u32::try_from(count).is_err() {
        return Err(corrupt("count of rows"));
    }
    let form = Form { kind: Kind::Floats, exponent: 0, base: 0 };
    let blank = RowMeta { series: 0, samples: 0, first_ms: 0, span_ms: 0, form };
    let mut rows = vec![blank; count];
    column(&mut fields, &mut rows, -1, 1, |row, value| {
        u32::try_from(value).map(|series| row.series = series)
    })?;
    column(&mut fields, &mut rows, 0, 0, |row, value| {
        u32::try_from(value).map(|samples| row.samples = samples)
    })?;
    for (row, &byte) in rows.iter_mut().zip(fields.bytes(count)?) {
        row.form.kind = Kind::ALL[usize::from(byte & 3)];
        row.form.exponent = byte >> 2;
    }
    column(&mut fields, &mut rows, 0, 0, |row, value| {
        row.first_ms = value;
        Ok(())
    })?;
    column(&mut fields, &mut rows, 0, 0, |row, value| {
        u32::try_from(value).map(|span_ms| row.span_ms = span_ms)
    })?;
    for plane in 0..8 {
        for (row, &byte) in rows.iter_mut().zip(fields.bytes(count)?) {
            row.form.base |= i64::from(byte) << (8 * plane);
        }
    }
    fields.finish()?;
    let fine = |row: &RowMeta| {
        (1..=ROW_SAMPLES_MAX as u32).contains(&row.samples) && row.form.exponent <= EXPONENT_MAX
    };
    if rows.iter().all(fine) { Ok(rows) } else { Err(corrupt("number in a row")) }
}

/// Reads one column of differences, each on top of the last value and `step`.
fn column(
    fields: &mut Fields<'_>,
    rows: &mut [RowMeta],
    first: i64,
    step: i64,
    set: impl Fn(&mut RowMeta, i64) -> Result<(), TryFromIntError>,
) -> Result<(), BlockError> {
    let mut value = first;
    for row in rows {
        value = value.wrapping_add(step).wrapping_add(fields.signed()?);
        set(row, value).map_err(|_too_large| corrupt("number in a row"))?;
    }
    Ok(())
}

/// The bytes of rows.
pub(in crate::block) fn encode(rows: &[RowMeta]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 16);
    let mut differences = |first: i64, step: i64, of: &dyn Fn(&RowMeta) -> i64| {
        let mut value = first;
        for row in rows {
            put_signed(&mut out, of(row).wrapping_sub(value.wrapping_add(step)));
            value = of(row);
        }
    };
    differences(-1, 1, &|row| i64::from(row.series));
    differences(0, 0, &|row| i64::from(row.samples));
    out.extend(rows.iter().map(|row| row.form.kind as u8 | row.form.exponent << 2));
    let mut differences = |of: &dyn Fn(&RowMeta) -> i64| {
        let mut value = 0;
        for row in rows {
            put_signed(&mut out, of(row).wrapping_sub(value));
            value = of(row);
        }
    };
    differences(&|row| row.first_ms);
    differences(&|row| i64::from(row.span_ms));
    for plane in 0..8 {
        out.extend(rows.iter().map(|row| (row.form.base >> (8 * plane)) as u8));
    }
    out
}

#[cfg(test)]
mod tests;
