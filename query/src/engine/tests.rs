//! Whole queries over series in memory: one test for each feature, answers as text.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use hydrograph_storage::clock::ManualClock;
use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::{QueryLimits, Stopped};
use hydrograph_storage::samples::stale_nan;

use super::{Engine, EngineOptions, QueryRange, QueryRequest, QueryResult};
use crate::error::QueryError;
use crate::memory::MemorySource;
use crate::promql::{self, Options};
use crate::value::{Point, Value};

mod aggregations;
mod joins;
mod limits;
mod ranges;
mod selectors;
mod turn;

const MINUTE_MS: i64 = 60_000;

/// Series, one a line: a selector and a sample for each minute from the epoch on; `_` is none.
fn source(series: &str) -> Arc<MemorySource> {
    let source = MemorySource::new();
    for line in series.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (metric, values) = line.split_at(line.rfind('}').or(line.find(' ')).unwrap() + 1);
        let matchers = promql::parse_selector(metric).unwrap();
        let labels = Labels::from_pairs(matchers.iter().map(|m| (&*m.name, &*m.value)));
        for (minute, value) in values.split_whitespace().enumerate() {
            let value = match value {
                "_" => continue,
                "stale" => stale_nan(),
                number => number.parse().unwrap(),
            };
            source.append(&labels, minute as i64 * MINUTE_MS, value);
        }
    }
    Arc::new(source)
}

fn limits(budget_bytes: u64) -> QueryLimits {
    QueryLimits::new(budget_bytes, 1_000, Arc::new(ManualClock::at(0)))
}

fn run_within(
    source: Arc<MemorySource>,
    query: &str,
    range: QueryRange,
    limits: &QueryLimits,
    options: EngineOptions,
) -> Result<QueryResult, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let expr = promql::parse(query, Options::ALL).unwrap();
    let request = QueryRequest {
        tenant: Arc::from("anonymous"),
        text: query.to_owned(),
        expr,
        range,
        lookback_ms: None,
        limits: limits.clone(),
        turn: None,
    };
    let result = runtime.block_on(Engine::new(source, options).run(request));
    assert_eq!(limits.used_bytes(), 0, "all reservations are given back");
    result
}

fn text(result: Result<QueryResult, QueryError>) -> String {
    let result = match result {
        Ok(result) => result,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut out = String::new();
    match result.value {
        Value::Scalar { value, .. } => writeln!(out, "scalar {value}").unwrap(),
        Value::String { text, .. } => {
            writeln!(out, "string {}", String::from_utf8_lossy(&text)).unwrap();
        }
        Value::Vector(vector) => {
            for sample in vector {
                let Point::Float(value) = sample.point;
                writeln!(out, "{} {value}", sample.labels).unwrap();
            }
        }
        Value::Matrix(matrix) => {
            for series in matrix {
                write!(out, "{}", series.labels).unwrap();
                for (t_ms, value) in series.floats.iter() {
                    write!(out, " {value}@{}", t_ms as f64 / MINUTE_MS as f64).unwrap();
                }
                out.push('\n');
            }
        }
    }
    for annotation in result.warnings.iter().chain(&result.infos) {
        writeln!(out, "{annotation}").unwrap();
    }
    out
}

/// Evaluates once, so many minutes after the epoch.
fn check(series: &str, query: &str, minute: f64, expected: &Expect) {
    let range = QueryRange::Instant { t_ms: (minute * MINUTE_MS as f64) as i64 };
    let options = EngineOptions::default();
    expected.assert_eq(&text(run_within(source(series), query, range, &limits(1 << 24), options)));
}

/// Evaluates each minute from the epoch up to `minutes`.
fn check_range(series: &str, query: &str, minutes: i64, expected: &Expect) {
    let end_ms = minutes * MINUTE_MS;
    let range = QueryRange::Range { start_ms: 0, end_ms, step_ms: MINUTE_MS };
    let options = EngineOptions::default();
    expected.assert_eq(&text(run_within(source(series), query, range, &limits(1 << 24), options)));
}
