//! Blocks are open data: pyarrow reads them and finds what the query API says.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::first_start::walk;
use crate::harness::answers::{key, points};
use crate::harness::server::Server;
use crate::harness::write::series;
use crate::harness::{now_ms, tools};

#[test]
fn pyarrow_reads_the_series_and_samples_of_a_block() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &[]);
    let t_ms = now_ms();
    let samples = |value: fn(i64) -> f64| -> Vec<(i64, f64)> {
        (0..300).map(|i| (t_ms - 3_000_000 + i * 10_000, value(i))).collect()
    };
    let all = [
        series("counter_total", &[("host", "a")], &samples(|i| (i * 17) as f64)),
        series("gauge", &[("host", "a")], &samples(|i| (i % 7) as f64 / 10.0)),
        series("gauge", &[("host", "b"), ("größe", "x")], &samples(|i| -(i as f64))),
        series("real", &[], &samples(|i| (i as f64).sin())),
        series("odd", &[], &samples(|i| if i % 2 == 0 { -0.0 } else { f64::INFINITY })),
        series("wide", &[], &samples(|i| (i as f64) * 1e12)),
    ];
    assert_eq!(server.write(&all).expect("an answer").status, 204);
    server.flush();
    let seconds = (t_ms / 1000 + 1).to_string();
    let query = [("query", "{__name__=~\".+\"}[2h]"), ("time", &*seconds)];
    let answered = points(&server.ask("/api/v1/query", &query).data());

    let blocks = walk(folder.path()).into_iter().filter(|name| name.ends_with(".parquet"));
    let output = Command::new("python3")
        .env("PYTHONPATH", tools().join("python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../storage/tests/open_data.py"))
        .args(blocks)
        .output()
        .expect("python3 is installed (`make tools`)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut read: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).expect("text").lines() {
        let row: Value = serde_json::from_str(line).expect("JSON");
        let of_row = row["samples"].as_array().expect("samples").iter().map(|pair| {
            let bits = pair[1].as_str().expect("hexadecimal bits");
            let bits = u64::from_str_radix(bits, 16).expect("hexadecimal bits");
            (pair[0].as_f64().expect("a time") / 1000.0, f64::from_bits(bits))
        });
        read.entry(key(&row["labels"])).or_default().extend(of_row);
    }
    for samples in read.values_mut() {
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    assert_eq!(read.len(), all.len());
    assert_eq!(read, answered);
}
