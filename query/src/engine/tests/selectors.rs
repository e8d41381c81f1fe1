use super::{check, check_range};
use expect_test::expect;

const TWO: &str = r#"
    up{job="a"} 1 2 3 4 5 6 7 8 9 10
    up{job="b"} 10 _ _ stale 50
"#;

#[test]
fn the_newest_sample_within_the_lookback() {
    check(
        TWO,
        "up",
        1.5,
        &expect![[r#"
        {__name__="up", job="a"} 2
        {__name__="up", job="b"} 10
    "#]],
    );
    // The range of the lookback is open at its start.
    check(TWO, "up", 14.0, &expect![[""]]);
    check(
        TWO,
        "up",
        13.999,
        &expect![[r#"
        {__name__="up", job="a"} 10
    "#]],
    );
}

#[test]
fn a_staleness_marker_ends_a_series() {
    check_range(
        TWO,
        r#"up{job="b"}"#,
        5,
        &expect![[r#"
        {__name__="up", job="b"} 10@0 10@1 10@2 50@4 50@5
    "#]],
    );
    check(
        TWO,
        r#"count_over_time(up{job="b"}[5m])"#,
        4.0,
        &expect![[r#"
        {job="b"} 2
    "#]],
    );
}

#[test]
fn offset_and_at() {
    check(
        TWO,
        r#"up{job="a"} offset 2m"#,
        5.0,
        &expect![[r#"
        {__name__="up", job="a"} 4
    "#]],
    );
    check_range(
        TWO,
        r#"up{job="a"} @ 120 - time()"#,
        2,
        &expect![[r#"
        {job="a"} 3@0 -57@1 -117@2
    "#]],
    );
    check_range(
        TWO,
        r#"sum(up{job="a"} @ end()) + sum(up{job="a"})"#,
        2,
        &expect![[r"
        {} 4@0 5@1 6@2
    "]],
    );
    check_range(
        TWO,
        r#"timestamp(up{job="a"} @ 90)"#,
        1,
        &expect![[r#"
        {job="a"} 60@0 60@1
    "#]],
    );
}

#[test]
fn subqueries_stand_on_multiples_of_their_step() {
    check(
        TWO,
        r#"up{job="a"}[3m:2m]"#,
        5.5,
        &expect![[r#"
        {__name__="up", job="a"} 5@4
    "#]],
    );
    check(
        TWO,
        r"sum_over_time(sum(up)[2m:30s])",
        1.0,
        &expect![[r"
        {} 34
    "]],
    );
}

#[test]
fn matrices_come_as_they_are() {
    check(
        TWO,
        "up[2m]",
        4.0,
        &expect![[r#"
        {__name__="up", job="a"} 4@3 5@4
        {__name__="up", job="b"} 50@4
    "#]],
    );
}

#[test]
fn scalars_and_strings() {
    check(
        "",
        "1 + 2 * 3 ^ 2",
        0.0,
        &expect![[r"
        scalar 19
    "]],
    );
    check(
        "",
        r#""text""#,
        0.0,
        &expect![[r"
        string text
    "]],
    );
    check_range(
        "",
        "time() / 60",
        2,
        &expect![[r"
        {} 0@0 1@1 2@2
    "]],
    );
    check(
        TWO,
        "scalar(up)",
        0.0,
        &expect![[r"
        scalar NaN
    "]],
    );
    check_range(TWO, "up", -1, &expect![[""]]);
}

#[test]
fn what_is_absent() {
    check_range(
        TWO,
        r#"absent(up{job="b", x=~"y|"})"#,
        4,
        &expect![[r#"
        {job="b"} 1@3
    "#]],
    );
    check(
        TWO,
        r#"absent_over_time(nothing{job="z"}[5m])"#,
        4.0,
        &expect![[r#"
        {job="z"} 1
    "#]],
    );
}

#[test]
fn names_that_fit_no_longer_go() {
    let two_names = "a{x=\"1\"} 1 _ _ _ _ _ 7\nb{x=\"1\"} _ 2 _ _ _ _ _";
    check(
        two_names,
        r#"-{x="1"}"#,
        0.0,
        &expect![[r#"
        {x="1"} -1
    "#]],
    );
    check(
        two_names,
        r#"-{x="1"}"#,
        1.0,
        &expect![[r"
        error: vector cannot contain metrics with the same labelset
    "]],
    );
    check(two_names, r#"rate({x="1"}[10m])"#, 1.0, &expect![[""]]);
    check(
        two_names,
        r#"last_over_time({x="1"}[10m])"#,
        1.0,
        &expect![[r#"
        {__name__="a", x="1"} 1
        {__name__="b", x="1"} 2
    "#]],
    );
}

#[test]
fn labels_change() {
    check(
        TWO,
        r#"label_replace(up, "where", "at-$1", "job", "(.*)")"#,
        0.0,
        &expect![[r#"
        {__name__="up", job="a", where="at-a"} 1
        {__name__="up", job="b", where="at-b"} 10
    "#]],
    );
    check(
        TWO,
        r#"label_replace(up, "job", "", "", "")"#,
        0.0,
        &expect![[r"
        error: vector cannot contain metrics with the same labelset
    "]],
    );
    check(
        TWO,
        r#"label_join(up, "__name__", "_", "job", "job")"#,
        0.0,
        &expect![[r#"
        {__name__="a_a", job="a"} 1
        {__name__="b_b", job="b"} 10
    "#]],
    );
    check(
        TWO,
        r#"label_replace(up, "job", "", "", "(")"#,
        0.0,
        &expect![[r"
        error: invalid regular expression in label_replace(): (
    "]],
    );
}

#[test]
fn order() {
    check(
        TWO,
        "sort_desc(up)",
        0.0,
        &expect![[r#"
        {__name__="up", job="b"} 10
        {__name__="up", job="a"} 1
    "#]],
    );
    check(
        TWO,
        r#"sort_by_label_desc(up, "job") + 1"#,
        0.0,
        &expect![[r#"
        {job="b"} 11
        {job="a"} 2
    "#]],
    );
    check_range(
        TWO,
        "1 + sort_desc(up)",
        0,
        &expect![[r#"
        {job="a"} 2@0
        {job="b"} 11@0
    "#]],
    );
    check_range(
        TWO,
        "1 + sort_desc(up)",
        1,
        &expect![[r#"
        {job="a"} 2@0 3@1
        {job="b"} 11@0 11@1
        PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:5)
    "#]],
    );
}

#[test]
fn what_is_missing_is_named() {
    check_range(
        TWO,
        r#"histogram_quantiles(up, "q", time())"#,
        1,
        &expect![[r"
        error: not supported yet: quantiles that change from step to step in histogram_quantiles
    "]],
    );
    // Start timestamps are an option, and unknown without it.
    check(TWO, "start_timestamp(up)", 0.0, &expect![[""]]);
}
