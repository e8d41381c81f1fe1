//! `kill -9` at any moment: every acknowledged sample is there exactly once afterwards, and
//! nothing is there that was not sent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::harness::answers::points;
use crate::harness::server::Server;
use crate::harness::write::{Series, series};
use crate::harness::{now_ms, soak};

const CYCLES: u32 = 25;
const CYCLES_SOAK: u32 = 300;
const WRITERS: u32 = 3;
const SERIES_PER_REQUEST: u32 = 7;
const SAMPLES_PER_SERIES: i64 = 4;

/// What one writer knows of its samples: by (series, time), the value and whether it was
/// acknowledged.
#[derive(Default)]
struct Sent(BTreeMap<(u32, i64), (f64, bool)>);

struct Writer {
    number: u32,
    next_ms: i64,
    sent: Sent,
}

impl Writer {
    fn request(&mut self) -> Vec<((u32, i64), f64)> {
        let mut samples = Vec::new();
        for one in 0..SERIES_PER_REQUEST {
            for step in 0..SAMPLES_PER_SERIES {
                let t_ms = self.next_ms + step;
                samples.push(((one, t_ms), (t_ms % 1_000_000) as f64 + f64::from(one) / 8.0));
            }
        }
        self.next_ms += SAMPLES_PER_SERIES;
        samples
    }

    /// Writes until the server is gone.
    fn run(&mut self, server: &Server, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let samples = self.request();
            let mut by_series: BTreeMap<u32, Vec<(i64, f64)>> = BTreeMap::new();
            for &((one, t_ms), value) in &samples {
                by_series.entry(one).or_default().push((t_ms, value));
                self.sent.0.insert((one, t_ms), (value, false));
            }
            let number = self.number.to_string();
            let body: Vec<Series> = by_series
                .iter()
                .map(|(one, samples)| {
                    let labels = [("series", &*one.to_string()), ("writer", &*number)];
                    series("kill_test", &labels, samples)
                })
                .collect();
            match server.write(&body) {
                Ok(answer) => {
                    assert_eq!(answer.status, 204, "{}", answer.body);
                    for (key, value) in samples {
                        self.sent.0.insert(key, (value, true));
                    }
                }
                Err(_gone) => return,
            }
        }
    }

    fn check(&self, server: &Server, evaluated_ms: i64) {
        for one in 0..SERIES_PER_REQUEST {
            let query = format!("kill_test{{series=\"{one}\",writer=\"{}\"}}[2h]", self.number);
            let time = format!("{}", evaluated_ms as f64 / 1000.0);
            let answer = server.ask("/api/v1/query", &[("query", &query), ("time", &time)]);
            let found = points(&answer.data()).into_values().next().unwrap_or_default();
            let mut times: Vec<i64> = Vec::new();
            for (seconds, value) in found {
                let t_ms = (seconds * 1000.0).round() as i64;
                let sent = self.sent.0.get(&(one, t_ms));
                let Some(&(expected, _)) = sent else { panic!("never sent: {one} at {t_ms}") };
                assert_eq!(value, expected, "series {one} at {t_ms}");
                times.push(t_ms);
            }
            assert!(times.is_sorted_by(|a, b| a < b), "each sample once");
            for (&(_, t_ms), &(_, acknowledged)) in
                self.sent.0.range((one, i64::MIN)..=(one, i64::MAX))
            {
                let there = times.binary_search(&t_ms).is_ok();
                assert!(there || !acknowledged, "acknowledged and lost: {one} at {t_ms}");
            }
        }
    }
}

/// glommio where the machine allows it, else, loudly, tokio.
fn runtimes(folder: &std::path::Path) -> [&'static str; 2] {
    let mut probe = Server::launch(folder, &["--ingester.shard-runtime", "auto"]);
    let lines = probe.process().lines().join("\n");
    probe.kill9();
    if lines.contains("glommio") && !lines.contains("io_uring refused") {
        ["glommio", "tokio"]
    } else {
        eprintln!("SKIPPED: glommio, since this machine refuses io_uring");
        ["tokio", "tokio"]
    }
}

#[test]
fn no_acknowledged_sample_is_lost_and_none_is_invented() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seed = now_ms() as u64;
    eprintln!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let start_ms = now_ms() - 3_600_000;
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|number| Writer { number, next_ms: start_ms, sent: Sent::default() })
        .collect();
    let runtimes = runtimes(folder.path());
    let cycles = if soak() { CYCLES_SOAK } else { CYCLES };
    for cycle in 0..cycles {
        let flags = [
            "--ingester.shard-runtime",
            runtimes[cycle as usize % 2],
            "--ingester.flush-bytes",
            "64KiB",
            "--ingester.flush-age",
            "300ms",
            "--compactor.interval",
            "200ms",
        ];
        let mut server = Server::start(folder.path(), &flags);
        let evaluated_ms = now_ms();
        for writer in &writers {
            writer.check(&server, evaluated_ms);
        }
        let life = Duration::from_millis(rng.random_range(5..900));
        let pid = rustix::process::Pid::from_raw(server.process().pid() as i32);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in &mut writers {
                scope.spawn(|| writer.run(&server, &stop));
            }
            std::thread::park_timeout(life);
            let pid = pid.expect("a process has a number");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL)
                .expect("a child can be killed");
            stop.store(true, Ordering::Relaxed);
        });
        server.kill9();
    }
    let server = Server::start(folder.path(), &[]);
    let evaluated_ms = now_ms();
    let mut acknowledged = 0;
    for writer in &writers {
        writer.check(&server, evaluated_ms);
        acknowledged += writer.sent.0.values().filter(|(_, acknowledged)| *acknowledged).count();
    }
    eprintln!("{acknowledged} acknowledged samples over {cycles} kills, each there once");
    assert!(acknowledged > 1_000, "the writers wrote");
    assert!(server.terminate().success(), "an ordered end");
}
