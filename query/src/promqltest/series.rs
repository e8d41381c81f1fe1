//! Series lines: a metric, then its points: `up{job="a"} 1 _ 0+10x5 stale {{count:1}}x3`.
//!
//! A line of start timestamps (`up{job="a"}@st _ -30s-1mx2`) stands before the line that it
//! belongs to and gives, point by point, how far the start lies from the point's own time.

use std::sync::Arc;

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::samples::stale_nan;

use super::cursor::Cursor;
use super::histogram::HistogramLiteral;
use crate::promql::parse_selector;

/// One point of a series line.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesValue {
    /// There is no point here.
    Omitted,
    /// A float.
    Float(f64),
    /// `base`, with `step.0` added to it (or, where negative, taken from it) `step.1` times.
    Histogram {
        /// Where the item begins.
        base: Arc<HistogramLiteral>,
        /// What is added, and how often.
        step: Option<(Arc<HistogramLiteral>, i64)>,
    },
}

/// A series of a `load` or of an expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSeries {
    /// Which series.
    pub labels: Labels,
    /// Its points, one per interval.
    pub values: Vec<SeriesValue>,
    /// Start timestamps in milliseconds from each point's own time; empty if none are given.
    pub start_offsets_ms: Vec<Option<i64>>,
}

/// What a line of a block of series is.
pub(super) enum SeriesLine {
    /// Points.
    Values(LoadedSeries),
    /// Start timestamps of the series on the next line.
    Starts(Labels, Vec<Option<i64>>),
}

impl SeriesLine {
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (labels, mut rest) = metric(line)?;
        if rest.eat("@st") {
            return Ok(Self::Starts(labels, items(rest, start_item)?));
        }
        let values = items(rest, value_item)?;
        Ok(Self::Values(LoadedSeries { labels, values, start_offsets_ms: Vec::new() }))
    }
}

/// The metric at the start of a line, and what follows it.
fn metric(line: &str) -> Result<(Labels, Cursor<'_>), String> {
    let mut rest = Cursor::new(line);
    let name = rest.take_while(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
    let has_braces = rest.rest.starts_with('{');
    if name.starts_with(|c: char| c.is_ascii_digit()) || (name.is_empty() && !has_braces) {
        return Err(format!("expected a metric at {line:?}"));
    }
    if !has_braces {
        return Ok((Labels::from_sorted([(METRIC_NAME, name)]), rest));
    }
    let end = closing_brace(rest.rest).ok_or_else(|| format!("unclosed braces in {line:?}"))?;
    let (text, behind) = line.split_at(name.len() + end + 1);
    rest.rest = behind;
    let matchers = parse_selector(text).map_err(|error| error.to_string())?;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for matcher in &matchers {
        if matcher.op.as_str() != "=" {
            return Err(format!("{matcher} is not a label"));
        }
        if pairs.iter().any(|(name, _)| *name == matcher.name) {
            return Err(format!("label {} is given twice", matcher.name));
        }
        pairs.push((&matcher.name, &matcher.value));
    }
    Ok((Labels::from_pairs(pairs), rest))
}

/// Where the brace that opens `text` is closed.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(b'"' | b'\'') if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if byte == b'}' => return Some(at),
            None if matches!(byte, b'"' | b'\'' | b'`') => quote = Some(byte),
            Some(_) | None => {}
        }
    }
    None
}

/// All items of a line, each with a space before it.
fn items<T>(
    mut from: Cursor<'_>,
    item: impl Fn(&mut Cursor<'_>, &mut Vec<T>) -> Result<(), String>,
) -> Result<Vec<T>, String> {
    let mut points = Vec::new();
    while !from.rest.is_empty() {
        if !from.rest.starts_with(char::is_whitespace) {
            return Err(from.unexpected("a space"));
        }
        from.skip_spaces();
        if !from.rest.is_empty() {
            item(&mut from, &mut points)?;
        }
    }
    Ok(points)
}

fn value_item(from: &mut Cursor<'_>, out: &mut Vec<SeriesValue>) -> Result<(), String> {
    if from.eat("_") {
        let count = from.times()?.unwrap_or(1);
        out.extend(std::iter::repeat_n(SeriesValue::Omitted, count));
        return Ok(());
    }
    if from.eat("{{") {
        return histogram_item(from, out);
    }
    let mut value = if from.eat("stale") { stale_nan() } else { from.number()? };
    let step = if from.rest.starts_with(['+', '-']) { Some(from.number()?) } else { None };
    let times = from.times()?;
    if step.is_some() && times.is_none() {
        return Err(from.unexpected("how often to repeat"));
    }
    for nth in 0..=times.unwrap_or(0) {
        if nth > 0 {
            value += step.unwrap_or(0.0);
        }
        out.push(SeriesValue::Float(value));
    }
    Ok(())
}

/// A histogram item whose `{{` was read.
fn histogram_item(from: &mut Cursor<'_>, out: &mut Vec<SeriesValue>) -> Result<(), String> {
    let base = Arc::new(HistogramLiteral::parse(from)?);
    let Some(sign) = from.sign() else {
        let count = from.times()?.unwrap_or(0) + 1;
        out.extend(std::iter::repeat_n(SeriesValue::Histogram { base, step: None }, count));
        return Ok(());
    };
    if !from.eat("{{") {
        return Err(from.unexpected("a histogram"));
    }
    let step = Arc::new(HistogramLiteral::parse(from)?);
    if base.schema > step.schema {
        let (from, to) = (base.schema, step.schema);
        return Err(format!("a histogram of schema {to} cannot be added to one of schema {from}"));
    }
    let times = from.times()?.ok_or_else(|| from.unexpected("how often to repeat"))? as i64;
    out.extend((0..=times).map(|nth| SeriesValue::Histogram {
        base: Arc::clone(&base),
        step: Some((Arc::clone(&step), sign as i64 * nth)),
    }));
    Ok(())
}

fn start_item(from: &mut Cursor<'_>, out: &mut Vec<Option<i64>>) -> Result<(), String> {
    if from.eat("_") {
        let count = from.times()?.unwrap_or(1);
        out.extend(std::iter::repeat_n(None, count));
        return Ok(());
    }
    let mut offset_ms = signed_duration(from)?;
    let step_ms =
        if from.rest.starts_with(['+', '-']) { Some(signed_duration(from)?) } else { None };
    let times = from.times()?;
    if step_ms.is_some() && times.is_none() {
        return Err(from.unexpected("how often to repeat"));
    }
    for nth in 0..=times.unwrap_or(0) {
        if nth > 0 {
            offset_ms = offset_ms.saturating_add(step_ms.unwrap_or(0));
        }
        out.push(Some(offset_ms));
    }
    Ok(())
}

/// One number with one unit, with or without a sign; zero needs no unit.
fn signed_duration(from: &mut Cursor<'_>) -> Result<i64, String> {
    let sign = from.sign().unwrap_or(1.0) as i64;
    let digits = from.take_while(|b| b.is_ascii_digit());
    let unit = from.take_while(|b| b.is_ascii_alphabetic() && b != b'x');
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "y" => 365 * 86_400_000,
        "" if digits == "0" => 0,
        _ => return Err(format!("{digits}{unit} is no duration")),
    };
    let count = digits.parse::<i64>().ok();
    let length_ms = count.and_then(|count| count.checked_mul(unit_ms));
    length_ms.map(|ms| sign * ms).ok_or_else(|| format!("{digits}{unit} is no duration"))
}
