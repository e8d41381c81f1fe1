//! What the options switch on: with none of them, this is accepted or refused.

use super::check_without_options;

#[test]
fn options_are_off_by_default() {
    check_without_options(&[
        (
            "limitk(1,a)",
            "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
        ),
        (
            "limit_ratio(1,a)",
            "1:1: parse error: limit_ratio() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
        ),
        ("topk(1,a)", "topk(1, a)"),
        ("info(a)", r#"1:1: parse error: function "info" is not enabled"#),
        (r#"sort_by_label(a,"b")"#, r#"1:1: parse error: function "sort_by_label" is not enabled"#),
        ("mad_over_time(a[5m])", r#"1:1: parse error: function "mad_over_time" is not enabled"#),
        ("step()", r#"1:1: parse error: function "step" is not enabled"#),
        ("range()", r#"1:1: parse error: function "range" is not enabled"#),
        ("start()", r#"1:1: parse error: function "start" is not enabled"#),
        ("end()", r#"1:1: parse error: function "end" is not enabled"#),
        ("max_of(1,2)", r#"1:1: parse error: function "max_of" is not enabled"#),
        (
            r#"histogram_quantiles(a,"q",1)"#,
            r#"1:1: parse error: function "histogram_quantiles" is not enabled"#,
        ),
        ("start_timestamp(a)", r#"1:1: parse error: function "start_timestamp" is not enabled"#),
        (
            "double_exponential_smoothing(a[5m],1,1)",
            r#"1:1: parse error: function "double_exponential_smoothing" is not enabled"#,
        ),
        (
            "ts_of_max_over_time(a[5m])",
            r#"1:1: parse error: function "ts_of_max_over_time" is not enabled"#,
        ),
        ("a[5m+1m]", "1:3: parse error: experimental duration expression is not enabled"),
        ("a[(5m)]", "1:4: parse error: experimental duration expression is not enabled"),
        ("a[step()]", "1:3: parse error: experimental duration expression is not enabled"),
        ("a[-5m]", "1:3: parse error: duration must be greater than 0"),
        ("a[+5m]", "a[5m]"),
        ("a[--5m]", "a[5m]"),
        ("a[max_of(1,2)]", "1:10: parse error: experimental duration expression is not enabled"),
        ("a[5m:1m*2]", "1:6: parse error: experimental duration expression is not enabled"),
        ("a[5m:-(1m)]", "1:8: parse error: experimental duration expression is not enabled"),
        ("a offset (5m)", "1:11: parse error: experimental duration expression is not enabled"),
        ("a offset -(5m)", "a offset -(5m)"),
        ("a offset step()", "1:10: parse error: experimental duration expression is not enabled"),
        ("a offset -step()", "1:10: parse error: experimental duration expression is not enabled"),
        (
            "a offset -max_of(1,2)",
            "1:10: parse error: experimental duration expression is not enabled",
        ),
        ("a offset +5m", "a offset 5m"),
        ("a offset --5m", "a offset 5m"),
        ("a offset 5m + 1", "a offset 5m + 1"),
        ("a offset - 5m * 2", "a offset -5m * 2"),
        ("a anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
        ("a[5m] smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"),
        ("1 anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
        ("a[5m:] smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"),
        (
            "a + fill(1) b",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
        ),
        (
            "a + fill_left(1) b",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
        ),
        (
            "a + fill_right(1) fill_left(2) b",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
        ),
        (
            "a and fill(1) b",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
        ),
        ("fill + fill_left", "fill + fill_left"),
        ("a @ end()", "a @ end()"),
        ("a </ b", "a </ b"),
        ("a >/ 1", "a >/ 1"),
    ]);
}
