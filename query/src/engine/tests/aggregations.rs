use super::{check, check_range};
use expect_test::expect;

const FOUR: &str = r#"
    m{a="x", b="1"} 1 10
    m{a="x", b="2"} 2 20
    m{a="y", b="1"} 3 _
    m{a="y", b="2"} 4 NaN
"#;

#[test]
fn groups() {
    check(FOUR, "sum(m)", 0.0, &expect![["{} 10\n"]]);
    check(
        FOUR,
        "sum by (a) (m)",
        0.0,
        &expect![[r#"
        {a="x"} 3
        {a="y"} 7
    "#]],
    );
    check(
        FOUR,
        "sum without (a) (m)",
        0.0,
        &expect![[r#"
        {b="1"} 4
        {b="2"} 6
    "#]],
    );
    check(
        FOUR,
        "max by (__name__, zzz) (m)",
        0.0,
        &expect![[r#"
        {__name__="m"} 4
    "#]],
    );
    check(FOUR, "sum(nothing)", 0.0, &expect![[""]]);
}

#[test]
fn plain_aggregations() {
    for (query, expected) in [
        ("avg(m)", &expect![["{} 2.5\n"]]),
        ("min(m)", &expect![["{} 1\n"]]),
        ("count(m)", &expect![["{} 4\n"]]),
        ("group(m)", &expect![["{} 1\n"]]),
        ("stddev(m)", &expect![["{} 1.118033988749895\n"]]),
        ("stdvar(m)", &expect![["{} 1.25\n"]]),
        ("quantile(0.5, m)", &expect![["{} 2.5\n"]]),
    ] {
        check(FOUR, query, 0.0, expected);
    }
    check(FOUR, "min(m)", 1.0, &expect![["{} 3\n"]]);
    check(FOUR, "avg(m)", 1.0, &expect![["{} NaN\n"]]);
}

#[test]
fn the_greatest_and_the_least() {
    check(
        FOUR,
        "topk(2, m)",
        0.0,
        &expect![[r#"
        {__name__="m", a="y", b="2"} 4
        {__name__="m", a="y", b="1"} 3
    "#]],
    );
    check(
        FOUR,
        "bottomk by (a) (1, m)",
        0.0,
        &expect![[r#"
        {__name__="m", a="x", b="1"} 1
        {__name__="m", a="y", b="1"} 3
    "#]],
    );
    check_range(
        FOUR,
        "topk(1, m)",
        1,
        &expect![[r#"
        {__name__="m", a="x", b="2"} 20@1
        {__name__="m", a="y", b="2"} 4@0
    "#]],
    );
    check(FOUR, "topk(NaN, m)", 0.0, &expect![["error: Parameter value is NaN\n"]]);
    check(FOUR, "topk(0, m)", 0.0, &expect![[""]]);
}

#[test]
fn samples_of_series() {
    check(
        FOUR,
        "limitk(1, m)",
        0.0,
        &expect![[r#"
        {__name__="m", a="x", b="1"} 1
    "#]],
    );
    check(FOUR, "count(limit_ratio(0.4, m) or limit_ratio(-0.6, m))", 0.0, &expect![["{} 4\n"]]);
    check(
        FOUR,
        "limit_ratio(3, m) * 0 + 1 > 1",
        0.0,
        &expect![[r"
        PromQL warning: ratio value should be between -1 and 1, got 3, capping to 1 (1:13)
    "]],
    );
}

#[test]
fn values_are_counted() {
    check_range(
        "m{a=\"x\"} 1 1.5\nm{a=\"y\"} 1 1",
        "count_values(\"v\", m)",
        1,
        &expect![[r#"
        {v="1"} 2@0 1@1
        {v="1.5"} 1@1
    "#]],
    );
    check(
        FOUR,
        r#"count_values("\xff", m)"#,
        0.0,
        &expect![[r#"
        error: invalid label name "\xff"
    "#]],
    );
}

const BUCKETS: &str = r#"
    h_bucket{le="1"} 5 5
    h_bucket{le="2"} 10 3
    h_bucket{le="+Inf"} 10 10
    h_bucket{le="x"} 1 1
"#;

#[test]
fn quantiles_of_histograms() {
    check(
        BUCKETS,
        "histogram_quantile(0.75, h_bucket)",
        0.0,
        &expect![[r#"
        {} 1.5
        PromQL warning: bucket label "le" is missing or has a malformed value of "x" (1:26)
    "#]],
    );
    let query = r#"histogram_quantile(0.75, h_bucket{le!="x"})"#;
    check_range(
        BUCKETS,
        query,
        1,
        &expect![[r"
        {} 1.5@0 2@1
        PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), from buckets 2 to 2, with a max diff of 2, over 1 samples from 1970-01-01T00:01:00Z to 1970-01-01T00:01:00Z (1:26)
    "]],
    );
    check(
        BUCKETS,
        r#"histogram_fraction(0, 1.5, h_bucket{le!="x"})"#,
        0.0,
        &expect![[r"
        {} 0.75
    "]],
    );
}

#[test]
fn several_quantiles_of_histograms() {
    check(
        BUCKETS,
        r#"histogram_quantiles(h_bucket{le!="x"}, "q", 0.5, 0.75)"#,
        0.0,
        &expect![[r#"
            {q="0.5"} 1
            {q="0.75"} 1.5
        "#]],
    );
    check(BUCKETS, "histogram_sum(h_bucket)", 0.0, &expect![[""]]);
}
