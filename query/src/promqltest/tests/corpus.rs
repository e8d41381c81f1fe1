//! The reference's own scripts are read whole, their evals are counted, and what passed once
//! goes on passing.

use std::path::PathBuf;

use crate::engine::QueryRange;
use crate::promqltest::script::Command;
use crate::promqltest::{read_script, run_path, script_files};

/// The folder of the scripts, unless it is absent and may be.
fn scripts() -> Option<PathBuf> {
    let shared = std::env::var_os("HYDROGRAPH_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("promqltest");
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var_os("REQUIRE_SHARED").is_some_and(|value| value == "1");
    assert!(!required, "{} is required", folder.display());
    eprintln!("SKIPPED: no scripts in {}", folder.display());
    None
}

#[test]
fn every_command_of_the_scripts_is_understood() {
    let Some(folder) = scripts() else { return };
    let files = script_files(&folder).expect("a folder");
    assert_eq!(files.len(), 21);
    let (mut instant, mut range, mut loads) = (0, 0, 0);
    for file in files {
        let name = file.display();
        for command in read_script(&file).expect("a script").commands {
            match command {
                Command::Clear => {}
                Command::Load(load) => {
                    loads += 1;
                    load.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                }
                Command::Eval { line, eval } => {
                    match eval.unwrap_or_else(|fault| panic!("{name}:{line}: {fault}")).times {
                        QueryRange::Instant { .. } => instant += 1,
                        QueryRange::Range { .. } => range += 1,
                    }
                }
            }
        }
    }
    assert_eq!((instant, range, loads), (1885, 329, 277 + 33));
}

/// How many evals of a script passed and how many there are, from a line of a report.
fn counts(line: &str) -> (&str, usize, usize) {
    let (name, counts) = line.split_once(' ').expect("a name");
    let (passed, total) = counts.split_once('/').expect("two numbers");
    (name, passed.parse().expect("a number"), total.parse().expect("a number"))
}

/// The floor is written as a report is; `UPDATE_EXPECT=1` raises it, nothing lowers it.
#[tokio::test]
async fn no_script_falls_below_its_floor() {
    let Some(folder) = scripts() else { return };
    let report = run_path(&folder).await.expect("scripts");
    assert_eq!(report.total(), 2214);
    let shown = report.to_string();
    let floor = include_str!("../floor.txt");
    assert_eq!(shown.lines().count(), floor.lines().count(), "{shown}");
    for (line, floor) in shown.lines().zip(floor.lines()) {
        let ((name, passed, total), (floor_name, floor, all)) = (counts(line), counts(floor));
        assert_eq!((name, total), (floor_name, all));
        assert!(passed >= floor, "{name}: {passed} pass, it were {floor}\n{}", report.failures());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        expect_test::expect_file!["../floor.txt"].assert_eq(&shown);
    }
}
