//! Native histogram literals: `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.
//!
//! Only what is written; nothing here adds, compares or stores histograms.

use super::cursor::Cursor;

/// The schema of histograms whose bucket bounds are given one by one.
const CUSTOM_SCHEMA: i32 = -53;

/// A histogram as a script writes it; what is not written is zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramLiteral {
    /// −4 to 8: exponential buckets; −53: bounds in `custom_values`.
    pub schema: i32,
    /// The sum of all observations.
    pub sum: f64,
    /// How many observations there are.
    pub count: f64,
    /// How many of them lie around zero.
    pub zero_count: f64,
    /// How far the bucket around zero reaches.
    pub zero_threshold: f64,
    /// Buckets above zero.
    pub positive: BucketCounts,
    /// Buckets below zero.
    pub negative: BucketCounts,
    /// Upper bounds of custom buckets.
    pub custom_values: Vec<f64>,
    /// What is known of counter resets, where written.
    pub counter_reset_hint: Option<CounterResetHint>,
}

/// Neighbouring buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketCounts {
    /// The number of the first.
    pub offset: i32,
    /// How many observations each has.
    pub counts: Vec<f64>,
}

/// Whether a counter was reset before this histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterResetHint {
    /// To be found out.
    Unknown,
    /// It was.
    Reset,
    /// It was not.
    NotReset,
    /// It is no counter.
    Gauge,
}

impl HistogramLiteral {
    /// Reads a literal whose `{{` was read.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        let Some((inside, rest)) = cursor.rest.split_once("}}") else {
            return Err(format!("histogram without end at {:?}", cursor.rest));
        };
        cursor.rest = rest;
        let mut fields = Cursor::new(inside);
        let mut literal = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        if inside.starts_with(char::is_whitespace) && !inside.trim().is_empty() {
            return Err(fields.unexpected("the first part of a histogram"));
        }
        fields.skip_spaces();
        while !fields.rest.is_empty() {
            let key = fields.take_while(|b| b.is_ascii_lowercase() || b == b'_');
            if seen.contains(&key) {
                return Err(format!("duplicate {key:?} in a histogram"));
            }
            seen.push(key);
            if !fields.eat(":") {
                return Err(fields.unexpected("a colon"));
            }
            literal.read_field(key, &mut fields)?;
            if !fields.rest.is_empty() && !fields.rest.starts_with(char::is_whitespace) {
                return Err(fields.unexpected("a space"));
            }
            fields.skip_spaces();
        }
        Ok(literal)
    }

    fn read_field(&mut self, key: &str, from: &mut Cursor<'_>) -> Result<(), String> {
        match key {
            "schema" => {
                self.schema = integer(from)?;
                if self.schema != CUSTOM_SCHEMA && !(-4..=8).contains(&self.schema) {
                    return Err(format!("unknown histogram schema {}", self.schema));
                }
            }
            "sum" => self.sum = from.number()?,
            "count" => self.count = from.number()?,
            "z_bucket" => self.zero_count = from.number()?,
            "z_bucket_w" if from.rest.starts_with(['+', '-']) => {
                return Err(from.unexpected("a number without a sign"));
            }
            "z_bucket_w" => self.zero_threshold = from.number()?,
            "buckets" => self.positive.counts = numbers(from)?,
            "offset" => self.positive.offset = integer(from)?,
            "n_buckets" => self.negative.counts = numbers(from)?,
            "n_offset" => self.negative.offset = integer(from)?,
            "custom_values" => self.custom_values = numbers(from)?,
            "counter_reset_hint" => self.counter_reset_hint = Some(hint(from)?),
            unknown => return Err(format!("unknown part {unknown:?} of a histogram")),
        }
        Ok(())
    }
}

fn integer(from: &mut Cursor<'_>) -> Result<i32, String> {
    let text = from.take_while(|b| b.is_ascii_digit() || b == b'-' || b == b'+');
    text.parse::<i32>().ok().ok_or_else(|| format!("{text:?} is no integer"))
}

fn numbers(from: &mut Cursor<'_>) -> Result<Vec<f64>, String> {
    if !from.eat("[") {
        return Err(from.unexpected("a list"));
    }
    let mut list = Vec::new();
    loop {
        from.skip_spaces();
        if from.eat("]") {
            return Ok(list);
        }
        list.push(from.number()?);
    }
}

fn hint(from: &mut Cursor<'_>) -> Result<CounterResetHint, String> {
    match from.take_while(|b| b.is_ascii_lowercase() || b == b'_') {
        "unknown" => Ok(CounterResetHint::Unknown),
        "reset" => Ok(CounterResetHint::Reset),
        "not_reset" => Ok(CounterResetHint::NotReset),
        "gauge" => Ok(CounterResetHint::Gauge),
        other => Err(format!("unknown counter reset hint {other:?}")),
    }
}
