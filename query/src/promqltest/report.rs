//! What came of scripts, and how it is written.

use std::fmt;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Script by script, in the order of their names.
    pub scripts: Vec<ScriptReport>,
}

/// What came of one script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptReport {
    /// The file's name without extension.
    pub name: String,
    /// How many evals there are.
    pub total: usize,
    /// Those that did not pass.
    pub failures: Vec<Failure>,
}

/// An eval that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where in the script it begins, counted from one.
    pub line: usize,
    /// Why it failed.
    pub reason: String,
}

impl ScriptReport {
    /// How many evals passed.
    pub fn passed(&self) -> usize {
        self.total - self.failures.len()
    }
}

impl Report {
    /// How many evals passed.
    pub fn passed(&self) -> usize {
        self.scripts.iter().map(ScriptReport::passed).sum()
    }

    /// How many evals there are.
    pub fn total(&self) -> usize {
        self.scripts.iter().map(|script| script.total).sum()
    }

    /// One line per failure: `NAME:LINE: reason`.
    pub fn failures(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            for script in &self.scripts {
                for Failure { line, reason } in &script.failures {
                    writeln!(f, "{}:{line}: {reason}", script.name)?;
                }
            }
            Ok(())
        })
    }
}

/// One line per script, `NAME passed/total`, and a last line `total passed/total`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for script in &self.scripts {
            writeln!(f, "{} {}/{}", script.name, script.passed(), script.total)?;
        }
        writeln!(f, "total {}/{}", self.passed(), self.total())
    }
}
