//! Debian's Prometheus and node exporter, on ports of their own.

use std::path::Path;
use std::process::Command;

use super::process::Process;
use super::server::{Answer, agent, read_answer};
use super::{eventually, free_port, tools};

/// A running Prometheus that scrapes itself, a node exporter and hydrograph, each second, and
/// remote-writes to hydrograph.
pub(crate) struct Prometheus {
    _process: Process,
    _exporter: Process,
    address: String,
}

impl Prometheus {
    /// Starts both and waits until Prometheus is ready.
    pub(crate) fn start(folder: &Path, hydrograph: &str) -> Self {
        let exporter_address = format!("127.0.0.1:{}", free_port());
        let exporter = Process::start(
            Command::new(tools().join("usr/bin/prometheus-node-exporter"))
                .arg(format!("--web.listen-address={exporter_address}")),
        );
        let address = format!("127.0.0.1:{}", free_port());
        let config = folder.join("prometheus.yml");
        std::fs::write(&config, scrape_config(&address, &exporter_address, hydrograph))
            .expect("the folder can be written");
        let process = Process::start(
            Command::new(tools().join("usr/bin/prometheus"))
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
                .arg(format!("--web.listen-address={address}")),
        );
        let prometheus = Self { _process: process, _exporter: exporter, address };
        let client = agent();
        eventually("Prometheus to be ready", || {
            let url = format!("http://{}/-/ready", prometheus.address);
            client.get(&url).call().ok().filter(|answer| answer.status() == 200)
        });
        prometheus
    }

    /// GET with parameters.
    #[track_caller]
    pub(crate) fn ask(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let call = agent().get(&url).query_pairs(params.iter().copied()).call();
        read_answer(call.unwrap_or_else(|error| panic!("GET {url}: {error}")))
    }
}

fn scrape_config(own: &str, exporter: &str, hydrograph: &str) -> String {
    format!(
        r"
global:
  scrape_interval: 1s
remote_write:
  - url: http://{hydrograph}/api/v1/write
    queue_config: {{ max_shards: 1, batch_send_deadline: 1s }}
scrape_configs:
  - job_name: prometheus
    static_configs: [{{ targets: ['{own}'] }}]
  - job_name: node
    static_configs: [{{ targets: ['{exporter}'] }}]
  - job_name: hydrograph
    static_configs: [{{ targets: ['{hydrograph}'] }}]
"
    )
}
