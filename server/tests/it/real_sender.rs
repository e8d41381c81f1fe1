//! A real Prometheus scrapes each second and remote-writes; then both are asked the same
//! questions and agree: before and after a flush, before and after a restart.

use crate::harness::answers::{difference, points};
use crate::harness::peers::Prometheus;
use crate::harness::server::Server;
use crate::harness::{eventually, now_ms};

const SCRAPED_MS: i64 = 70_000;
const QUERIES: &str = include_str!("real_sender.queries");

/// A range query and the longest window before it lie within what was scraped: where a window
/// holds a series' beginning, 2.42 extrapolates otherwise than the reference does today.
const RANGE_MS: i64 = 28_000;

/// Neither on a scrape nor on a step of any subquery below.
const OFF_SCRAPE_MS: i64 = 317;

struct Moment {
    instant: String,
    start: String,
    end: String,
}

fn seconds(t_ms: i64) -> String {
    format!("{}.{:03}", t_ms / 1000, t_ms % 1000)
}

fn compare(ours: &Server, theirs: &Prometheus, moment: &Moment, when: &str) {
    let (mut asked, mut differences) = (0, Vec::new());
    let lines = QUERIES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for query in lines {
        let instant = [("query", query), ("time", &*moment.instant)];
        let range =
            [("query", query), ("start", &*moment.start), ("end", &*moment.end), ("step", "7")];
        for (path, params) in [("/api/v1/query", &instant[..]), ("/api/v1/query_range", &range)] {
            let theirs = theirs.ask(path, params);
            let ours = ours.ask(path, params);
            assert_eq!(theirs.status, 200, "{query}: {}", theirs.body);
            assert_eq!(ours.status, 200, "{query}: {}", ours.body);
            asked += 1;
            let (ours, theirs) = (points(&ours.data()), points(&theirs.data()));
            if let Some(difference) = difference(&ours, &theirs) {
                differences.push(format!("{path} {query}\n    {difference}"));
            }
        }
    }
    assert!(differences.is_empty(), "{when}:\n{}", differences.join("\n"));
    assert!(asked >= 120, "at least 60 queries, instant and range");
    eprintln!("{asked} questions agree {when}");
}

/// Waits until every target's samples have arrived up to `until_ms`.
fn arrived(ours: &Server, until_ms: i64) {
    eventually("Prometheus to have sent everything", || {
        let data = ours.ask("/api/v1/query", &[("query", "min(timestamp(up))")]).data();
        let newest = points(&data).into_values().next()?[0].1;
        (newest * 1000.0 > until_ms as f64).then_some(())
    });
}

#[test]
fn prometheus_and_hydrograph_agree() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let mut ours = Server::start(&data, &[]);
    let port: String = ours.address().to_owned();
    let theirs = Prometheus::start(folder.path(), &port);
    let started_ms = now_ms();
    eventually("a minute of scrapes", || (now_ms() > started_ms + SCRAPED_MS).then_some(()));

    let end_ms = now_ms() / 1000 * 1000 + OFF_SCRAPE_MS;
    arrived(&ours, end_ms + 3_000);
    let moment = Moment {
        instant: seconds(end_ms),
        start: seconds(end_ms - RANGE_MS),
        end: seconds(end_ms),
    };
    compare(&ours, &theirs, &moment, "before a flush");
    ours.flush();
    compare(&ours, &theirs, &moment, "after a flush");
    ours.kill9();
    ours = Server::start(&data, &[]);
    compare(&ours, &theirs, &moment, "after a crash");
    assert!(ours.terminate().success());
    ours = Server::start(&data, &[]);
    compare(&ours, &theirs, &moment, "after a restart");
}
