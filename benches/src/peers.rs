//! How each server is started, settled and asked.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde_json::Value;

use crate::client::{agent, get};
use crate::process::{Process, folder_bytes};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Hydrograph,
    Prometheus,
    VictoriaMetrics,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hydrograph => "hydrograph",
            Self::Prometheus => "prometheus",
            Self::VictoriaMetrics => "victoria-metrics",
        }
    }
}

/// One server with its folder, running or not.
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    binary: PathBuf,
    folder: PathBuf,
    flags: Vec<String>,
    address: String,
    process: Option<Process>,
}

/// Longer than the grace below.
const STEADY_SECONDS: u32 = 15;
const WAIT_ROUNDS: u32 = 6_000;

impl Peer {
    /// A server that is not started yet.
    pub(crate) fn new(kind: Kind, binary: PathBuf, folder: &Path, flags: &str) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        let flags = if kind == Kind::Hydrograph { flags } else { "" };
        Ok(Self {
            kind,
            binary,
            folder: folder.to_owned(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            address: socket.local_addr()?.to_string(),
            process: None,
        })
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(&mut self) -> Result<()> {
        let mut command = Command::new(&self.binary);
        let folder = self.folder.display();
        match self.kind {
            Kind::Hydrograph => command
                .args(["--http.listen-address", &self.address, "--self-monitoring", "false"])
                .args(["--data-dir", &folder.to_string(), "--log-level", "warn"])
                .args(["--query.timeout", "5s", "--compactor.grace", "10s"])
                .args(["--compactor.interval", "1s"])
                .args(&self.flags),
            Kind::Prometheus => {
                let config = self.folder.join("prometheus.yml");
                std::fs::write(&config, "global: {scrape_interval: 1h}\n")?;
                command
                    .arg(format!("--config.file={}", config.display()))
                    .arg(format!("--storage.tsdb.path={folder}/tsdb"))
                    .arg(format!("--web.listen-address={}", self.address))
                    .args(["--web.enable-remote-write-receiver", "--web.enable-admin-api"])
            }
            Kind::VictoriaMetrics => command
                .arg(format!("-storageDataPath={folder}/data"))
                .arg(format!("-httpListenAddr={}", self.address))
                .args(["-retentionPeriod=1", "-search.maxUniqueTimeseries=5000000"])
                .arg("-search.latencyOffset=1ms"),
        };
        self.process = Some(Process::start(&mut command)?);
        let path = if self.kind == Kind::VictoriaMetrics { "/health" } else { "/-/ready" };
        self.wait_until("ready", |peer| Ok(get(&agent(), &peer.url(path), &[]).is_ok()))
    }

    /// Ends it in order.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.process.take().context("a running server")?.terminate()
    }

    /// Its process.
    pub(crate) fn process(&self) -> Result<&Process> {
        self.process.as_ref().context("a running server")
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where it takes remote writes.
    pub(crate) fn write_url(&self) -> String {
        self.url("/api/v1/write")
    }

    /// What a query of it needs beside the query's own parameters.
    pub(crate) fn query_params(&self) -> &'static [(&'static str, &'static str)] {
        if self.kind == Kind::VictoriaMetrics { &[("nocache", "1")] } else { &[] }
    }

    /// Moves what is in memory to disk, as a quarter of an hour would have.
    pub(crate) fn flush_generation(&self) -> Result<()> {
        if self.kind == Kind::Hydrograph { self.post("/-/flush") } else { Ok(()) }
    }

    /// Everything flushed and merged, and how many bytes of disk that takes. For hydrograph that
    /// is the whole folder, the log included.
    pub(crate) fn settled_bytes(&self) -> Result<u64> {
        match self.kind {
            Kind::Hydrograph => {
                self.post("/-/flush")?;
                self.post("/-/compact")?;
                self.steady_bytes()
            }
            Kind::Prometheus => {
                self.post("/api/v1/admin/tsdb/snapshot")?;
                folder_bytes(&self.folder.join("tsdb/snapshots"))
            }
            Kind::VictoriaMetrics => {
                get(&agent(), &self.url("/internal/force_flush"), &[])?;
                get(&agent(), &self.url("/internal/force_merge"), &[])?;
                self.wait_until("merged", |peer| {
                    Ok(peer.metric("vm_active_merges")? == 0.0
                        && peer.metric("vm_active_force_merges")? == 0.0)
                })?;
                folder_bytes(&self.folder)
            }
        }
    }

    /// The bytes of the folder once they have not changed for longer than the grace.
    fn steady_bytes(&self) -> Result<u64> {
        let (mut bytes, mut looks) = (folder_bytes(&self.folder)?, 0);
        while looks < STEADY_SECONDS {
            std::thread::park_timeout(Duration::from_secs(1));
            let now = folder_bytes(&self.folder)?;
            looks = if now == bytes { looks + 1 } else { 0 };
            bytes = now;
        }
        Ok(bytes)
    }

    /// The sum over all series of one of its own metrics; 0 if it has none.
    fn metric(&self, name: &str) -> Result<f64> {
        let (_, text) = get(&agent(), &self.url("/metrics"), &[])?;
        let of_name =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let values = text.lines().filter(of_name).filter_map(|line| line.rsplit(' ').next());
        Ok(values.filter_map(|value| value.parse::<f64>().ok()).sum())
    }

    fn post(&self, path: &str) -> Result<()> {
        let answer = agent().post(self.url(path)).send_empty()?;
        if answer.status().as_u16() >= 300 {
            bail!("{path} answered {}", answer.status());
        }
        Ok(())
    }

    fn wait_until(&self, what: &str, met: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        for _ in 0..WAIT_ROUNDS {
            if met(self)? {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        bail!("{} is not {what} after minutes", self.kind.name())
    }

    /// How many samples of one metric it finds between two times.
    pub(crate) fn count_samples(
        &self,
        metric: &str,
        (first_ms, last_ms): (i64, i64),
    ) -> Result<f64> {
        let seconds = (last_ms - first_ms) / 1000 + 2;
        let query = format!("sum(count_over_time({metric}[{seconds}s]))");
        let time = format!("{:.3}", (last_ms + 1) as f64 / 1000.0);
        let mut params = vec![("query", query.as_str()), ("time", &time)];
        params.extend(self.query_params());
        let (_, body) = get(&agent(), &self.url("/api/v1/query"), &params)?;
        let answer: Value = serde_json::from_str(&body)?;
        let text = answer["data"]["result"][0]["value"][1].as_str();
        text.map_or(Ok(0.0), |text| Ok(text.parse()?))
    }
}
