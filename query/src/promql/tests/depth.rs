//! Long and deep queries.

use crate::promql::ast::DEPTH_MAX;
use crate::promql::duration::QueryTimes;
use crate::promql::{ExprKind, Options, parse};

const LONG: usize = 100_000;

fn message(query: &str) -> String {
    parse(query, Options::ALL).expect_err("too deep").to_string()
}

#[test]
fn chains_of_operators_may_be_long() {
    let query = format!("a{}", " + a".repeat(LONG));
    let expr = parse(&query, Options::ALL).expect("a long chain");
    assert_eq!(expr.depth(), 2);
    assert_eq!(expr.clone().to_string(), query);
    let mut nodes = 0;
    expr.walk(|_| nodes += 1);
    assert_eq!(nodes, 2 * LONG + 1);
}

#[test]
fn chains_of_durations_may_be_long() {
    let query = format!("a[1s{}]", " + 1s".repeat(LONG));
    let expr = parse(&query, Options::ALL).expect("a long chain");
    assert_eq!(expr.to_string(), query);
    let ExprKind::MatrixSelector(matrix) = &expr.kind else { panic!("a matrix selector") };
    assert_eq!(matrix.range.length_ms(QueryTimes::default()), Ok(1000 * (LONG as i64 + 1)));
}

#[test]
fn nesting_ends_with_a_proper_message() {
    let nested = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    let most = usize::from(DEPTH_MAX) - 1;
    for (open, inner, close) in [
        ("(", "a", ")"),
        ("abs(", "a", ")"),
        ("sum(", "a", ")"),
        ("-", "a", ""),
        ("", "a", "[1m:]"),
    ] {
        let type_error = close == "[1m:]";
        let fits = parse(&nested(open, inner, close, most), Options::ALL);
        assert_eq!(fits.is_ok(), !type_error, "{open}{inner}{close}");
        for levels in [most + 1, 10_000, LONG] {
            let found = message(&nested(open, inner, close, levels));
            let expected =
                if type_error { "subquery is only allowed" } else { "nested too deeply" };
            assert!(found.contains(expected), "{found}");
        }
    }
    let durations = format!("a[{}", "(".repeat(LONG));
    assert!(message(&durations).contains("nested too deeply"));
    let powers = format!("a{}", " ^ a".repeat(LONG));
    assert!(message(&powers).contains("nested too deeply"));
}

#[test]
fn many_faults_are_one_error() {
    let query = format!("({}){}", "-{}-1".repeat(10_000), "[1m:]".repeat(1000));
    assert_eq!(
        message(&query),
        "1:3: parse error: vector selector must contain at least one non-empty matcher"
    );
}
