//! A hydrograph process and its HTTP surface.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;

use super::process::Process;
use super::{eventually, write};

/// A running server.
pub(crate) struct Server {
    process: Process,
    address: String,
    agent: ureq::Agent,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {}", self.body))
    }

    /// The `data` of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(json["status"], "success", "{}", self.body);
        json["data"].take()
    }

    /// A header's value, "" if absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
}

/// A client that reports every status as an answer.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_mins(1)))
        .build()
        .into()
}

pub(crate) fn read_answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(1 << 30).read_to_string();
    Answer { status, headers, body: body.expect("answers are text") }
}

impl Server {
    /// Starts a server on `folder` and a free port, and waits until it is ready. Without its own
    /// metrics, so that a test sees only what it wrote.
    pub(crate) fn start(folder: &Path, flags: &[&str]) -> Self {
        let mut server = Self::launch(folder, flags);
        let agent = server.agent.clone();
        let url = server.url("/-/ready");
        eventually("the server to be ready", || {
            assert!(server.process.runs(), "the server ended: {:?}", server.process.lines());
            agent.get(&url).call().ok().filter(|answer| answer.status() == 200)
        });
        server
    }

    /// Starts a server and waits until it serves HTTP, ready or not.
    pub(crate) fn launch(folder: &Path, flags: &[&str]) -> Self {
        let mut process = Process::start(
            Command::new(env!("CARGO_BIN_EXE_hydrograph"))
                .arg("--data-dir")
                .arg(folder)
                .args(["--http.listen-address", "127.0.0.1:0", "--log-format", "json"])
                .args(["--log.partitions", "3"])
                .args(if flags.contains(&"--self-monitoring") {
                    &[][..]
                } else {
                    &["--self-monitoring", "false"][..]
                })
                .args(flags),
        );
        let address = eventually("the server to listen", || {
            let found = process.lines().iter().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["message"] == "serving HTTP")
                    .then(|| line["address"].as_str().expect("an address").to_owned())
            });
            assert!(found.is_some() || process.runs(), "ended: {:?}", process.lines());
            found
        });
        Self { process, address, agent: agent() }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// GET.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        let call = self.agent.get(self.url(path)).call();
        read_answer(call.unwrap_or_else(|error| panic!("GET {path}: {error}")))
    }

    /// GET with parameters.
    #[track_caller]
    pub(crate) fn ask(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let call = self.agent.get(self.url(path)).query_pairs(params.iter().copied()).call();
        read_answer(call.unwrap_or_else(|error| panic!("GET {path}: {error}")))
    }

    /// POST of a form.
    #[track_caller]
    pub(crate) fn post_form(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let call = self.agent.post(self.url(path)).send_form(params.iter().copied());
        read_answer(call.unwrap_or_else(|error| panic!("POST {path}: {error}")))
    }

    /// POST of bytes with headers; the error is the connection's.
    pub(crate) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = self.agent.post(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).map(read_answer)
    }

    /// Remote write as tenant `anonymous`.
    pub(crate) fn write(&self, series: &[write::Series]) -> Result<Answer, ureq::Error> {
        self.post("/api/v1/write", &write::HEADERS, &write::encode(series))
    }

    /// Moves everything into blocks.
    #[track_caller]
    pub(crate) fn flush(&self) {
        let answer = self.post("/-/flush", &[], &[]).expect("the server answers");
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// `kill -9`.
    pub(crate) fn kill9(mut self) {
        self.process.kill9();
    }

    /// SIGTERM, and the end.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.process.terminate()
    }
}
