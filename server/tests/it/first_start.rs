//! The first minutes of a new user: data without a sender, one owner of a folder, an ordered end.

use crate::harness::answers::points;
use crate::harness::process::Process;
use crate::harness::server::Server;
use crate::harness::write::series;
use crate::harness::{eventually, now_ms};

#[test]
fn there_is_data_without_any_sender() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &["--self-monitoring", "true"]);
    for query in ["hydrograph_build_info", "sum by (job) (up)"] {
        let found = eventually(query, || {
            let data = server.ask("/api/v1/query", &[("query", query)]).data();
            points(&data).into_values().next()
        });
        assert_eq!(found[0].1, 1.0, "{query}");
    }
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("hydrograph_http_requests_total{"), "{metrics}");
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &[]);
    let mut second = Process::start(
        std::process::Command::new(env!("CARGO_BIN_EXE_hydrograph"))
            .arg("--data-dir")
            .arg(folder.path())
            .args(["--http.listen-address", "127.0.0.1:0"]),
    );
    eventually("the second process to refuse", || (!second.runs()).then_some(()));
    let lines = second.lines().join("\n");
    assert!(lines.contains("another process"), "{lines}");
    assert_eq!(server.get("/-/healthy").status, 200);
}

#[test]
fn an_ordered_end_keeps_everything_in_blocks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &[]);
    let t_ms = now_ms();
    let sample = [series("kept", &[("a", "b")], &[(t_ms, 7.5)])];
    assert_eq!(server.write(&sample).expect("an answer").status, 204);
    assert!(server.terminate().success());
    let blocks = walk(folder.path()).into_iter().filter(|name| name.ends_with(".parquet"));
    assert_eq!(blocks.count(), 1, "the one sample was flushed");
    let server = Server::start(folder.path(), &[]);
    let data = server.ask("/api/v1/query", &[("query", "kept")]).data();
    assert_eq!(points(&data).values().next().expect("the series")[0].1, 7.5);
}

/// Every file below `folder`.
pub(crate) fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            names.extend(walk(&path));
        } else {
            names.push(path.to_string_lossy().into_owned());
        }
    }
    names
}
