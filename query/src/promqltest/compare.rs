//! Whether an answer is the expected one.
//!
//! Law: floats are equal up to a relative 1e-6, but zero only equals zero; NaN equals NaN, a
//! staleness marker only itself. Series are compared as a set unless their order is asked for;
//! the series of a matrix must be sorted in any case.

use hydrograph_storage::labels::Labels;
use hydrograph_storage::samples::{Samples, is_stale_nan};

use super::eval::Expected;
use super::series::SeriesValue;
use crate::value::{MatrixSeries, Point, Value, VectorSample};

const EPSILON: f64 = 1e-6;

/// Whether two floats count as equal.
pub(super) fn almost_equal(a: f64, b: f64) -> bool {
    if is_stale_nan(a) || is_stale_nan(b) {
        return is_stale_nan(a) && is_stale_nan(b);
    }
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < EPSILON * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < EPSILON
}

/// Compares an answer with what is expected.
pub(super) fn check(expected: &Expected, answer: &Value) -> Result<(), String> {
    match answer {
        Value::Scalar { value, .. } => scalar(expected, *value),
        Value::String { text, .. } => match &expected.string {
            Some(wanted) if wanted == text => Ok(()),
            _ => Err(format!("expected {}, got a string", name_of(expected))),
        },
        Value::Vector(_) | Value::Matrix(_) if has_single(expected) => {
            Err(format!("expected {}, got series", name_of(expected)))
        }
        Value::Vector(vector) => check_vector(expected, vector),
        Value::Matrix(matrix) => check_matrix(expected, matrix),
    }
}

/// Compares one step of a range query with what an instant query should answer, a scalar or
/// else a vector.
pub(super) fn check_step(
    expected: &Expected,
    matrix: &[MatrixSeries],
    t_ms: i64,
    is_scalar: bool,
) -> Result<(), String> {
    let at_step = |series: &MatrixSeries| {
        let (_, value) = series.floats.iter().find(|(t, _)| *t == t_ms)?;
        Some(VectorSample { labels: series.labels.clone(), t_ms, point: Point::Float(value) })
    };
    let vector: Vec<VectorSample> = matrix.iter().filter_map(at_step).collect();
    match &vector[..] {
        [VectorSample { point: Point::Float(value), .. }] if is_scalar => scalar(expected, *value),
        _ => check(expected, &Value::Vector(vector)),
    }
}

/// Whether the series of a matrix ascend.
pub(super) fn check_sorted(matrix: &[MatrixSeries]) -> Result<(), String> {
    match matrix.windows(2).find(|pair| pair[0].labels >= pair[1].labels) {
        Some(pair) => Err(format!("{} stands before {}", pair[0].labels, pair[1].labels)),
        None => Ok(()),
    }
}

fn has_single(expected: &Expected) -> bool {
    expected.scalar.is_some() || expected.string.is_some()
}

fn name_of(expected: &Expected) -> String {
    match (expected.scalar, &expected.string) {
        (Some(value), _) => format!("the number {value}"),
        (None, Some(text)) => format!("the string {:?}", String::from_utf8_lossy(text)),
        (None, None) => "series".to_owned(),
    }
}

fn scalar(expected: &Expected, value: f64) -> Result<(), String> {
    match expected.scalar {
        Some(wanted) if almost_equal(wanted, value) => Ok(()),
        _ => Err(format!("expected {}, got {value}", name_of(expected))),
    }
}

fn check_vector(expected: &Expected, vector: &[VectorSample]) -> Result<(), String> {
    if expected.range_vector {
        return Err("expected a range vector, got an instant vector".to_owned());
    }
    let mut seen = vec![false; expected.series.len()];
    for (at, VectorSample { labels, point: Point::Float(value), .. }) in vector.iter().enumerate() {
        let Some(nth) = position(expected, labels) else {
            return Err(format!("unexpected series {labels} with {value}"));
        };
        if std::mem::replace(&mut seen[nth], true) {
            return Err(format!("{labels} twice"));
        }
        if expected.ordered && nth != at {
            return Err(format!("{labels} at place {at}, expected at {nth}"));
        }
        match &expected.series[nth].values[..] {
            [SeriesValue::Float(wanted)] if almost_equal(*wanted, *value) => {}
            [SeriesValue::Float(wanted)] => {
                return Err(format!("{labels}: expected {wanted}, got {value}"));
            }
            [SeriesValue::Histogram { .. }] => {
                return Err(format!("{labels}: expected a histogram, got {value}"));
            }
            _ => return Err(format!("{labels}: expected nothing, got {value}")),
        }
    }
    all_seen(expected, &seen)
}

fn check_matrix(expected: &Expected, matrix: &[MatrixSeries]) -> Result<(), String> {
    if expected.ordered {
        return Err("the order of a matrix cannot be expected".to_owned());
    }
    check_sorted(matrix)?;
    let mut seen = vec![false; expected.series.len()];
    for MatrixSeries { labels, floats } in matrix {
        let Some(nth) = position(expected, labels) else {
            return Err(format!("unexpected series {labels} with {}", shown(floats)));
        };
        seen[nth] = true;
        let wanted = expected_points(expected, nth)?;
        let equal = wanted.times_ms == floats.times_ms
            && wanted.values.iter().zip(&floats.values).all(|(a, b)| almost_equal(*a, *b));
        if !equal {
            let (wanted, got) = (shown(&wanted), shown(floats));
            return Err(format!("{labels}: expected {wanted}, got {got}"));
        }
    }
    all_seen(expected, &seen)
}

fn position(expected: &Expected, labels: &Labels) -> Option<usize> {
    expected.series.iter().position(|series| series.labels == *labels)
}

fn all_seen(expected: &Expected, seen: &[bool]) -> Result<(), String> {
    match expected.series.iter().zip(seen).find(|(_, seen)| !**seen) {
        Some((series, _)) => Err(format!("missing series {}", series.labels)),
        None => Ok(()),
    }
}

/// The points of an expected series with their times.
fn expected_points(expected: &Expected, nth: usize) -> Result<Samples, String> {
    let series = &expected.series[nth];
    let points = expected.points;
    let mut samples = Samples::new();
    let mut t_ms = points.start_ms;
    for value in &series.values {
        if t_ms > points.end_ms {
            return Err(format!("{}: more points expected than steps", series.labels));
        }
        match value {
            SeriesValue::Omitted => {}
            SeriesValue::Float(value) => samples.push(t_ms, *value),
            SeriesValue::Histogram { .. } => {
                return Err(format!("{}: expected a histogram at {t_ms}", series.labels));
            }
        }
        t_ms = t_ms.saturating_add(points.step_ms);
    }
    Ok(samples)
}

fn shown(samples: &Samples) -> String {
    let pairs: Vec<String> = samples.iter().map(|(t, value)| format!("{value} @{t}")).collect();
    format!("[{}]", pairs.join(", "))
}
