//! Every expression of the reference's own test scripts parses and survives printing.

use crate::promql::{Options, parse};
use std::path::PathBuf;

/// The shared folder with the scripts, unless it is absent and may be.
fn scripts() -> Option<PathBuf> {
    let shared = std::env::var_os("HYDROGRAPH_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("promqltest");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "{} is required",
        folder.display()
    );
    eprintln!("SKIPPED: no scripts in {}", folder.display());
    None
}

/// The expression of an `eval` line.
fn expression(line: &str) -> Option<&str> {
    let words = line.strip_prefix("eval")?;
    let mut rest = words.trim_start_matches(|c: char| !c.is_ascii_whitespace()).trim_start();
    let mut skip = |count: usize| {
        for _ in 0..count {
            let (_, behind) = rest.split_once(char::is_whitespace)?;
            rest = behind.trim_start();
        }
        Some(rest)
    };
    match skip(0)?.split_whitespace().next()? {
        "instant" if skip(1)?.starts_with("at ") => skip(2),
        "instant" => skip(0),
        // from … to … step …
        "range" => skip(7),
        _ => None,
    }
}

#[test]
fn expressions_of_the_scripts_survive_printing() {
    let Some(folder) = scripts() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "test") {
            continue;
        }
        let script = std::fs::read_to_string(&path).expect("a script");
        for text in script.lines().map(str::trim).filter_map(expression) {
            let expr = parse(text, Options::ALL).unwrap_or_else(|e| panic!("{text}\n{e}"));
            let printed = expr.to_string();
            let again = parse(&printed, Options::ALL)
                .unwrap_or_else(|e| panic!("{text}\nprinted as {printed}\n{e}"));
            assert_eq!(again.to_string(), printed, "printed again from {text}");
            seen += 1;
        }
    }
    assert!(seen > 2000, "only {seen} expressions found");
}
