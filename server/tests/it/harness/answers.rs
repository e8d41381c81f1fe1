//! Answers of the query API as plain maps, and what it means that two of them agree.

use std::collections::BTreeMap;

use serde_json::Value;

/// Labels of a series, as sorted text.
pub(crate) type Key = String;

/// A vector or matrix as points by series; a scalar is a series without labels.
pub(crate) type Points = BTreeMap<Key, Vec<(f64, f64)>>;

/// Reads the `data` of `query` or `query_range`.
#[track_caller]
pub(crate) fn points(data: &Value) -> Points {
    match data["resultType"].as_str() {
        Some("scalar") => [(String::new(), vec![point(&data["result"])])].into(),
        Some("vector") => series(data, |one| vec![point(&one["value"])]),
        Some("matrix") => series(data, |one| {
            one["values"].as_array().expect("values").iter().map(point).collect()
        }),
        other => panic!("result type {other:?} in {data}"),
    }
}

fn series(data: &Value, read: impl Fn(&Value) -> Vec<(f64, f64)>) -> Points {
    let all = data["result"].as_array().expect("a list of series");
    let map: Points = all.iter().map(|one| (key(&one["metric"]), read(one))).collect();
    assert_eq!(map.len(), all.len(), "no label set twice in {data}");
    map
}

/// A label set as sorted text.
pub(crate) fn key(metric: &Value) -> Key {
    let labels: BTreeMap<_, _> = metric.as_object().expect("a label set").iter().collect();
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(",")
}

fn point(pair: &Value) -> (f64, f64) {
    let t = pair[0].as_f64().expect("a time");
    let text = pair[1].as_str().expect("a value is a string");
    (t, text.parse().expect("a number"))
}

/// `None` where both agree: labels and times equal, values within 1e-9 relative.
pub(crate) fn difference(ours: &Points, theirs: &Points) -> Option<String> {
    for key in ours.keys().chain(theirs.keys()) {
        let (a, b) = match (ours.get(key), theirs.get(key)) {
            (Some(a), Some(b)) => (a, b),
            (Some(_), None) => return Some(format!("only ours has {{{key}}}")),
            (None, Some(_)) => return Some(format!("only theirs has {{{key}}}")),
            (None, None) => unreachable!("a key of one of them"),
        };
        if a.len() != b.len() {
            return Some(format!("{{{key}}}: {} points, theirs {}", a.len(), b.len()));
        }
        for (x, y) in a.iter().zip(b) {
            if x.0 != y.0 || !close(x.1, y.1) {
                return Some(format!("{{{key}}}: {x:?}, theirs {y:?}"));
            }
        }
    }
    None
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}
