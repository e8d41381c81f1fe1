//! The `eval` commands: a query, its times, and what it must answer.

use std::sync::LazyLock;

use regex::Regex;

use super::expectation::{Rules, Text};
use super::script::{duration_ms, pattern};
use super::series::{LoadedSeries, SeriesLine};
use crate::engine::QueryRange;
use crate::promql::{ExprKind, Options, parse};

/// One question of a script.
#[derive(Debug)]
pub(super) struct Eval {
    /// The text of the query.
    pub(super) query: String,
    /// When it is asked.
    pub(super) times: QueryRange,
    /// Failure and annotations.
    pub(super) rules: Rules,
    /// The answer.
    pub(super) expected: Expected,
}

/// The answer that an eval expects.
#[derive(Debug)]
pub(super) struct Expected {
    /// A number.
    pub(super) scalar: Option<f64>,
    /// A string.
    pub(super) string: Option<Vec<u8>>,
    /// Series, in the order in which they are written.
    pub(super) series: Vec<LoadedSeries>,
    /// The order of the series counts.
    pub(super) ordered: bool,
    /// The times of the points of a series.
    pub(super) points: Points,
    /// An instant query that answers with ranges.
    pub(super) range_vector: bool,
}

/// Equally distant times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
pub(super) struct Points {
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) step_ms: i64,
}

impl Points {
    fn parse(start: &str, end: &str, step: &str) -> Result<Self, String> {
        let (start_ms, end_ms) = (duration_ms(start)?, duration_ms(end)?);
        let points = Self { start_ms, end_ms, step_ms: duration_ms(step)? };
        if points.step_ms == 0 {
            return Err("a step of zero".to_owned());
        }
        if end_ms < start_ms {
            return Err(format!("{start} is behind {end}"));
        }
        Ok(points)
    }
}

impl Eval {
    /// Reads an eval from its first line and the lines after it, and says how many of those
    /// belong to it.
    pub(super) fn parse(line: &str, block: &[String]) -> (Result<Self, String>, usize) {
        let mut eval = match Self::parse_head(line) {
            Ok(eval) => eval,
            Err(fault) => return (Err(fault), block.len()),
        };
        for (nth, line) in block.iter().enumerate() {
            match eval.add_line(line) {
                Ok(Body::GoesOn) => {}
                Ok(Body::Ends) => return (Ok(eval), nth + 1),
                Err(fault) => return (Err(fault), block.len()),
            }
        }
        (Ok(eval), block.len())
    }

    fn parse_head(line: &str) -> Result<Self, String> {
        static INSTANT: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$")
        });
        static RANGE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$",
            )
        });
        if let Some(parts) = INSTANT.captures(line) {
            let t_ms = parts.get(2).map_or(Ok(0), |at| duration_ms(at.as_str()))?;
            let points = Points { start_ms: t_ms, end_ms: t_ms, step_ms: 0 };
            let suffix = parts.get(1).map_or("", |suffix| suffix.as_str());
            return Ok(Self::new(&parts[3], QueryRange::Instant { t_ms }, points, suffix));
        }
        let parts = RANGE.captures(line).ok_or_else(|| format!("{line:?} is no eval"))?;
        let points = Points::parse(&parts[2], &parts[3], &parts[4])?;
        let Points { start_ms, end_ms, step_ms } = points;
        let times = QueryRange::Range { start_ms, end_ms, step_ms };
        Ok(Self::new(&parts[5], times, points, parts.get(1).map_or("", |suffix| suffix.as_str())))
    }

    fn new(query: &str, times: QueryRange, points: Points, suffix: &str) -> Self {
        let rules = Rules::of_suffix(suffix);
        let expected = Expected {
            scalar: None,
            string: None,
            series: Vec::new(),
            ordered: rules.ordered,
            points,
            range_vector: false,
        };
        Self { query: query.to_owned(), times, rules, expected }
    }

    fn is_range(&self) -> bool {
        matches!(self.times, QueryRange::Range { .. })
    }

    fn add_line(&mut self, line: &str) -> Result<Body, String> {
        if self.rules.fail.is_some() {
            if let Some(text) = line.strip_prefix("expected_fail_message") {
                self.rules.fail = Some(Text::Exact(text.trim().to_owned()));
                return Ok(Body::Ends);
            }
            if let Some(text) = line.strip_prefix("expected_fail_regexp") {
                self.rules.fail = Some(Text::parse_pattern(text.trim())?);
                return Ok(Body::Ends);
            }
        }
        if line.starts_with("expect range vector") {
            return self.expect_range_vector(line);
        }
        if let Some(literal) = line.strip_prefix("expect string ") {
            self.expected.string = Some(string(literal.trim())?);
            return Ok(Body::GoesOn);
        }
        if line.split_whitespace().next() == Some("expect") {
            self.rules.add(line)?;
            self.expected.ordered = self.rules.ordered;
            return Ok(Body::GoesOn);
        }
        if let Some(value) = number(line) {
            self.expected.scalar = Some(value);
            return Ok(Body::Ends);
        }
        self.expect_series(line)
    }

    fn expect_range_vector(&mut self, line: &str) -> Result<Body, String> {
        static RANGE_VECTOR: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$")
        });
        let parts = RANGE_VECTOR.captures(line).ok_or_else(|| format!("unknown rule {line:?}"))?;
        if self.is_range() {
            return Err("a range query has no range vector".to_owned());
        }
        let points = Points::parse(&parts[1], &parts[2], &parts[3])?;
        self.times = QueryRange::Instant { t_ms: points.end_ms };
        self.expected.points = points;
        self.expected.range_vector = true;
        Ok(Body::GoesOn)
    }

    fn expect_series(&mut self, line: &str) -> Result<Body, String> {
        let SeriesLine::Values(series) = SeriesLine::parse(line)? else {
            return Err(format!("start timestamps cannot be expected: {line:?}"));
        };
        let ranges = self.is_range() || self.expected.range_vector;
        if series.values.is_empty() || (series.values.len() > 1 && !ranges) {
            return Err(format!("expected one value at {line:?}"));
        }
        if self.expected.series.iter().any(|other| other.labels == series.labels) {
            return Err(format!("{} is expected twice", series.labels));
        }
        self.expected.series.push(series);
        Ok(Body::GoesOn)
    }
}

/// Whether more lines belong to an eval.
enum Body {
    GoesOn,
    Ends,
}

/// A line that is a number and nothing else.
fn number(line: &str) -> Option<f64> {
    match parse(line, Options::default()).ok()?.kind {
        ExprKind::Number(number) if !number.duration => Some(number.value),
        _ => None,
    }
}

/// The bytes of a string literal.
fn string(literal: &str) -> Result<Vec<u8>, String> {
    let mut expr = parse(literal, Options::default()).map_err(|error| error.to_string())?;
    match &mut expr.kind {
        ExprKind::String(bytes) => Ok(std::mem::take(bytes)),
        _ => Err(format!("{literal:?} is no string")),
    }
}
