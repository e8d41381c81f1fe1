//! The `hydrograph` binary: flags become a configuration, the configuration becomes a running
//! process, a signal ends it in order.

mod all;
mod app;
mod background;
mod compaction;
mod config;
mod flags;
mod http;
mod logging;
mod metrics;
mod units;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use crate::config::Config;
use crate::flags::{AllFlags, Cli, Command};

const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A bug met while a query is answered ends that query. One met by a thread that owns a partition
/// or writes the log ends the process: what it holds can no longer be trusted, and a restart
/// replays the log.
fn abort_where_state_is_owned() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with("shard") || name.starts_with("log")) {
            std::process::abort();
        }
    }));
}

/// 0 after an ordered end, 1 after a fault, 2 for flags that cannot be meant.
fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => run_all(&cli.all),
        Some(Command::All(flags)) => run_all(&flags),
        Some(Command::Promqltest { path, verbose }) => run_scripts(&path, verbose),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hydrograph: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(flags: &AllFlags) -> Result<ExitCode> {
    let config = match Config::from_flags(flags) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("hydrograph: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    abort_where_state_is_owned();
    logging::start(&flags.log_level, flags.log_format)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(all::run(config));
    // A query that nobody waits for any more must not keep the process.
    runtime.shutdown_timeout(LAST_WORDS);
    ended.map(|()| ExitCode::SUCCESS)
}

fn run_scripts(path: &std::path::Path, verbose: bool) -> Result<ExitCode> {
    let report = runtime()?.block_on(hydrograph_query::promqltest::run_path(path))?;
    if verbose {
        print!("{}", report.failures());
    }
    print!("{report}");
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the tokio runtime")
}
