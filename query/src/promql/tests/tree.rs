//! The tree itself: positions, types, changes, selectors on their own.

use crate::promql::ast::{At, Extension};
use crate::promql::duration::QueryTimes;
use crate::promql::ops::MatchOp;
use crate::promql::{Expr, Options, parse, parse_selector};
use expect_test::{Expect, expect};

fn parsed(query: &str) -> Expr {
    parse(query, Options::ALL).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// Every node with its text in the query.
fn check_ranges(query: &str, expected: &Expect) {
    let mut lines = String::new();
    parsed(query).walk(|node| {
        let text = &query[node.range.start as usize..node.range.end as usize];
        lines.extend([node.value_type().name(), " ", text, "\n"]);
    });
    expected.assert_eq(&lines);
}

#[test]
fn ranges_cover_what_belongs_to_a_node() {
    check_ranges(
        "sum by (x) (rate(a{b=\"c\"} [5m] offset 1m)) / -(1 + 2)  # end",
        &expect![[r#"
            vector sum by (x) (rate(a{b="c"} [5m] offset 1m)) / -(1 + 2)
            vector sum by (x) (rate(a{b="c"} [5m] offset 1m))
            vector rate(a{b="c"} [5m] offset 1m)
            matrix a{b="c"} [5m] offset 1m
            scalar -(1 + 2)
            scalar (1 + 2)
            scalar 1 + 2
            scalar 1
            scalar 2
        "#]],
    );
    check_ranges(
        "topk(- 3, rate((max(a) by (b) ) [ 5m : ] @ end()) == bool 1)",
        &expect![[r"
            vector topk(- 3, rate((max(a) by (b) ) [ 5m : ] @ end()) == bool 1)
            vector rate((max(a) by (b) ) [ 5m : ] @ end()) == bool 1
            vector rate((max(a) by (b) ) [ 5m : ] @ end())
            matrix (max(a) by (b) ) [ 5m : ] @ end()
            vector (max(a) by (b) )
            vector max(a) by (b)
            vector a
            scalar 1
            scalar - 3
        "]],
    );
}

#[test]
fn errors_know_line_and_column() {
    let error = parse("sum(a) +\n  é", Options::ALL).expect_err("no token");
    assert_eq!(error.line_and_column(), Some((2, 3)));
    assert_eq!(error.to_string(), "2:3: parse error: unexpected character: 'é'");
    let error = parse("", Options::ALL).expect_err("nothing there");
    assert_eq!(error.to_string(), "unknown position: parse error: no expression found in input");
}

#[test]
fn pinning_sets_times_outside_of_subqueries() {
    for (query, expected) in [
        ("a", "a @ 1.500"),
        ("a + b @ 2", "a @ 1.500 + b @ 2.000"),
        ("rate(a[5m] offset 1m)", "rate(a[5m] @ 1.500 offset 1m)"),
        ("a @ start()", "a @ 1.500"),
        ("rate(a[5m:] offset 1m)", "rate(a[5m:] @ 1.500 offset 1m)"),
        ("sum(rate(a[5m])[1h:] @ 3) + 1", "sum(rate(a[5m])[1h:] @ 3.000) + 1"),
    ] {
        let query = query.replace("sum(", "sum_over_time(");
        let mut expr = parsed(&query);
        expr.pin(1500);
        assert_eq!(expr.to_string(), expected.replace("sum(", "sum_over_time("));
    }
}

#[test]
fn selectors_hold_what_was_written() {
    let expr = parsed("a{b=~\"c\"}[5m] smoothed @ 2 offset -1m");
    let selector = expr.selector().expect("a selector");
    assert_eq!(selector.name.as_deref(), Some("a"));
    assert_eq!(selector.at, Some(At::Time(2000)));
    assert_eq!(selector.extension, Some(Extension::Smoothed));
    let offset = selector.offset.as_ref().expect("an offset");
    assert_eq!(offset.offset_ms(QueryTimes::default()), Ok(-60_000));
    let matchers: Vec<_> =
        selector.matchers.iter().map(|m| (m.name.as_str(), m.op, m.value.as_str())).collect();
    let expected = [("b", MatchOp::Regex, "c"), ("__name__", MatchOp::Equal, "a")];
    assert_eq!(matchers, expected);
}

#[test]
fn durations_resolve_with_step_and_range() {
    let times = QueryTimes { step_ms: 15_000, range_ms: 3_600_000 };
    for (text, expected) in [
        ("5m", Ok(300_000)),
        ("0.0015", Ok(1)),
        ("step()", Ok(15_000)),
        ("range() / 2 + 1ms", Ok(1_800_001)),
        ("max_of(1m, step() * 5) - 10", Ok(65_000)),
        ("2 ^ 3 % 5", Ok(3_000)),
        ("-(-5)", Ok(5_000)),
        ("step() - 15", Err("4:15: duration must be greater than 0")),
        ("1 / (step() - 15)", Err("4:20: division by zero")),
        ("1 % (step() - 15)", Err("4:20: modulo by zero")),
        ("10 ^ 400 + 0", Err("4:16: duration is NaN or infinite")),
        ("step() * 1e9", Err("4:16: duration is out of range")),
    ] {
        let expr = parsed(&format!("foo[{text}]"));
        let crate::promql::ExprKind::MatrixSelector(matrix) = &expr.kind else {
            panic!("a matrix selector")
        };
        let found = matrix.range.length_ms(times).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }
    let expr = parsed("foo offset -(step() * 2)");
    let offset = expr.selector().and_then(|selector| selector.offset.as_ref()).expect("an offset");
    assert_eq!(offset.offset_ms(times), Ok(-30_000));
}

#[test]
fn selectors_stand_on_their_own() {
    for (text, expected) in [
        ("up", Ok(1)),
        ("{job=\"a\"}", Ok(1)),
        ("up{job=~\"a\",b!=\"\"}", Ok(3)),
        ("{}", Ok(0)),
        ("rate(a[5m])", Err("1:5: parse error: unexpected \"(\"")),
        ("up[5m]", Err("1:3: parse error: unexpected \"[\"")),
        ("up + 1", Err("1:4: parse error: unexpected <op:+>")),
        ("", Err("unknown position: parse error: unexpected end of input")),
        ("{a=~\"(\"}", Err("1:2: parse error: error parsing regexp: missing closing ): `(`")),
    ] {
        let found = parse_selector(text).map(|m| m.len()).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }
}
