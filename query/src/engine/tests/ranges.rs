use super::*;
use expect_test::expect;

const COUNTER: &str = "requests_total 0 60 120 180 30 90";

#[test]
fn rates_reach_to_the_ends_of_the_range() {
    check(
        COUNTER,
        "rate(requests_total[2m])",
        2.0,
        &expect![[r"
        {} 1
    "]],
    );
    check(
        COUNTER,
        "increase(requests_total[3m])",
        3.5,
        &expect![[r"
        {} 180
    "]],
    );
    check(
        COUNTER,
        "delta(requests_total[3m])",
        4.0,
        &expect![[r"
        {} -135
    "]],
    );
    check_range(
        COUNTER,
        "increase(requests_total[2m])",
        5,
        &expect![[r"
        {} 60@1 120@2 120@3 60@4 90@5
    "]],
    );
}

#[test]
fn the_last_two_samples() {
    check(
        COUNTER,
        "irate(requests_total[5m])",
        4.0,
        &expect![[r"
        {} 0.5
    "]],
    );
    check(
        COUNTER,
        "idelta(requests_total[5m])",
        4.0,
        &expect![[r"
        {} -150
    "]],
    );
}

#[test]
fn a_rate_of_what_is_no_counter_is_told_of() {
    check(
        "gauge 1 2",
        "sum(rate(gauge[5m]))",
        1.0,
        &expect![[r#"
        {} 0.005
        PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "gauge" (1:10)
    "#]],
    );
}

#[test]
fn resets_and_changes() {
    check(
        COUNTER,
        "resets(requests_total[10m])",
        5.0,
        &expect![[r"
        {} 1
    "]],
    );
    check_range(
        "gauge 1 1 NaN NaN 2",
        "changes(gauge[2m])",
        5,
        &expect![[r"
        {} 0@0 0@1 1@2 0@3 1@4 0@5
    "]],
    );
}

#[test]
fn over_time() {
    for (function, expected) in [
        ("avg_over_time(g[9m])", &expect![["{} 2.5\n"]]),
        ("sum_over_time(g[9m])", &expect![["{} 10\n"]]),
        ("count_over_time(g[9m])", &expect![["{} 4\n"]]),
        ("min_over_time(g[9m])", &expect![["{} 1\n"]]),
        ("max_over_time(g[9m])", &expect![["{} 4\n"]]),
        ("stdvar_over_time(g[9m])", &expect![["{} 1.25\n"]]),
        ("stddev_over_time(g[9m])", &expect![["{} 1.118033988749895\n"]]),
        ("quantile_over_time(0.5, g[9m])", &expect![["{} 2.5\n"]]),
        ("mad_over_time(g[9m])", &expect![["{} 1\n"]]),
        ("present_over_time(g[9m])", &expect![["{} 1\n"]]),
        ("first_over_time(g[9m])", &expect![["{__name__=\"g\"} 1\n"]]),
        ("last_over_time(g[9m])", &expect![["{__name__=\"g\"} 3\n"]]),
        ("ts_of_max_over_time(g[9m])", &expect![["{} 60\n"]]),
        ("ts_of_last_over_time(g[9m])", &expect![["{} 180\n"]]),
    ] {
        check("g 1 4 2 3", function, 3.0, expected);
    }
}

#[test]
fn lines() {
    check(
        "g 1 2 3 4",
        "deriv(g[5m]) * 60",
        3.0,
        &expect![[r"
        {} 1
    "]],
    );
    check(
        "g 1 2 3 4",
        "predict_linear(g[5m], 120)",
        3.0,
        &expect![[r"
        {} 6
    "]],
    );
    check(
        "g 1 2",
        "double_exponential_smoothing(g[5m], 1, 0.5)",
        3.0,
        &expect![[r"
        error: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000
    "]],
    );
}

#[test]
fn quantiles_out_of_range_are_told_of() {
    check(
        "g 1 2",
        "quantile_over_time(2, g[5m])",
        1.0,
        &expect![[r"
        {} inf
        PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)
    "]],
    );
}

#[test]
fn functions_of_values() {
    check("g 1.5", "round(g)", 0.0, &expect![["{} 2\n"]]);
    check("g 1.5", "clamp(g, 2, 3)", 0.0, &expect![["{} 2\n"]]);
    check("g 1.5", "clamp(g, 3, 2)", 0.0, &expect![[""]]);
    check("g NaN", "clamp_max(g, 3)", 0.0, &expect![["{} NaN\n"]]);
    check("g 86400", "day_of_week(g) * 10 + month(g)", 0.0, &expect![["{} 51\n"]]);
    check("g -2", "abs(g) + sgn(g) + sqrt(-g * 2)", 0.0, &expect![["{} 3\n"]]);
    check("", "minute()", 7.0, &expect![["{} 7\n"]]);
}

#[test]
fn extended_ranges() {
    let gaps = "g_sum 1 2 _ 4 8";
    check(gaps, "increase(g_sum[90s] anchored)", 3.5, &expect![["{} 2\n"]]);
    check(gaps, "increase(g_sum[90s] smoothed)", 3.5, &expect![["{} 3\n"]]);
    check(gaps, "changes(g_sum[90s] anchored)", 3.5, &expect![["{} 1\n"]]);
    check(gaps, "g_sum smoothed", 2.0, &expect![["{__name__=\"g_sum\"} 3\n"]]);
    check(
        gaps,
        "deriv(g_sum[90s] smoothed)",
        3.5,
        &expect![[r"
        error: smoothed modifier can only be used with: delta, increase, rate - not with deriv
    "]],
    );
}

#[test]
fn counters_with_a_known_start() {
    let source = MemorySource::new();
    let labels = Labels::from_pairs([("__name__", "c_total")]);
    source.append_started(&labels, 60_000, 6.0, 30_000);
    source.append_started(&labels, 120_000, 12.0, 90_000);
    let source = Arc::new(source);
    let check = |query, expected: Expect| {
        let options = EngineOptions { start_timestamps: true, ..EngineOptions::default() };
        let range = QueryRange::Instant { t_ms: 120_000 };
        let result = run_within(Arc::clone(&source), query, range, &limits(1 << 20), options);
        expected.assert_eq(&text(result));
    };
    check("increase(c_total[2m])", expect![["{} 18\n"]]);
    check("irate(c_total[2m])", expect![["{} 0.2\n"]]);
    check("resets(c_total[2m])", expect![["{} 1\n"]]);
    check("start_timestamp(c_total)", expect![["{} 90\n"]]);
}
