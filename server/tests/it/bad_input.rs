//! Garbage, bombs, depth and size: a clear error, bounded memory, and the server lives on.

use hydrograph_proto::remote_write::messages::{
    Exemplar, Histogram, Label, MetricMetadata, Sample, TimeSeries, WriteRequest,
};
use prost::Message as _;

use crate::harness::server::{Answer, Server};
use crate::harness::write::{HEADERS, compress, encode, message, series};
use crate::harness::{eventually, now_ms};

const RSS_BYTES_MAX: u64 = 600 << 20;

fn rss_bytes(server: &mut Server) -> u64 {
    let path = format!("/proc/{}/statm", server.process().pid());
    let statm = std::fs::read_to_string(path).expect("a running process has a statm");
    let pages: u64 = statm.split(' ').nth(1).expect("the second field").parse().expect("a number");
    pages * 4096
}

fn assert_lives(server: &mut Server) {
    assert!(server.process().runs(), "the server lives on");
    let used = rss_bytes(server);
    assert!(used < RSS_BYTES_MAX, "{used} bytes resident");
    let good = [series("alive", &[], &[(now_ms(), 1.0)])];
    assert_eq!(server.write(&good).expect("an answer").status, 204);
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

#[test]
fn bad_bodies_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path(), &[]);
    let good = encode(&[series("up", &[], &[(now_ms(), 1.0)])]);
    let short = [varint(30 << 20), vec![0; 100]].concat();
    let lying: Vec<u8> = [varint(u64::from(u32::MAX)), vec![0; 100]].concat();
    let bomb = compress(&vec![0u8; 200 << 20]);
    let bodies: [(&str, Vec<u8>, u16); 9] = [
        ("a length that the body cannot have", short, 400),
        ("empty is an empty request", Vec::new(), 400),
        ("garbage", b"\xff\xfe garbage \x00".repeat(50), 400),
        ("truncated", good[..good.len() - 3].to_vec(), 400),
        ("a length that lies", lying, 413),
        ("a bomb", bomb, 413),
        ("not protobuf inside", compress(b"\x0a\xff\xff\xff\xff\x0fxx"), 400),
        ("text inside", compress(b"{\"up\": 1}"), 400),
        ("a group", compress(&[0x0b, 0x0b, 0x0b]), 400),
    ];
    for (what, body, status) in bodies {
        let answer = server.post("/api/v1/write", &HEADERS, &body).expect("an answer");
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert!(!answer.body.is_empty(), "{what}");
    }
    let big = vec![0u8; 40 << 20];
    let refused = server.post("/api/v1/write", &HEADERS, &big);
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status == 413));
    assert_lives(&mut server);
}

#[test]
fn wrong_content_types_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path(), &[]);
    let good = [series("up", &[], &[(now_ms(), 1.0)])];
    let v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    for headers in [
        [("content-type", "text/plain"), ("content-encoding", "snappy")],
        [("content-type", "application/json"), ("content-encoding", "snappy")],
        [("content-type", v2), ("content-encoding", "snappy")],
        [("content-type", "application/x-protobuf"), ("content-encoding", "zstd")],
        [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")],
    ] {
        let answer = server.post("/api/v1/write", &headers, &encode(&good)).expect("an answer");
        assert_eq!(answer.status, 415, "{headers:?}: {}", answer.body);
    }
    let v1 = "application/x-protobuf;proto=prometheus.WriteRequest";
    let named = [("content-type", v1), ("content-encoding", "snappy")];
    let answer = server.post("/api/v1/write", &named, &encode(&good)).expect("an answer");
    assert_eq!(answer.status, 204, "{}", answer.body);
    let bare = message(&good);
    let answer = server.post("/api/v1/write", &HEADERS[..1], &compress(&bare)).expect("an answer");
    assert_eq!(answer.status, 204, "snappy is the default: {}", answer.body);
    assert_lives(&mut server);
}

#[test]
fn bad_series_leave_the_good_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path(), &[]);
    let t_ms = now_ms();
    let mut twice = series("twice", &[("a", "1")], &[(t_ms, 1.0)]);
    twice.labels.push(("a".to_owned(), "2".to_owned()));
    let mut nameless = series("x", &[], &[(t_ms, 1.0)]);
    nameless.labels.clear();
    let mut unsorted = series("unsorted", &[("b", "1")], &[(t_ms, 3.0)]);
    unsorted.labels.insert(0, ("c".to_owned(), "2".to_owned()));
    let all = [
        series("good", &[], &[(t_ms, 1.0)]),
        twice,
        nameless,
        series("future", &[], &[(t_ms + 3_600_000, 1.0)]),
        series("ancient", &[], &[(t_ms - 40 * 86_400_000, 1.0)]),
        series("long", &[("v", &"x".repeat(5_000))], &[(t_ms, 1.0)]),
        unsorted,
    ];
    let answer = server.write(&all).expect("an answer");
    assert_eq!(answer.status, 400, "{}", answer.body);
    for part in ["duplicate", "5", "future"] {
        assert!(answer.body.contains(part), "{part:?} in {}", answer.body);
    }
    server.flush();
    let names = server.get("/api/v1/label/__name__/values").data();
    assert_eq!(names, serde_json::json!(["good", "unsorted"]));
    assert_lives(&mut server);
}

#[test]
fn what_cannot_be_stored_yet_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path(), &[]);
    let label = Label { name: "__name__".to_owned(), value: "h".to_owned() };
    let request = WriteRequest {
        timeseries: vec![TimeSeries {
            labels: vec![label],
            samples: vec![Sample { value: 1.0, timestamp: now_ms() }],
            exemplars: vec![Exemplar::default()],
            histograms: vec![Histogram::default(), Histogram::default()],
        }],
        metadata: vec![MetricMetadata::default()],
    };
    let body = compress(&request.encode_to_vec());
    let answer = server.post("/api/v1/write", &HEADERS, &body).expect("an answer");
    assert_eq!(answer.status, 204, "{}", answer.body);
    let told = answer.header("x-hydrograph-not-stored");
    assert_eq!(told, "histograms=2, exemplars=1, metadata=1");
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("hydrograph_gateway_unsupported_total{kind=\"histogram\"} 2"));
    assert_lives(&mut server);
}

#[test]
fn bad_queries_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut server = Server::start(folder.path(), &["--query.max-memory-bytes", "32MiB"]);
    let t_ms = now_ms();
    let many: Vec<_> = (0..2_000)
        .map(|n: i64| {
            series("many", &[("n", &n.to_string())], &[(t_ms - 60_000, n as f64), (t_ms, 1.0)])
        })
        .collect();
    assert_eq!(server.write(&many).expect("an answer").status, 204);
    server.flush();
    let chain = vec!["1"; 10_001].join("+");
    let answer = server.post_form("/api/v1/query", &[("query", &chain)]);
    assert_eq!(answer.data()["result"][1], "10001", "a long chain is no depth");
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let refuse = |query: &str, text: &str| -> Answer {
        let answer = server.post_form("/api/v1/query", &[("query", query)]);
        assert!(answer.status == 400 || answer.status == 422, "{}", answer.body);
        assert!(answer.body.contains(text), "{text:?} in {}", answer.body);
        answer
    };
    refuse(&deep, "nest");
    refuse(&format!("{}2", "2^".repeat(10_000)), "nest");
    refuse("up{a=~\"((((a{1000}){1000}){1000}){1000})\"}", "parse error");
    refuse("up{a=~\"(\"}", "parse error");
    refuse("\"\u{0}", "parse error");
    let span = [
        ("query", "many"),
        ("start", &*format!("{}", t_ms / 1000 - 10_000)),
        ("end", &*format!("{}", t_ms / 1000 + 100_000)),
        ("step", "10"),
    ];
    let points = server.ask("/api/v1/query_range", &span);
    assert!(points.status == 422 || points.status == 200, "{}", points.body);
    let crossed = server.post_form(
        "/api/v1/query_range",
        &[("query", "max_over_time(many[30h])"), span[1], span[2], ("step", "11")],
    );
    assert_eq!(crossed.status, 422, "{}", &crossed.body[..crossed.body.len().min(300)]);
    assert!(crossed.body.contains("memory budget"), "{}", crossed.body);
    assert_lives(&mut server);
}

/// A query that takes far longer than a test may wait, over the samples of [`busy`].
const DEAR: &str = "quantile_over_time(0.5, rate(busy[1m])[1h:1s])";

fn busy() -> (tempfile::TempDir, Server, i64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &[]);
    let t_ms = now_ms();
    let all: Vec<_> = (0..500)
        .map(|n: i64| {
            let samples: Vec<_> = (0..240).rev().map(|i| (t_ms - i * 15_000, i as f64)).collect();
            series("busy", &[("n", &n.to_string())], &samples)
        })
        .collect();
    assert_eq!(server.write(&all).expect("an answer").status, 204);
    server.flush();
    (folder, server, t_ms)
}

#[test]
fn a_query_ends_when_its_client_leaves() {
    let (_folder, mut server, t_ms) = busy();
    let evaluating = |server: &Server| {
        let metrics = server.get("/metrics").body;
        let line = metrics.lines().find(|line| line.starts_with("hydrograph_queries_evaluating "));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).expect("the gauge")
    };
    let query: String = DEAR.replace(' ', "%20");
    let (start, end) = (t_ms / 1000 - 10_000, t_ms / 1000);
    let request = format!(
        "GET /api/v1/query_range?query={query}&start={start}&end={end}&step=1 HTTP/1.1\r\nhost: x\r\n\r\n"
    );
    let mut stream = std::net::TcpStream::connect(server.address()).expect("it listens");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    eventually("the query to be evaluated", || (evaluating(&server) == 1).then_some(()));
    drop(stream);
    eventually("the query to end", || (evaluating(&server) == 0).then_some(()));
    assert_lives(&mut server);
}

#[test]
fn a_query_ends_at_its_deadline() {
    let (_folder, mut server, t_ms) = busy();
    let answer = server.ask(
        "/api/v1/query_range",
        &[
            ("query", DEAR),
            ("start", &(t_ms / 1000 - 10_000).to_string()),
            ("end", &(t_ms / 1000).to_string()),
            ("step", "1"),
            ("timeout", "100ms"),
        ],
    );
    assert_eq!(answer.status, 503, "{}", &answer.body[..answer.body.len().min(300)]);
    assert!(answer.body.contains("timed out"), "{}", answer.body);
    assert_lives(&mut server);
}
