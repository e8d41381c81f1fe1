use expect_test::expect;

use hydrograph_storage::clock::Clock;
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SeriesSet, Source, SourceError};

use super::*;

fn many() -> Arc<MemorySource> {
    let series: Vec<String> = (0..200).map(|n| format!("m{{n=\"{n}\"}} 1 2 3")).collect();
    source(&series.join("\n"))
}

const RANGE: QueryRange = QueryRange::Range { start_ms: 0, end_ms: 600_000, step_ms: 1_000 };

#[test]
fn memory_follows_groups_not_series() {
    let limits = limits(1 << 24);
    run_within(many(), "sum(m)", RANGE, &limits, EngineOptions::default()).unwrap();
    // All points of all series would be a megabyte.
    assert!(limits.peak_bytes() < 300_000, "{}", limits.peak_bytes());
}

#[test]
fn over_the_budget() {
    let result = run_within(many(), "m", RANGE, &limits(100_000), EngineOptions::default());
    assert!(matches!(result, Err(QueryError::Stopped(Stopped::OverBudget { .. }))));
}

#[test]
fn cancelled() {
    let limits = limits(1 << 24);
    limits.cancel();
    let result = run_within(many(), "m", RANGE, &limits, EngineOptions::default());
    assert_eq!(result.unwrap_err(), QueryError::Stopped(Stopped::Cancelled));
}

#[test]
fn too_many_steps() {
    let range = QueryRange::Range { start_ms: 0, end_ms: 20_000_000, step_ms: 1_000 };
    let result = run_within(many(), "m", range, &limits(1 << 24), EngineOptions::default());
    let text = result.unwrap_err().to_string();
    assert!(text.starts_with("exceeded maximum resolution of 11,000 points"), "{text}");
}

#[test]
fn subqueries_of_countless_steps() {
    let run = |query, range| {
        run_within(many(), query, range, &limits(1 << 24), EngineOptions::default()).unwrap_err()
    };
    let result = run("sum_over_time(vector(1)[1d:1ms])", RANGE);
    assert!(matches!(result, QueryError::Stopped(Stopped::OverBudget { .. })));
    let result = run("sum_over_time(vector(1)[100y:1ms])", RANGE);
    assert!(matches!(result, QueryError::Execution(_)));
    for far_ms in [4_600_000_000_000_000, 4_600_000_000_000_000_000] {
        let range = QueryRange::Range { start_ms: -far_ms, end_ms: far_ms, step_ms: far_ms };
        for query in ["rate(m[1m:1ms])", "max_over_time(sum(m)[1m:1ms])"] {
            assert!(matches!(run(query, range), QueryError::Execution(_)));
        }
    }
}

#[test]
fn a_lookback_that_is_none_is_the_default() {
    let run = |lookback_ms| {
        let request = QueryRequest {
            tenant: Arc::from("anonymous"),
            text: "m".to_owned(),
            expr: promql::parse("m", Options::ALL).unwrap(),
            range: QueryRange::Instant { t_ms: 200_000 },
            lookback_ms,
            limits: limits(1 << 24),
            turn: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let engine = Engine::new(source("m 1"), EngineOptions::default());
        runtime.block_on(engine.run(request)).unwrap().value
    };
    assert_eq!(run(Some(1)), Value::Vector(Vec::new()));
    assert_ne!(run(None), Value::Vector(Vec::new()));
    assert_eq!(run(Some(0)), run(None));
    assert_eq!(run(Some(-1)), run(None));
}

/// A clock on which time goes by whenever it is asked.
#[derive(Debug, Default)]
struct Ticking(std::sync::atomic::AtomicU64);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        0
    }

    fn monotonic_ns(&self) -> u64 {
        self.0.fetch_add(20_000_000, std::sync::atomic::Ordering::Relaxed)
    }
}

#[test]
fn the_deadline_holds_within_one_series() {
    let limits = QueryLimits::new(1 << 28, 1_000, Arc::new(Ticking::default()));
    let query = "quantile_over_time(0.5, (vector(1))[5m:1ms])";
    let result = run_within(many(), query, RANGE, &limits, EngineOptions::default());
    assert_eq!(result, Err(QueryError::Stopped(Stopped::Deadline)));
}

#[test]
fn long_chains() {
    let scalars = "1".to_owned() + &" + 1".repeat(10_000);
    expect![["scalar 10001\n"]].assert_eq(&text(run_within(
        many(),
        &scalars,
        QueryRange::Instant { t_ms: 0 },
        &limits(1 << 24),
        EngineOptions::default(),
    )));
    let deep = "m".to_owned() + &" + 1".repeat(240);
    assert!(run_within(many(), &deep, RANGE, &limits(1 << 24), EngineOptions::default()).is_ok());
    let deeper = "m".to_owned() + &" + m".repeat(10_000);
    let result = run_within(many(), &deeper, RANGE, &limits(1 << 24), EngineOptions::default());
    assert!(matches!(result, Err(QueryError::Invalid(_))));
}

#[test]
fn delayed_names_go_at_the_end() {
    let options = EngineOptions { delayed_name_removal: true, ..EngineOptions::default() };
    let range = QueryRange::Instant { t_ms: 0 };
    let series = source("a 1\nb 2");
    let result = run_within(
        series,
        r#"sum by (__name__) (-{__name__=~"a|b"})"#,
        range,
        &limits(1 << 24),
        options,
    );
    expect![[r"
        error: vector cannot contain metrics with the same labelset
    "]]
    .assert_eq(&text(result));
}

/// A source that never answers.
struct Hanging;

#[async_trait::async_trait]
impl Source for Hanging {
    async fn select(&self, _: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        std::future::pending().await
    }

    async fn label_strings(
        &self,
        _: &SelectRequest,
        _: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn the_deadline_holds_while_data_is_looked_up() {
    let limits = limits(1 << 20);
    let request = QueryRequest {
        tenant: Arc::from("anonymous"),
        text: "up".to_owned(),
        expr: promql::parse("up", Options::default()).unwrap(),
        range: QueryRange::Instant { t_ms: 0 },
        lookback_ms: None,
        limits: limits.clone(),
        turn: None,
    };
    let engine = Engine::new(Arc::new(Hanging), EngineOptions::default());
    assert_eq!(engine.run(request).await, Err(QueryError::Stopped(Stopped::Deadline)));
    assert_eq!(limits.check(), Err(Stopped::Cancelled), "whoever still works for it stops");
}

#[test]
fn too_many_selectors() {
    let run = |different: usize| {
        let selectors: Vec<_> = (0..1_200).map(|n| format!("scalar(m{})", n % different)).collect();
        let sums: Vec<_> =
            selectors.chunks(40).map(|sum| format!("({})", sum.join(" + "))).collect();
        let query = sums.join(" + ");
        let range = QueryRange::Instant { t_ms: 0 };
        run_within(source(""), &query, range, &limits(1 << 24), EngineOptions::default())
    };
    assert!(!matches!(run(100), Err(QueryError::Invalid(text)) if text.contains("selectors")));
    let text = run(1_200).unwrap_err().to_string();
    assert_eq!(text, "query has more than 1000 different selectors");
}

#[test]
fn labels_do_not_grow_without_end() {
    let mut query = "m".to_owned();
    for _ in 0..40 {
        query = format!("label_join({query}, \"a\", \"x\", \"a\", \"a\")");
    }
    let range = QueryRange::Instant { t_ms: 0 };
    let run = |budget_bytes| {
        let options = EngineOptions::default();
        run_within(source("m{a=\"1\"} 1"), &query, range, &limits(budget_bytes), options)
    };
    let text = run(1 << 24).unwrap_err().to_string();
    assert!(text.starts_with("label a would get a value of"), "{text}");
    assert!(matches!(run(1 << 14), Err(QueryError::Stopped(Stopped::OverBudget { .. }))));
}

#[test]
fn results_of_many_variants_are_counted_first() {
    let sides: Vec<String> =
        (0..1_000).map(|n| format!("a{{n=\"{n}\"}} 1\nb{{n=\"{n}\"}} 1")).collect();
    let range = QueryRange::Instant { t_ms: 0 };
    let result = run_within(
        source(&sides.join("\n")),
        "a * on () group_left (n) b",
        range,
        &limits(1 << 23),
        EngineOptions::default(),
    );
    let text = result.unwrap_err().to_string();
    assert!(text.contains("the series of a match asked for"), "{text}");
}
