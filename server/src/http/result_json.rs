//! Query answers as the JSON of the Prometheus API, written straight into one string.

use hydrograph_query::{MatrixSeries, Point, Value, VectorSample};
use hydrograph_storage::labels::Labels;

use super::number::{push_time, push_value};

/// The `data` object of an answer, with at most `limit` series.
pub(crate) fn push_data(out: &mut String, value: &Value, limit: usize) {
    let (kind, write): (_, &dyn Fn(&mut String)) = match value {
        Value::Scalar { t_ms, value } => ("scalar", &|out| push_pair(out, *t_ms, *value)),
        Value::String { t_ms, text } => ("string", &|out| push_text_pair(out, *t_ms, text)),
        Value::Vector(samples) => ("vector", &|out| push_list(out, samples, limit, push_sample)),
        Value::Matrix(series) => ("matrix", &|out| push_list(out, series, limit, push_series)),
    };
    out.push_str("{\"resultType\":\"");
    out.push_str(kind);
    out.push_str("\",\"result\":");
    write(out);
    out.push('}');
}

/// About how long the text of an answer is.
pub(crate) fn text_bytes(value: &Value) -> usize {
    const POINT: usize = 32;
    const LABELS: usize = 64;
    match value {
        Value::Scalar { .. } => LABELS,
        Value::String { text, .. } => LABELS + text.len(),
        Value::Vector(samples) => samples
            .iter()
            .map(|sample| LABELS + 2 * sample.labels.text_bytes() + POINT)
            .fold(LABELS, usize::saturating_add),
        Value::Matrix(series) => series
            .iter()
            .map(|one| LABELS + 2 * one.labels.text_bytes() + POINT * one.floats.len())
            .fold(LABELS, usize::saturating_add),
    }
}

/// Whether `limit` leaves something out.
pub(crate) fn exceeds(value: &Value, limit: usize) -> bool {
    match value {
        Value::Scalar { .. } | Value::String { .. } => false,
        Value::Vector(samples) => samples.len() > limit,
        Value::Matrix(series) => series.len() > limit,
    }
}

fn push_list<T>(out: &mut String, all: &[T], limit: usize, push: impl Fn(&mut String, &T)) {
    out.push('[');
    for (nth, one) in all.iter().take(limit).enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push(out, one);
    }
    out.push(']');
}

fn push_sample(out: &mut String, sample: &VectorSample) {
    out.push_str("{\"metric\":");
    push_labels(out, &sample.labels);
    out.push_str(",\"value\":");
    match sample.point {
        Point::Float(value) => push_pair(out, sample.t_ms, value),
    }
    out.push('}');
}

fn push_series(out: &mut String, series: &MatrixSeries) {
    out.push_str("{\"metric\":");
    push_labels(out, &series.labels);
    out.push_str(",\"values\":[");
    for (nth, (t_ms, value)) in series.floats.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push_pair(out, t_ms, value);
    }
    out.push_str("]}");
}

/// A label set as a JSON object.
pub(crate) fn push_labels(out: &mut String, labels: &Labels) {
    out.push('{');
    for (nth, (name, value)) in labels.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push_string(out, name);
        out.push(':');
        push_string(out, value);
    }
    out.push('}');
}

fn push_pair(out: &mut String, t_ms: i64, value: f64) {
    out.push('[');
    push_time(out, t_ms);
    out.push_str(",\"");
    push_value(out, value);
    out.push_str("\"]");
}

fn push_text_pair(out: &mut String, t_ms: i64, text: &[u8]) {
    out.push('[');
    push_time(out, t_ms);
    out.push(',');
    push_string(out, &String::from_utf8_lossy(text));
    out.push(']');
}

fn push_string(out: &mut String, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).expect("strings are JSON"));
    }
}
