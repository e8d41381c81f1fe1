//! Hydrograph beside Prometheus and VictoriaMetrics: the same data, the same machine, one run.
//!
//! Law: figures are compared within one run only. Ingestion is measured with one server alive at
//! a time, queries with all of them loaded and idle, asked in turn. Whatever was acknowledged is
//! counted and then looked for.

mod client;
mod dataset;
mod ingest;
mod kubernetes;
mod peers;
mod process;
mod queries;
mod statistics;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use crate::dataset::Dataset;
use crate::peers::{Kind, Peer};

/// Measures ingestion, memory, disk and queries of hydrograph and of its peers.
#[derive(Debug, Parser)]
struct Flags {
    /// What to replay.
    #[arg(long, value_enum, default_value = "exporters")]
    set: SetName,
    /// Copies of each series, told apart by a label (`exporters`), pods (`kubernetes`).
    #[arg(long, default_value_t = 20)]
    copies: u32,
    /// Minutes of data to replay, the newest ones; all by default.
    #[arg(long, default_value_t = u32::MAX)]
    minutes: u32,
    /// Alternating rounds of all queries.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Which servers, in this order.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Kind::Hydrograph, Kind::Prometheus, Kind::VictoriaMetrics])]
    servers: Vec<Kind>,
    /// The hydrograph binary.
    #[arg(long, default_value = "target/release/hydrograph")]
    hydrograph: PathBuf,
    /// The Prometheus binary [default: of the tools folder].
    #[arg(long)]
    prometheus: Option<PathBuf>,
    /// The VictoriaMetrics binary [default: of the tools folder].
    #[arg(long)]
    victoria_metrics: Option<PathBuf>,
    /// Folder of installed programs.
    #[arg(long, env = "HYDROGRAPH_TOOLS", default_value = ".tools")]
    tools: PathBuf,
    /// Folder of the recorded data.
    #[arg(long, env = "HYDROGRAPH_SHARED", default_value = "../shared")]
    shared: PathBuf,
    /// More flags for hydrograph, separated by spaces.
    #[arg(long = "hydrograph-flags", default_value = "", allow_hyphen_values = true)]
    server_args: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SetName {
    /// Real exporters scraped each 15 s; copies are equal but for a shift in time, so disk
    /// figures of more than one copy flatter whoever compresses across series.
    Exporters,
    /// The same exporters as 15 really different copies: use it for disk figures.
    Phases,
    /// Generated: 10 to 15 labels, pod names and container ids, 5 % churn in 10 minutes.
    Kubernetes,
}

fn main() -> Result<()> {
    let flags = Flags::parse();
    let data = load(&flags)?;
    println!(
        "data: {:?}, {} series, {} samples in {} ticks",
        flags.set,
        data.series.len(),
        data.samples(),
        data.ticks()
    );
    let work = tempfile::tempdir().context("a folder for the servers' data")?;
    let mut loaded = Vec::new();
    for &kind in &flags.servers {
        let folder = work.path().join(kind.name());
        let mut peer = Peer::new(kind, binary(&flags, kind), &folder, &flags.server_args)?;
        let report = ingest::run(&mut peer, &data).with_context(|| kind.name().to_owned())?;
        println!("{report}");
        peer.stop()?;
        loaded.push(peer);
    }
    if flags.rounds > 0 {
        for peer in &mut loaded {
            peer.start()?;
        }
        queries::run(&loaded, &data, flags.rounds, flags.set == SetName::Kubernetes)?;
    }
    Ok(())
}

fn load(flags: &Flags) -> Result<Dataset> {
    let recorded = |name: &str| flags.shared.join("data").join(name);
    let mut data = match flags.set {
        SetName::Exporters => {
            Dataset::read(&recorded("exporters-15s.jsonl.zst"))?.copied(flags.copies)
        }
        SetName::Phases => Dataset::read(&recorded("exporters-1s.jsonl.zst"))?.phases(),
        SetName::Kubernetes => kubernetes::generate(flags.copies, 81 * 60_000),
    };
    data.keep_newest(i64::from(flags.minutes).saturating_mul(60_000));
    data.rebase(client::now_ms() - 5_000);
    Ok(data)
}

fn binary(flags: &Flags, kind: Kind) -> PathBuf {
    let installed = |name: &str| flags.tools.join("usr/bin").join(name);
    match kind {
        Kind::Hydrograph => flags.hydrograph.clone(),
        Kind::Prometheus => flags.prometheus.clone().unwrap_or_else(|| installed("prometheus")),
        Kind::VictoriaMetrics => {
            flags.victoria_metrics.clone().unwrap_or_else(|| installed("victoria-metrics"))
        }
    }
}
