//! Runs test scripts in the reference's language over a storage.
//!
//! ```text
//! file ─▶ Script (clear, load, eval) ─▶ Storage ─▶ Engine ─▶ every re-run compared ─▶ Report
//! ```
//!
//! Law: an eval passes only if all its re-runs do, at other times and as a range query. One that
//! cannot be understood fails alone. After a load that the storage cannot hold whole, every eval
//! fails until `clear`, so nothing passes for lack of data. A part of the language that does not
//! exist here is never the failure that a script expects. The clock is the script's: no run
//! depends on the machine's time.
//!
//! What a script is run over is the caller's: [`Storage`] is loaded, its source is queried.

mod compare;
mod cursor;
mod eval;
mod expectation;
mod histogram;
mod load;
mod report;
mod rerun;
mod runner;
mod script;
mod series;
mod storage;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use histogram::{BucketCounts, CounterResetHint, HistogramLiteral};
pub use load::Load;
pub use report::{Failure, Report, ScriptReport};
pub use script::ScriptError;
pub use series::{LoadedSeries, SeriesValue};
pub use storage::{MemoryStorage, NotHeld, Storage};

use script::Script;

/// Why scripts were not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not a script.
    #[error("{path}: {source}")]
    Script {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ScriptError,
    },
}

/// Runs a script, or all `*.test` files of a folder in the order of their names, in memory.
pub async fn run_path(path: &Path) -> Result<Report, RunError> {
    run_path_on(path, &|| Box::new(MemoryStorage::default())).await
}

/// Like [`run_path`], over storages that `open` makes: an empty one at every `clear`.
pub async fn run_path_on(
    path: &Path,
    open: &(dyn Fn() -> Box<dyn Storage> + Sync),
) -> Result<Report, RunError> {
    let mut scripts = Vec::new();
    for file in script_files(path)? {
        let script = read_script(&file)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        scripts.push(runner::run(name, &script, open).await);
    }
    Ok(Report { scripts })
}

fn script_files(path: &Path) -> Result<Vec<PathBuf>, RunError> {
    let unreadable = |source| RunError::Unreadable { path: path.to_owned(), source };
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "test") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read_script(path: &Path) -> Result<Script, RunError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| RunError::Unreadable { path: path.to_owned(), source })?;
    Script::parse(&text).map_err(|source| RunError::Script { path: path.to_owned(), source })
}
