//! The reference's own scripts are read whole, and their evals are counted.

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

#[tokio::test]
async fn every_eval_of_the_scripts_is_counted() {
    let Some(folder) = scripts() else { return };
    let report = run_path(&folder).await.expect("scripts");
    assert_eq!(report.total(), 2214);
}
