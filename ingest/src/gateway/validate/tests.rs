use expect_test::{Expect, expect};

use super::{ValidationLimits, is_valid_tenant};

const NOW_MS: i64 = 1_700_000_000_000;

fn limits() -> ValidationLimits {
    ValidationLimits {
        labels_max: 4,
        name_bytes_max: 10,
        value_bytes_max: 20,
        future_grace_ms: 600_000,
        retention_ms: Some(86_400_000),
    }
}

fn check(sent: &[(&str, &str)], expected: &Expect) {
    let mut room = Vec::new();
    let answer = match limits().labels(sent, &mut room) {
        Ok(accepted) => format!("{}: {:?}", accepted.metric, accepted.labels),
        Err(fault) => limits().describe(fault, sent),
    };
    expected.assert_eq(&answer);
}

#[test]
fn good_labels_are_taken() {
    check(&[("__name__", "up")], &expect![[r#"up: [("__name__", "up")]"#]]);
    check(
        &[("A", "1"), ("__name__", "up"), ("job", "x")],
        &expect![[r#"up: [("A", "1"), ("__name__", "up"), ("job", "x")]"#]],
    );
    check(
        &[("__name__", "größe"), ("日本", "東京"), ("with space", "\n")],
        &expect![[r#"größe: [("__name__", "größe"), ("with space", "\n"), ("日本", "東京")]"#]],
    );
    check(
        &[("__name__", "up"), ("d", "4"), ("e", "5"), ("f", "6")],
        &expect![[r#"up: [("__name__", "up"), ("d", "4"), ("e", "5"), ("f", "6")]"#]],
    );
    check(
        &[("0123456789", "01234567890123456789"), ("__name__", "up")],
        &expect![[r#"up: [("0123456789", "01234567890123456789"), ("__name__", "up")]"#]],
    );
}

#[test]
fn labels_are_put_in_order() {
    check(
        &[("job", "x"), ("__name__", "up"), ("a", "")],
        &expect![[r#"up: [("__name__", "up"), ("job", "x")]"#]],
    );
    check(
        &[("__name__", "up"), ("a", ""), ("b", "1")],
        &expect![[r#"up: [("__name__", "up"), ("b", "1")]"#]],
    );
    check(
        &[("__name__", "up"), ("a", ""), ("b", "1"), ("c", "2"), ("d", "3")],
        &expect![[r#"up: [("__name__", "up"), ("b", "1"), ("c", "2"), ("d", "3")]"#]],
    );
}

#[test]
fn bad_labels_are_refused() {
    check(&[], &expect!["invalid metric name or labels, got {}"]);
    check(&[("job", "x")], &expect![[r#"invalid metric name or labels, got {job="x"}"#]]);
    check(
        &[("__name__", ""), ("job", "x")],
        &expect![[r#"invalid metric name or labels, got {__name__="", job="x"}"#]],
    );
    check(
        &[("", "x"), ("__name__", "up")],
        &expect![[r#"invalid metric name or labels, got {="x", __name__="up"}"#]],
    );
    check(
        &[("__name__", "up"), ("", "")],
        &expect![[r#"invalid metric name or labels, got {__name__="up", =""}"#]],
    );
    check(
        &[("__name__", "up"), ("a", "1"), ("a", "2")],
        &expect![[
            r#"invalid labels for series, labels {__name__="up", a="1", a="2"}, duplicated label a"#
        ]],
    );
    check(
        &[("a", "1"), ("__name__", "up"), ("a", "")],
        &expect![[
            r#"invalid labels for series, labels {a="1", __name__="up", a=""}, duplicated label a"#
        ]],
    );
    check(
        &[("__name__", "up"), ("__name__", "down")],
        &expect![[
            r#"invalid labels for series, labels {__name__="up", __name__="down"}, duplicated label __name__"#
        ]],
    );
    check(
        &[("__name__", "up"), ("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")],
        &expect!["label_limit exceeded (metric: up, number of labels: 5, limit: 4)"],
    );
    check(
        &[("__name__", "up"), ("01234567890", "1")],
        &expect![
            "label_name_length_limit exceeded (metric: up, label name: 01234567890, length: 11, limit: 10)"
        ],
    );
    check(
        &[("__name__", "up"), ("a", "0123456789\n0123456789")],
        &expect![[
            r#"label_value_length_limit exceeded (metric: up, label name: a, value: "0123456789\n0123456789", length: 21, limit: 20)"#
        ]],
    );
}

#[test]
fn descriptions_are_bounded() {
    let value = "ü".repeat(5000);
    let sent = [("__name__", value.as_str()), ("b", &value)];
    for fault in [super::Fault::Labels, super::Fault::ValueLength("b", &value)] {
        assert!(limits().describe(fault, &sent).len() <= 512);
    }
}

fn check_time(timestamp_ms: i64, expected: &Expect) {
    let answer = match limits().times(NOW_MS).check(timestamp_ms) {
        Ok(()) => "taken".to_string(),
        Err(fault) => limits().describe(fault, &[("__name__", "up")]),
    };
    expected.assert_eq(&answer);
}

#[test]
fn times_are_bounded_by_grace_and_retention() {
    check_time(NOW_MS, &expect!["taken"]);
    check_time(NOW_MS + 600_000, &expect!["taken"]);
    check_time(
        NOW_MS + 600_001,
        &expect![[
            r#"out of bounds: timestamp is too far in the future (timestamp: 1700000600001, series: {__name__="up"})"#
        ]],
    );
    check_time(
        i64::MAX,
        &expect![[
            r#"out of bounds: timestamp is too far in the future (timestamp: 9223372036854775807, series: {__name__="up"})"#
        ]],
    );
    check_time(NOW_MS - 86_400_000, &expect!["taken"]);
    check_time(
        NOW_MS - 86_400_001,
        &expect![[
            r#"out of bounds: timestamp is older than the retention (timestamp: 1699913599999, series: {__name__="up"})"#
        ]],
    );
    check_time(
        i64::MIN,
        &expect![[
            r#"out of bounds: timestamp is older than the retention (timestamp: -9223372036854775808, series: {__name__="up"})"#
        ]],
    );
    let unlimited = ValidationLimits::default();
    assert!(unlimited.times(NOW_MS).check(i64::MIN).is_ok());
    assert!(unlimited.times(i64::MAX).check(i64::MAX).is_ok());
}

#[test]
fn tenants_have_plain_names() {
    for (tenant, valid) in [
        ("anonymous", true),
        ("team-a_1.(x)'*!", true),
        ("", false),
        (".", false),
        ("..", false),
        ("a/b", false),
        ("größe", false),
        ("a b", false),
    ] {
        assert_eq!(is_valid_tenant(tenant), valid, "{tenant}");
    }
    assert!(is_valid_tenant(&"a".repeat(150)) && !is_valid_tenant(&"a".repeat(151)));
}
