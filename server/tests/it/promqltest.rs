//! `hydrograph promqltest` prints a line per script and a total, none below its floor.

use std::collections::BTreeMap;
use std::process::Command;

use crate::harness::shared;

const FLOOR: &str = include_str!("../../../query/src/promqltest/floor.txt");

/// Passed and total, by the name of the script.
fn counts(text: &str) -> BTreeMap<&str, (u32, u32)> {
    let lines = text.lines().map(|line| {
        let (name, count) = line.split_once(' ').expect("a name and a count");
        let (passed, total) = count.split_once('/').expect("passed/total");
        (name, (passed.parse().expect("a number"), total.parse().expect("a number")))
    });
    lines.collect()
}

#[test]
fn the_command_prints_a_line_per_script_and_a_total() {
    let Some(shared) = shared() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_hydrograph"))
        .arg("promqltest")
        .arg(shared.join("promqltest"))
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("total "), "{text}");
    let (found, floor) = (counts(&text), counts(FLOOR));
    for (script, (passed, total)) in floor {
        let found = found[script];
        assert!(found.0 >= passed && found.1 == total, "{script}: {found:?}\n{text}");
    }
    eprintln!("{last}");
}
