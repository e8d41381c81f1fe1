//! Scripts, series lines and histogram literals as they are understood.

use expect_test::{Expect, expect};

use crate::engine::QueryRange;
use crate::promqltest::rerun::{instant_runs, repeats_as_range};
use crate::promqltest::script::{Command, Script, duration_ms};
use crate::promqltest::series::{SeriesLine, SeriesValue};

fn check_series(line: &str, expected: &Expect) {
    let shown = match SeriesLine::parse(line) {
        Err(fault) => format!("error: {fault}"),
        Ok(SeriesLine::Starts(labels, offsets)) => format!("{labels} starts {offsets:?}"),
        Ok(SeriesLine::Values(series)) => {
            let show = |value: &SeriesValue| match value {
                SeriesValue::Omitted => "_".to_owned(),
                SeriesValue::Float(value) => format!("{value}"),
                SeriesValue::Histogram { base, step } => {
                    let step = step.as_ref().map(|(step, times)| (step.count, times));
                    format!("histogram of {} and {step:?}", base.count)
                }
            };
            let values: Vec<String> = series.values.iter().map(show).collect();
            format!("{} {}", series.labels, values.join(" "))
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn series_have_names_labels_and_points() {
    check_series("up 1 2.5 -3", &expect![[r#"{__name__="up"} 1 2.5 -3"#]]);
    check_series("{} 1", &expect!["{} 1"]);
    check_series("a:b{} NaN -Inf +1e3", &expect![[r#"{__name__="a:b"} NaN -inf 1000"#]]);
    let line = r#"up{job="a}\"", "utf8 name"='v',} 1"#;
    let expected = expect![[r#"{__name__="up", job="a}\"", utf8 name="v"} 1"#]];
    check_series(line, &expected);
    check_series(r#"{"metric.name"} 1"#, &expect![[r#"{__name__="metric.name"} 1"#]]);
    check_series(r#"sum{a=""} 1"#, &expect![[r#"{__name__="sum"} 1"#]]);
    check_series(r#"up{a!="b"} 1"#, &expect![[r#"error: a!="b" is not a label"#]]);
    check_series(r#"up{a="b", a="c"} 1"#, &expect!["error: label a is given twice"]);
    check_series(r#"up{a="b" 1"#, &expect![[r#"error: unclosed braces in "up{a=\"b\" 1""#]]);
    check_series("1 2", &expect![[r#"error: expected a metric at "1 2""#]]);
}

#[test]
fn items_repeat_and_grow() {
    check_series(
        "a _ _x2 1x2 0+10x2 5-1x1",
        &expect![[r#"{__name__="a"} _ _ _ 1 1 1 0 10 20 5 4"#]],
    );
    check_series("a 1e-1+2e1x1 stale", &expect![[r#"{__name__="a"} 0.1 20.1 NaN"#]]);
    check_series("a 1x0 -1--1x1", &expect![[r#"error: expected a number at "-1x1""#]]);
    check_series("a 1+1", &expect![[r#"error: expected how often to repeat at """#]]);
    check_series("a 1x", &expect![[r#"error: expected how often to repeat at """#]]);
    check_series("a 1x9999999", &expect!["error: 9999999 repetitions are more than 1000000"]);
    check_series("a 1é", &expect![[r#"error: expected a space at "é""#]]);
    check_series("a 0x10 1", &expect![[r#"{__name__="a"} 0 0 0 0 0 0 0 0 0 0 0 1"#]]);
}

#[test]
fn start_timestamps_are_offsets() {
    let expected = expect![[
        r#"{__name__="a"} starts [None, Some(-30000), Some(-90000), Some(0), Some(1), None, None]"#
    ]];
    check_series("a@st _ -30s-1mx1 0 1ms _x2", &expected);
    check_series("a@st 1m30s", &expect![[r#"error: expected a space at "30s""#]]);
}

#[test]
fn histograms_repeat_and_grow() {
    check_series(
        "h {{}} {{count:3 buckets:[1 2 ] offset:-1}}x1 {{count:1}}-{{count:2}}x2",
        &expect![[
            r#"{__name__="h"} histogram of 0 and None histogram of 3 and None histogram of 3 and None histogram of 1 and Some((2.0, 0)) histogram of 1 and Some((2.0, -1)) histogram of 1 and Some((2.0, -2))"#
        ]],
    );
    check_series(
        "h {{ count:1}}",
        &expect![[r#"error: expected the first part of a histogram at " count:1""#]],
    );
    check_series("h {{sum:1 sum:2}}", &expect![[r#"error: duplicate "sum" in a histogram"#]]);
    check_series("h {{sums:1}}", &expect![[r#"error: unknown part "sums" of a histogram"#]]);
    check_series("h {{sum:1", &expect![[r#"error: histogram without end at "sum:1""#]]);
    check_series("h {{schema:9}}", &expect!["error: unknown histogram schema 9"]);
    check_series("h {{buckets:[1}}", &expect![[r#"error: expected a number at """#]]);
    let expected = expect!["error: a histogram of schema 0 cannot be added to one of schema 1"];
    check_series("h {{schema:1}}+{{}}x2", &expected);
}

#[test]
fn histogram_literals_are_read_whole() {
    let text = "h {{schema:-53 sum:-Inf count:2.5 z_bucket:3 z_bucket_w:0.5 buckets:[1 2] offset:-3 \
                n_buckets:[4] n_offset:5 custom_values:[-1 +Inf] counter_reset_hint:not_reset }}";
    let Ok(SeriesLine::Values(series)) = SeriesLine::parse(text) else { panic!("no series") };
    let [SeriesValue::Histogram { base, .. }] = &series.values[..] else { panic!("no histogram") };
    expect![[r"
        HistogramLiteral {
            schema: -53,
            sum: -inf,
            count: 2.5,
            zero_count: 3.0,
            zero_threshold: 0.5,
            positive: BucketCounts {
                offset: -3,
                counts: [
                    1.0,
                    2.0,
                ],
            },
            negative: BucketCounts {
                offset: 5,
                counts: [
                    4.0,
                ],
            },
            custom_values: [
                -1.0,
                inf,
            ],
            counter_reset_hint: Some(
                NotReset,
            ),
        }
    "]]
    .assert_debug_eq(base);
}

fn check_script(text: &str, expected: &Expect) {
    let shown = match Script::parse(text) {
        Err(fault) => fault.to_string(),
        Ok(script) => script.commands.iter().map(show_command).collect::<Vec<_>>().join("\n"),
    };
    expected.assert_eq(&shown);
}

fn show_command(command: &Command) -> String {
    match command {
        Command::Clear => "clear".to_owned(),
        Command::Load(Err(fault)) => format!("load: {fault}"),
        Command::Load(Ok(load)) => {
            let buckets = if load.with_custom_buckets { " with custom buckets" } else { "" };
            let points: Vec<usize> = load.series.iter().map(|s| s.values.len()).collect();
            format!("load every {} ms{buckets}: {points:?} points", load.interval_ms)
        }
        Command::Eval { line, eval: Err(fault) } => format!("eval in line {line}: {fault}"),
        Command::Eval { line, eval: Ok(eval) } => {
            let series = eval.expected.series.len();
            let times = match eval.times {
                QueryRange::Instant { t_ms } => format!("{t_ms}"),
                QueryRange::Range { start_ms, end_ms, step_ms } => {
                    format!("{start_ms}..{end_ms}..{step_ms}")
                }
            };
            format!("eval in line {line} at {times}: `{}` has {series} series", eval.query)
        }
    }
}

#[test]
fn scripts_are_commands() {
    check_script(
        "CLEAR\n load 1m30s\n  a 1\n  b 2 3\n  a 4 5 6\n# ends\nload_with_nhcb 10s53ms\n a 1\n\n\
         eval instant at 1m  sum(a)\n  {} 1\n\neval instant at 0 1+1\n  2\nclear\n\
         eval range from 0 to 1m step 30s a # comment\n a 1 2\n expect no_warn\n",
        &expect![[r"
            clear
            load every 90000 ms: [2, 3] points
            load every 10053 ms with custom buckets: [1] points
            eval in line 10 at 60000: `sum(a)` has 1 series
            eval in line 13 at 0: `1+1` has 0 series
            clear
            eval in line 16 at 0..60000..30000: `a # comment` has 1 series"]],
    );
    check_script("evaluate\n\nfoo bar\n", &expect![[r#"line 3: unknown command "foo bar""#]]);
}

#[test]
fn a_fault_stays_with_its_command() {
    check_script(
        "load 1x\n a 1\n\nload 1m\n a 1 b\n\nload 1m\n a@st 1m\n b 1\n\neval instant at 1m a\n a 1 2\n b 1\n\n\
         eval range from 1m to 0 step 1m a\n\neval instant at 1m a\n expect maybe\n\n\
         eval instant at 1m a\n expect warn\n expect no_warn\n\neval instant at 1m a\n {} 1\n {} 2\n",
        &expect![[r#"
            load: "1x" is no duration
            load: expected a number at "b"
            load: start timestamps do not fit "b 1"
            eval in line 11: expected one value at "a 1 2"
            eval in line 15: 1m is behind 0
            eval in line 17: unknown rule "expect maybe"
            eval in line 20: "expect no_warn" contradicts a rule before it
            eval in line 24: {} is expected twice"#]],
    );
}

#[test]
fn durations_are_lengths() {
    let lengths = ["0", "0m", "1h30m", "7ms", "5", "-5m", "+5m", "", "x", "1m + 1m"];
    let read = lengths.map(|text| duration_ms(text).ok());
    let expected = [Some(0), Some(0), Some(5_400_000), Some(7), None, None, None, None, None, None];
    assert_eq!(read, expected);
}

/// How a query at one minute is asked again: its text, the times, and whether each time is
/// repeated as a range query.
fn check_reruns(query: &str, expected: &Expect) {
    let script = Script::parse(&format!("eval instant at 1m {query}")).expect("a script");
    let [Command::Eval { eval: Ok(eval), .. }] = &script.commands[..] else { panic!("no eval") };
    let runs = instant_runs(eval, 60_000).expect("a query");
    let text = runs.get(1).map_or("", |run| &run.text);
    let times_ms: Vec<i64> = runs.iter().skip(1).map(|run| run.t_ms).collect();
    expected.assert_eq(&format!("{text} {times_ms:?} {}", repeats_as_range(eval)));
}

#[test]
fn instant_queries_run_again_at_fixed_times() {
    check_reruns(
        "a + sum(rate(b[5m] @ 3 offset 1m))",
        &expect![
            "a @ 60.000 + sum(rate(b[5m] @ 3.000 offset 1m)) [-600000, 0, 12000, 60000, 600000] true"
        ],
    );
    check_reruns(
        "max_over_time(vector(time())[1h:1m])",
        &expect![
            "max_over_time(vector(time())[1h:1m] @ 60.000) [-600000, 0, 12000, 60000, 600000] true"
        ],
    );
    check_reruns("a + time()", &expect![" [] true"]);
    check_reruns("a @ start()", &expect!["a @ 60.000 [-600000, 0, 12000, 60000, 600000] false"]);
    check_reruns("1", &expect!["1 [-600000, 0, 12000, 60000, 600000] true"]);
}
