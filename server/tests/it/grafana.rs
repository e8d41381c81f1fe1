//! Every call that Grafana's Prometheus data source makes, replayed.

use serde_json::json;

use crate::harness::eventually;
use crate::harness::now_ms;
use crate::harness::server::Server;
use crate::harness::write::series;

fn loaded() -> (tempfile::TempDir, Server, i64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::start(folder.path(), &[]);
    let t_ms = now_ms() / 1000 * 1000 - 60_000;
    let all = [
        series("up", &[("instance", "a:1"), ("job", "x")], &[(t_ms, 1.0)]),
        series("up", &[("instance", "b:1"), ("job", "y")], &[(t_ms, 0.0)]),
        series("heat.of-room", &[("größe", "5")], &[(t_ms, 21.5)]),
    ];
    assert_eq!(server.write(&all).expect("an answer").status, 204);
    eventually("the samples to be visible", || {
        let names = server.get("/api/v1/label/__name__/values").data();
        (names.as_array().map(Vec::len) == Some(2)).then_some(())
    });
    (folder, server, t_ms)
}

#[test]
fn save_and_test_finds_a_prometheus() {
    let (_folder, server, _) = loaded();
    let answer = server.post_form("/api/v1/query", &[("query", "1+1"), ("time", "4")]);
    assert_eq!(answer.data(), json!({"resultType": "scalar", "result": [4, "2"]}));
    let info = server.get("/api/v1/status/buildinfo").data();
    assert!(info["version"].is_string() && info["features"].is_null(), "{info}");
    let probe = [("query", "test"), ("start", "1700000000000"), ("end", "1700000600000")];
    assert_eq!(server.ask("/api/v1/query_exemplars", &probe).data(), json!([]));
}

#[test]
fn dashboards_and_explore_query_with_forms() {
    let (_folder, server, t_ms) = loaded();
    let seconds = t_ms / 1000;
    let data = server
        .post_form("/api/v1/query", &[("query", "up"), ("time", &format!("{seconds}.5"))])
        .data();
    assert_eq!(data["resultType"], "vector");
    assert_eq!(
        data["result"][0],
        json!({"metric": {"__name__": "up", "instance": "a:1", "job": "x"},
               "value": [seconds as f64 + 0.5, "1"]})
    );
    let range = [
        ("query", "sum(up)"),
        ("start", &*format!("{seconds}.123456789")),
        ("end", &*format!("{}", seconds + 30)),
        ("step", "15"),
        ("timeout", "30s"),
    ];
    let data = server.post_form("/api/v1/query_range", &range).data();
    assert_eq!(data["resultType"], "matrix");
    assert_eq!(
        data["result"],
        json!([{"metric": {}, "values": [[seconds as f64 + 0.123, "1"],
                                          [seconds as f64 + 15.123, "1"]]}])
    );
    let data = server.ask("/api/v1/query", &[("query", "\"text\""), ("time", "1")]).data();
    assert_eq!(data, json!({"resultType": "string", "result": [1, "text"]}));
}

#[test]
fn metadata_calls_answer() {
    let (_folder, server, t_ms) = loaded();
    let (start, end) = ((t_ms / 1000 - 10).to_string(), (t_ms / 1000 + 10).to_string());
    let span = [("start", &*start), ("end", &*end), ("limit", "40000")];
    let labels = server.post_form("/api/v1/labels", &span).data();
    assert_eq!(labels, json!(["__name__", "größe", "instance", "job"]));
    let some = [("match[]", "up{job=\"x\"}"), span[0], span[1]];
    assert_eq!(server.ask("/api/v1/labels", &some).data(), json!(["__name__", "instance", "job"]));
    assert_eq!(server.ask("/api/v1/label/instance/values", &some).data(), json!(["a:1"]));
    assert_eq!(
        server.ask("/api/v1/label/U__gr_f6__df_e/values", &span).data(),
        json!(["5"]),
        "escaped UTF-8"
    );
    let found = server.post_form("/api/v1/series", &[("match[]", "up"), span[0], span[1]]).data();
    assert_eq!(
        found,
        json!([{"__name__": "up", "instance": "a:1", "job": "x"},
               {"__name__": "up", "instance": "b:1", "job": "y"}])
    );
    let limited = [("match[]", "up"), ("limit", "1")];
    assert_eq!(server.ask("/api/v1/series", &limited).data().as_array().map(Vec::len), Some(1));
    assert_eq!(server.ask("/api/v1/series", &[]).status, 400);
    assert_eq!(server.ask("/api/v1/metadata", &[("metric", "up")]).data(), json!({}));
    assert_eq!(server.ask("/api/v1/rules", &[]).data(), json!({"groups": []}));
}

#[test]
fn errors_have_prometheus_types() {
    let (_folder, server, _) = loaded();
    let check = |path: &str, params: &[(&str, &str)], status: u16, kind: &str, text: &str| {
        let answer = server.ask(path, params);
        assert_eq!(answer.status, status, "{}", answer.body);
        let json = answer.json();
        assert_eq!((&json["status"], &json["errorType"]), (&json!("error"), &json!(kind)));
        assert!(json["error"].as_str().is_some_and(|e| e.contains(text)), "{}", answer.body);
    };
    let query = "/api/v1/query";
    check(query, &[("query", "up{")], 400, "bad_data", "parse error");
    check(query, &[("query", "up"), ("time", "soon")], 400, "bad_data", "cannot parse");
    check(query, &[("query", "up + on() group_left() up")], 422, "execution", "many-to-many");
    let range = "/api/v1/query_range";
    let span = [("query", "up"), ("start", "0"), ("end", "11001"), ("step", "1")];
    check(range, &span, 400, "bad_data", "11,000");
    let zero = [("query", "up"), ("start", "0"), ("end", "1"), ("step", "0")];
    check(range, &zero, 400, "bad_data", "zero or negative");
    let back = [("query", "up"), ("start", "2"), ("end", "1"), ("step", "1")];
    check(range, &back, 400, "bad_data", "end timestamp must not be before start time");
    check("/api/v1/nothing", &[], 404, "not_found", "no such path");
}

#[test]
fn tenants_see_only_their_own() {
    let (_folder, server, t_ms) = loaded();
    let body = crate::harness::write::encode(&[series("up", &[("job", "z")], &[(t_ms, 5.0)])]);
    let mut headers = crate::harness::write::HEADERS.to_vec();
    headers.push(("x-scope-orgid", "other"));
    assert_eq!(server.post("/api/v1/write", &headers, &body).expect("answer").status, 204);
    let ask = || {
        let form =
            [("x-scope-orgid", "other"), ("content-type", "application/x-www-form-urlencoded")];
        server.post("/api/v1/query", &form, b"query=up").expect("answer").data()
    };
    let data = eventually("the other tenant's sample", || {
        let data = ask();
        (data["result"].as_array().map(Vec::len) == Some(1)).then_some(data)
    });
    assert_eq!(data["result"][0]["value"][1], "5");
    server.flush();
    assert_eq!(ask()["result"][0]["metric"], json!({"__name__": "up", "job": "z"}));
    let own = server.ask("/api/v1/query", &[("query", "up")]).data();
    assert_eq!(own["result"].as_array().map(Vec::len), Some(2));
}

#[test]
fn answers_are_compressed_when_asked() {
    let (_folder, server, t_ms) = loaded();
    let query = format!("query=up&start={0}&end={1}&step=1", t_ms / 1000, t_ms / 1000 + 200);
    let path = format!("/api/v1/query_range?{query}");
    let mut stream = std::net::TcpStream::connect(server.address()).expect("it listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer).expect("read");
    let head = String::from_utf8_lossy(&answer[..answer.len().min(600)]).to_lowercase();
    assert!(head.contains("content-encoding: gzip"), "{head}");
}
