//! The text of a script as commands.
//!
//! Lines are trimmed, comments count as empty, an empty line ends a block. What is wrong within
//! a command stays with that command; only a line that is no command at all ends the reading.

use std::sync::LazyLock;

use regex::Regex;

use super::eval::Eval;
use super::load::Load;
use crate::promql::{ExprKind, Options, parse};

/// A line that is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: unknown command {text:?}")]
pub struct ScriptError {
    /// Counted from one.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// A whole script.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
}

/// One command.
#[derive(Debug)]
pub(super) enum Command {
    /// Go on with an empty storage.
    Clear,
    /// Add series, or why the block cannot be read.
    Load(Result<Load, String>),
    /// Ask and compare.
    Eval {
        /// Where it begins, counted from one.
        line: usize,
        /// The question, or why it cannot be read.
        eval: Result<Box<Eval>, String>,
    },
}

impl Script {
    pub(super) fn parse(text: &str) -> Result<Self, ScriptError> {
        let trim = |line: &'_ str| {
            let line = line.trim();
            if line.starts_with('#') { String::new() } else { line.to_owned() }
        };
        let lines: Vec<String> = text.split('\n').map(trim).collect();
        let mut commands = Vec::new();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let number = at + 1;
            at += 1;
            if line.is_empty() {
                continue;
            }
            let block = lines[at..].split(String::is_empty).next().unwrap_or_default();
            let word = line.split_whitespace().next().unwrap_or_default().to_lowercase();
            if word == "clear" {
                commands.push(Command::Clear);
            } else if word.starts_with("load") {
                commands.push(Command::Load(load(line, block)));
                at += block.len();
            } else if word.starts_with("eval") {
                let (eval, used) = Eval::parse(line, block);
                commands.push(Command::Eval { line: number, eval: eval.map(Box::new) });
                at += used;
            } else {
                return Err(ScriptError { line: number, text: line.clone() });
            }
        }
        Ok(Self { commands })
    }
}

fn load(line: &str, block: &[String]) -> Result<Load, String> {
    static LOAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^load(?:_(with_nhcb))?\s+(.+?)$"));
    let parts = LOAD.captures(line).ok_or_else(|| format!("{line:?} is no load"))?;
    let interval_ms = duration_ms(&parts[2])?;
    let series = Load::parse_series(block.iter().map(String::as_str))?;
    Ok(Load { interval_ms, with_custom_buckets: parts.get(1).is_some(), series })
}

/// A pattern of this module; all are tried by the tests.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// A length of time as Prometheus writes it: `1m30s`, or `0`.
pub(super) fn duration_ms(text: &str) -> Result<i64, String> {
    let refused = || format!("{text:?} is no duration");
    let expr = parse(text, Options::default()).ok().ok_or_else(refused)?;
    match expr.kind {
        ExprKind::Number(n) if text == "0" || (n.duration && !text.starts_with(['+', '-'])) => {
            Ok((n.value * 1000.0).round() as i64)
        }
        _ => Err(refused()),
    }
}
