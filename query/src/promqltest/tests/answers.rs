//! Answers against expectations.

use hydrograph_storage::labels::Labels;
use hydrograph_storage::samples::{Samples, stale_nan};

use crate::promqltest::compare::{almost_equal, check, check_step};
use crate::promqltest::eval::Eval;
use crate::promqltest::script::{Command, Script};
use crate::value::{MatrixSeries, Point, Value, VectorSample};

fn eval(body: &str) -> Eval {
    let mut script = Script::parse(body).expect("a script");
    match script.commands.pop() {
        Some(Command::Eval { eval, .. }) => *eval.expect("an eval"),
        other => panic!("no eval: {other:?}"),
    }
}

fn job(name: &str) -> Labels {
    Labels::from_pairs([("job", name)])
}

fn vector(samples: &[(&str, f64)]) -> Value {
    let sample = |&(name, value): &(&str, f64)| VectorSample {
        labels: job(name),
        t_ms: 0,
        point: Point::Float(value),
    };
    Value::Vector(samples.iter().map(sample).collect())
}

fn matrix(series: &[(&str, &[(i64, f64)])]) -> Value {
    let one = |(name, points): &(&str, &[(i64, f64)])| MatrixSeries {
        labels: job(name),
        floats: points.iter().copied().collect::<Samples>(),
    };
    Value::Matrix(series.iter().map(one).collect())
}

#[test]
fn floats_are_equal_up_to_a_millionth() {
    let equal = [
        (1.0, 1.000_001),
        (f64::NAN, -f64::NAN),
        (f64::INFINITY, f64::INFINITY),
        (0.0, -0.0),
        (stale_nan(), stale_nan()),
        (1e300, 1e300 * (1.0 + 1e-7)),
    ];
    let unequal = [
        (1.0, 1.000_003),
        (0.0, 1e-30),
        (f64::NAN, 1.0),
        (f64::NAN, stale_nan()),
        (f64::INFINITY, f64::NEG_INFINITY),
        (f64::INFINITY, f64::MAX),
        (1.0, -1.0),
    ];
    for (a, b) in equal {
        assert!(almost_equal(a, b) && almost_equal(b, a), "{a} and {b}");
    }
    for (a, b) in unequal {
        assert!(!almost_equal(a, b) && !almost_equal(b, a), "{a} and {b}");
    }
}

#[test]
fn vectors_are_sets() {
    let eval = eval("eval instant at 1m a\n {job=\"a\"} 1\n {job=\"b\"} 2\n");
    let right = |answer: &Value| check(&eval.expected, answer).is_ok();
    assert!(right(&vector(&[("a", 1.0), ("b", 2.0)])));
    assert!(right(&vector(&[("b", 2.0), ("a", 1.0)])), "any order");
    assert!(!right(&vector(&[("a", 1.0), ("b", 3.0)])), "another value");
    assert!(!right(&vector(&[("a", 1.0)])), "a missing series");
    assert!(!right(&vector(&[("a", 1.0), ("b", 2.0), ("c", 2.0)])), "an extra series");
    assert!(!right(&vector(&[("a", 1.0), ("b", 2.0), ("a", 1.0)])), "a series twice");
    assert!(!right(&Value::Scalar { t_ms: 0, value: 1.0 }), "a number");
    assert!(!right(&Value::String { t_ms: 0, text: b"a".to_vec() }), "a string");
}

#[test]
fn order_counts_where_it_is_asked_for() {
    for text in [
        "eval_ordered instant at 1m a\n {job=\"b\"} 2\n {job=\"a\"} 1\n",
        "eval instant at 1m a\n expect ordered\n {job=\"b\"} 2\n {job=\"a\"} 1\n",
    ] {
        let eval = eval(text);
        assert!(check(&eval.expected, &vector(&[("b", 2.0), ("a", 1.0)])).is_ok());
        assert!(check(&eval.expected, &vector(&[("a", 1.0), ("b", 2.0)])).is_err());
        assert!(check(&eval.expected, &matrix(&[("a", &[(60_000, 1.0)])])).is_err());
    }
}

#[test]
fn nothing_is_expected_of_an_empty_body() {
    let eval = eval("eval instant at 1m a\n");
    assert!(check(&eval.expected, &vector(&[])).is_ok());
    assert!(check(&eval.expected, &matrix(&[])).is_ok());
    assert!(check(&eval.expected, &vector(&[("a", 1.0)])).is_err());
}

#[test]
fn numbers_and_strings_stand_alone() {
    let number = eval("eval instant at 1m a\n -1.5\n");
    assert!(check(&number.expected, &Value::Scalar { t_ms: 0, value: -1.5 }).is_ok());
    assert!(check(&number.expected, &Value::Scalar { t_ms: 0, value: 1.5 }).is_err());
    assert!(check(&number.expected, &vector(&[("a", -1.5)])).is_err());
    let string = eval("eval instant at 1m a\n expect string \"\\xff \"\n");
    let answer = |text: &[u8]| Value::String { t_ms: 0, text: text.to_vec() };
    assert!(check(&string.expected, &answer(b"\xff ")).is_ok());
    assert!(check(&string.expected, &answer(b"\xff")).is_err());
    assert!(check(&string.expected, &vector(&[])).is_err());
}

#[test]
fn matrices_are_sorted_and_complete() {
    let eval = eval("eval range from 0 to 2m step 1m a\n {job=\"b\"} 1 _ 3\n {job=\"a\"} 0x2\n");
    let right = |answer: &Value| check(&eval.expected, answer).is_ok();
    let (a, b) = (
        ("a", &[(0, 0.0), (60_000, 0.0), (120_000, 0.0)][..]),
        ("b", &[(0, 1.0), (120_000, 3.0)][..]),
    );
    assert!(right(&matrix(&[a, b])));
    assert!(!right(&matrix(&[b, a])), "unsorted");
    assert!(!right(&matrix(&[a, a, b])), "twice");
    assert!(!right(&matrix(&[a])), "a missing series");
    assert!(!right(&matrix(&[a, ("b", &[(0, 1.0), (60_000, 3.0)])])), "another time");
    assert!(!right(&matrix(&[a, ("b", &[(0, 1.0), (120_000, 3.1)])])), "another value");
    assert!(!right(&matrix(&[a, ("b", &[(0, 1.0)])])), "a missing point");
    assert!(!right(&matrix(&[a, b, ("c", &[(0, 1.0)])])), "an extra series");
}

#[test]
fn more_points_than_steps_are_never_right() {
    let eval = eval("eval range from 0 to 1m step 1m a\n {job=\"a\"} 1x2\n");
    let answer = matrix(&[("a", &[(0, 1.0), (60_000, 1.0), (120_000, 1.0)])]);
    assert!(check(&eval.expected, &answer).is_err());
}

#[test]
fn range_vectors_have_their_own_times() {
    let eval = eval(
        "eval instant at 1h a[1m]\n expect range vector from 10s to 30s step 10s\n {job=\"a\"} 1 2 3\n",
    );
    assert_eq!(eval.times, crate::QueryRange::Instant { t_ms: 30_000 });
    let points = [(10_000, 1.0), (20_000, 2.0), (30_000, 3.0)];
    assert!(check(&eval.expected, &matrix(&[("a", &points)])).is_ok());
    assert!(check(&eval.expected, &matrix(&[("a", &points[..2])])).is_err());
    assert!(check(&eval.expected, &vector(&[("a", 3.0)])).is_err());
}

#[test]
fn histograms_are_never_met_by_floats() {
    let eval = eval("eval instant at 1m a\n {job=\"a\"} {{}}\n");
    assert!(check(&eval.expected, &vector(&[("a", 0.0)])).is_err());
}

#[test]
fn a_step_of_a_range_stands_for_an_instant() {
    let series = eval("eval instant at 1m a\n {job=\"a\"} 1\n");
    let Value::Matrix(answer) =
        matrix(&[("a", &[(0, 5.0), (60_000, 1.0)]), ("b", &[(0, 1.0), (120_000, 1.0)])])
    else {
        panic!("no matrix")
    };
    assert!(check_step(&series.expected, &answer, 60_000, false).is_ok());
    assert!(check_step(&series.expected, &answer, 0, false).is_err());
    let number = eval("eval instant at 1m a\n 1\n");
    assert!(check_step(&number.expected, &answer, 60_000, true).is_ok());
    assert!(check_step(&number.expected, &answer, 60_000, false).is_err());
    assert!(check_step(&number.expected, &[], 60_000, true).is_err());
}
