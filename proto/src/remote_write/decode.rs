//! The hot decoder of `WriteRequest`: one pass, no copies, a callback per series.
//!
//! ```text
//! WriteRequest  1: TimeSeries*   3: MetricMetadata*
//! TimeSeries    1: Label*        2: Sample*           3: Exemplar*   4: Histogram*
//! Label         1: name          2: value
//! Sample        1: double        2: int64 ms
//! ```
//!
//! Laws: total (malformed input is an `Err`), bounded (the scratch holds one series and its
//! counts are limited), faithful to protobuf (fields in any order, unknown ones skipped, the last
//! of a repeated scalar wins) except that groups, which no sender writes, are refused.
//!
//! Strings are checked per series and not one by one: the labels at the front of a series are
//! text between bytes that are ASCII too (tags, lengths under 128), so one SIMD pass over that
//! stretch vouches for all of them, and a string is a slice of it. Where that fails (long labels,
//! labels behind samples, broken text) the strings are checked alone.
//!
//! Not here: exemplars, histograms and metadata are counted and handed on as raw bytes, not
//! looked into; label rules are the gateway's.

use std::mem::take;

use thiserror::Error;

use crate::varint::{read_bytes, read_u64};

/// Most labels, exemplars or histograms of one series; a request with more is refused whole.
const PARTS_MAX: usize = 1 << 16;
/// Most samples of one series in one request.
const SAMPLES_MAX: usize = 1 << 20;
/// Entries that a scratch vector keeps room for from one request to the next.
const KEEP_MAX: usize = 1 << 16;

/// Why a message is not a `WriteRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A length or a number reaches beyond the end of what holds it, or a varint is too long.
    #[error("truncated or overlong field")]
    Truncated,
    /// Field number 0, a number over 2^29, or a wire type that does not exist.
    #[error("invalid field key {key:#x}")]
    Key {
        /// Key as read.
        key: u64,
    },
    /// A known field in another wire type than its own.
    #[error("wrong wire type for field {field} of {message}")]
    WireType {
        /// Message that the field is of.
        message: &'static str,
        /// Number of the field.
        field: u32,
    },
    /// A group: protobuf's abandoned way to nest.
    #[error("groups are not supported")]
    Group,
    /// A label name or value that is not UTF-8.
    #[error("label is not valid UTF-8")]
    Utf8,
    /// More parts in one series than any sender has.
    #[error("more than {limit} {what} in one series")]
    Limit {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

/// One series of a request; strings and raw bytes borrow from the request's buffer.
#[derive(Clone, Copy, Debug)]
pub struct TimeSeries<'s, 'b> {
    /// Names and values as sent: not sorted, not checked but for being text.
    pub labels: &'s [(&'b str, &'b str)],
    /// Timestamps in ms and values, as sent.
    pub samples: &'s [(i64, f64)],
    /// Encoded [`super::messages::Exemplar`]s.
    pub exemplars: &'s [&'b [u8]],
    /// Encoded [`super::messages::Histogram`]s.
    pub histograms: &'s [&'b [u8]],
}

/// What a request contained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Series.
    pub series: u64,
    /// Float samples.
    pub samples: u64,
    /// Exemplars.
    pub exemplars: u64,
    /// Native histograms.
    pub histograms: u64,
    /// Descriptions of metrics.
    pub metadata: u64,
}

/// Room that [`decode_write_request`] reuses from request to request.
#[derive(Debug, Default)]
pub struct Scratch {
    labels: Vec<(&'static str, &'static str)>,
    samples: Vec<(i64, f64)>,
    exemplars: Vec<&'static [u8]>,
    histograms: Vec<&'static [u8]>,
}

/// The series that is being read.
struct Parts<'b> {
    labels: Vec<(&'b str, &'b str)>,
    samples: Vec<(i64, f64)>,
    exemplars: Vec<&'b [u8]>,
    histograms: Vec<&'b [u8]>,
}

/// Decodes a request (already out of snappy) and hands `on_series` each of its series in order.
///
/// A fault may be found after series were handed out: on `Err` the caller drops what it was given.
pub fn decode_write_request<'b>(
    request: &'b [u8],
    scratch: &mut Scratch,
    mut on_series: impl FnMut(TimeSeries<'_, 'b>),
) -> Result<RequestCounts, DecodeError> {
    let mut parts = Parts {
        labels: take(&mut scratch.labels),
        samples: take(&mut scratch.samples),
        exemplars: take(&mut scratch.exemplars),
        histograms: take(&mut scratch.histograms),
    };
    let counts = read_request(request, &mut parts, &mut on_series);
    scratch.labels = recycle(parts.labels, ("", ""));
    scratch.samples = recycle(parts.samples, (0, 0.0));
    scratch.exemplars = recycle(parts.exemplars, &[][..]);
    scratch.histograms = recycle(parts.histograms, &[][..]);
    counts
}

/// Empties a vector and changes the lifetime in its type; collecting in place keeps its room.
fn recycle<From, To: Copy>(mut entries: Vec<From>, never: To) -> Vec<To> {
    entries.clear();
    entries.shrink_to(KEEP_MAX);
    entries.into_iter().map(|_| never).collect()
}

fn read_request<'b>(
    mut request: &'b [u8],
    parts: &mut Parts<'b>,
    on_series: &mut impl FnMut(TimeSeries<'_, 'b>),
) -> Result<RequestCounts, DecodeError> {
    let mut counts = RequestCounts::default();
    while !request.is_empty() {
        match read_field(&mut request)? {
            (1, Value::Bytes(series)) => {
                parts.read(series)?;
                counts.series += 1;
                counts.samples += parts.samples.len() as u64;
                counts.exemplars += parts.exemplars.len() as u64;
                counts.histograms += parts.histograms.len() as u64;
                on_series(parts.view());
            }
            (3, Value::Bytes(_)) => counts.metadata += 1,
            (field @ (1 | 3), _) => return Err(wire_type("WriteRequest", field)),
            _ => {}
        }
    }
    Ok(counts)
}

impl<'b> Parts<'b> {
    fn view(&self) -> TimeSeries<'_, 'b> {
        TimeSeries {
            labels: &self.labels,
            samples: &self.samples,
            exemplars: &self.exemplars,
            histograms: &self.histograms,
        }
    }

    fn read(&mut self, series: &'b [u8]) -> Result<(), DecodeError> {
        self.labels.clear();
        self.samples.clear();
        self.exemplars.clear();
        self.histograms.clear();
        let front = &series[..labels_at_front(series)];
        let text = simdutf8::basic::from_utf8(front).unwrap_or_default();
        let mut rest = series;
        while let Some(label) = take_short(&mut rest, LABEL_KEY) {
            self.push_label(label, series.len() - rest.len(), text)?;
        }
        while let Some(sample) = take_short(&mut rest, SAMPLE_KEY) {
            self.push_sample(sample)?;
        }
        while !rest.is_empty() {
            match read_field(&mut rest)? {
                (1, Value::Bytes(label)) => {
                    self.push_label(label, series.len() - rest.len(), text)?;
                }
                (2, Value::Bytes(sample)) => self.push_sample(sample)?,
                (3, Value::Bytes(raw)) => push(&mut self.exemplars, raw, "exemplars", PARTS_MAX)?,
                (4, Value::Bytes(raw)) => push(&mut self.histograms, raw, "histograms", PARTS_MAX)?,
                (field @ 1..=4, _) => return Err(wire_type("TimeSeries", field)),
                _ => {}
            }
        }
        Ok(())
    }

    #[inline]
    fn push_label(
        &mut self,
        label: &'b [u8],
        end: usize,
        text: &'b str,
    ) -> Result<(), DecodeError> {
        push(&mut self.labels, read_label(label, end, text)?, "labels", PARTS_MAX)
    }

    #[inline]
    fn push_sample(&mut self, sample: &[u8]) -> Result<(), DecodeError> {
        push(&mut self.samples, read_sample(sample)?, "samples", SAMPLES_MAX)
    }
}

/// Keys of a series' labels and samples.
const LABEL_KEY: u8 = 0x0a;
const SAMPLE_KEY: u8 = 0x12;

/// Takes a message of under 128 bytes off the front, if it is there under that key. Senders write
/// a series as such labels and then such samples; what differs is left to [`read_field`].
#[inline]
fn take_short<'b>(input: &mut &'b [u8], expected: u8) -> Option<&'b [u8]> {
    let [key, len @ ..0x80, tail @ ..] = *input else { return None };
    let (part, rest) = tail.split_at_checked(usize::from(*len))?;
    if *key != expected {
        return None;
    }
    *input = rest;
    Some(part)
}

#[inline]
fn push<T>(
    parts: &mut Vec<T>,
    part: T,
    what: &'static str,
    limit: usize,
) -> Result<(), DecodeError> {
    if parts.len() == limit {
        return Err(DecodeError::Limit { what, limit });
    }
    parts.push(part);
    Ok(())
}

/// Length of the run of short labels that a series begins with.
#[inline]
fn labels_at_front(series: &[u8]) -> usize {
    let mut rest = series;
    while take_short(&mut rest, LABEL_KEY).is_some() {}
    series.len() - rest.len()
}

/// Reads a label whose message ends `end` bytes into its series, whose checked front is `text`.
///
/// Senders write a name and a value, both short: that is tried first.
#[inline]
fn read_label<'b>(
    label: &'b [u8],
    end: usize,
    text: &'b str,
) -> Result<(&'b str, &'b str), DecodeError> {
    if let [0x0a, name_len @ ..0x80, tail @ ..] = label
        && let Some((name, [0x12, value_len @ ..0x80, value @ ..])) =
            tail.split_at_checked(usize::from(*name_len))
        && value.len() == usize::from(*value_len)
    {
        return Ok((checked(name, end - value.len() - 2, text)?, checked(value, end, text)?));
    }
    read_any_label(label, end, text)
}

fn read_any_label<'b>(
    label: &'b [u8],
    end: usize,
    text: &'b str,
) -> Result<(&'b str, &'b str), DecodeError> {
    let (mut name, mut value) = ("", "");
    let mut rest = label;
    while !rest.is_empty() {
        match read_field(&mut rest)? {
            (1, Value::Bytes(bytes)) => name = checked(bytes, end - rest.len(), text)?,
            (2, Value::Bytes(bytes)) => value = checked(bytes, end - rest.len(), text)?,
            (field @ 1..=2, _) => return Err(wire_type("Label", field)),
            _ => {}
        }
    }
    Ok((name, value))
}

/// `bytes` as text; they end `end` bytes into what begins with `text`.
#[inline]
fn checked<'b>(bytes: &'b [u8], end: usize, text: &'b str) -> Result<&'b str, DecodeError> {
    match text.get(end - bytes.len()..end) {
        Some(string) => Ok(string),
        None => checked_alone(bytes),
    }
}

#[cold]
fn checked_alone(bytes: &[u8]) -> Result<&str, DecodeError> {
    simdutf8::basic::from_utf8(bytes).map_err(|_invalid| DecodeError::Utf8)
}

/// Senders write a value and a timestamp: that is tried first.
#[inline]
fn read_sample(sample: &[u8]) -> Result<(i64, f64), DecodeError> {
    if let Some((&[0x09, ref value @ .., 0x10], mut rest)) = sample.split_first_chunk::<10>()
        && let Some(timestamp) = read_u64(&mut rest)
        && rest.is_empty()
    {
        return Ok((timestamp as i64, f64::from_le_bytes(*value)));
    }
    read_any_sample(sample)
}

fn read_any_sample(mut sample: &[u8]) -> Result<(i64, f64), DecodeError> {
    let (mut timestamp, mut value) = (0, 0.0);
    while !sample.is_empty() {
        match read_field(&mut sample)? {
            (1, Value::Fixed64(bits)) => value = f64::from_bits(bits),
            (2, Value::Varint(number)) => timestamp = number as i64,
            (field @ 1..=2, _) => return Err(wire_type("Sample", field)),
            _ => {}
        }
    }
    Ok((timestamp, value))
}

#[cold]
fn wire_type(message: &'static str, field: u32) -> DecodeError {
    DecodeError::WireType { message, field }
}

/// The content of a field, by wire type.
enum Value<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
    Fixed32,
}

/// Reads one field: its number and its content.
fn read_field<'b>(input: &mut &'b [u8]) -> Result<(u32, Value<'b>), DecodeError> {
    let key = read_u64(input).ok_or(DecodeError::Truncated)?;
    let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number = number.ok_or(DecodeError::Key { key })?;
    let value = match key & 7 {
        0 => Value::Varint(read_u64(input).ok_or(DecodeError::Truncated)?),
        1 => {
            let (head, tail) = input.split_first_chunk().ok_or(DecodeError::Truncated)?;
            *input = tail;
            Value::Fixed64(u64::from_le_bytes(*head))
        }
        2 => {
            let len = read_u64(input).ok_or(DecodeError::Truncated)?;
            Value::Bytes(read_bytes(input, len).ok_or(DecodeError::Truncated)?)
        }
        3 | 4 => return Err(DecodeError::Group),
        5 => {
            *input = input.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?.1;
            Value::Fixed32
        }
        _ => return Err(DecodeError::Key { key }),
    };
    Ok((number, value))
}

#[cfg(test)]
mod tests;
