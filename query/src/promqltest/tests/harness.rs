//! Whole scripts: every right eval passes, every deliberately wrong one fails, for the right
//! reason.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use expect_test::{Expect, expect};
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SeriesSet, Source, SourceError};

use crate::MemorySource;
use crate::promqltest::script::Script;
use crate::promqltest::{Load, MemoryStorage, NotHeld, ScriptReport, Storage, run_path, runner};

const LOAD: &str = "
load 1m
  up{job=\"a\"} 0+1x10
  up{job=\"b\"} 10-1x10
  bucket{le=\"x\"} 1x10
";

/// What comes of a script that follows [`LOAD`].
async fn run(evals: &str) -> ScriptReport {
    let script = Script::parse(&format!("{LOAD}\n{evals}")).expect("a script");
    runner::run(String::new(), &script, &|| Box::new(MemoryStorage::default())).await
}

async fn passes(evals: &str) {
    let report = run(evals).await;
    assert!(report.total > 0 && report.failures.is_empty(), "{evals}{:?}", report.failures);
}

/// Every eval fails, for these reasons.
async fn fails(evals: &str, expected: Expect) {
    let report = run(evals).await;
    assert_eq!(report.passed(), 0, "{evals}");
    let reasons: Vec<&str> = report.failures.iter().map(|f| f.reason.as_str()).collect();
    expected.assert_eq(&reasons.join("\n"));
}

#[tokio::test]
async fn right_expectations_are_met() {
    for evals in [
        "eval instant at 2m up\n up{job=\"b\"} 8\n up{job=\"a\"} 2\n",
        "eval instant at 2m sort(up)\n expect ordered\n up{job=\"a\"} 2\n up{job=\"b\"} 8\n",
        "eval instant at 2m 1 + 1\n 2\n",
        "eval instant at 2m time()\n 120\n",
        "eval instant at 2m (\"x\")\n expect string `x`\n",
        "eval instant at 2m missing\n",
        "eval range from 1m to 3m step 1m up{job=\"a\"} > 1\n up{job=\"a\"} _ 2 3\n",
        "eval range from 1m to 3m step 1m 5\n {} 5x2\n",
        "eval instant at 1m up{job=\"a\"}[2m]\n expect range vector from 1m to 2m step 1m\n up{job=\"a\"} 1 2\n",
        "eval instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n expect fail regex: same labelset$\n",
        "eval_fail instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n",
        "eval instant at 2m quantile(2, up)\n expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)\n {} Inf\n",
        "eval instant at 2m rate(up[2m]) * 0\n expect info\n expect no_warn\n {job=\"a\"} 0\n {job=\"b\"} 0\n",
    ] {
        passes(evals).await;
    }
}

#[tokio::test]
async fn wrong_answers_fail() {
    fails(
        "eval instant at 2m up\n up{job=\"b\"} 8\n up{job=\"a\"} 3\n",
        expect![[r#"{__name__="up", job="a"}: expected 3, got 2"#]],
    )
    .await;
    fails(
        "eval instant at 2m up\n up{job=\"b\"} 8\n",
        expect![[r#"unexpected series {__name__="up", job="a"} with 2"#]],
    )
    .await;
    fails(
        "eval instant at 2m up\n up{job=\"b\"} 8\n up{job=\"a\"} 2\n up{job=\"c\"} 2\n",
        expect![[r#"missing series {__name__="up", job="c"}"#]],
    )
    .await;
    fails(
        "eval instant at 2m up\n",
        expect![[r#"unexpected series {__name__="up", job="a"} with 2"#]],
    )
    .await;
    fails(
        "eval instant at 2m missing\n missing 1\n",
        expect![[r#"missing series {__name__="missing"}"#]],
    )
    .await;
    fails(
        "eval instant at 2m sort(up)\n expect ordered\n up{job=\"b\"} 8\n up{job=\"a\"} 2\n",
        expect![[r#"{__name__="up", job="a"} at place 0, expected at 1"#]],
    )
    .await;
    fails("eval instant at 2m 1 + 1\n 3\n", expect!["expected the number 3, got 2"]).await;
    fails("eval instant at 2m 1 + 1\n {} 2\n", expect!["expected series, got 2"]).await;
    fails("eval instant at 2m vector(2)\n 2\n", expect!["expected the number 2, got series"]).await;
    fails(
        "eval instant at 2m \"x\"\n expect string `y`\n",
        expect![[r#"expected the string "y", got a string"#]],
    )
    .await;
    fails("eval range from 1m to 3m step 1m up{job=\"a\"} > 1\n up{job=\"a\"} 1 2 3\n", expect![[r#"{__name__="up", job="a"}: expected [1 @60000, 2 @120000, 3 @180000], got [2 @120000, 3 @180000]"#]]).await;
    fails("eval instant at 1m up{job=\"a\"}[2m]\n expect range vector from 1m to 2m step 1m\n up{job=\"a\"} 1 3\n", expect![[r#"{__name__="up", job="a"}: expected [1 @60000, 3 @120000], got [1 @60000, 2 @120000]"#]]).await;
    fails(
        "eval instant at 2m up\n up{job=\"b\"} {{count:8}}\n up{job=\"a\"} 2\n",
        expect![[r#"{__name__="up", job="b"}: expected a histogram, got 8"#]],
    )
    .await;
}

#[tokio::test]
async fn wrong_words_fail() {
    fails("eval instant at 2m quantile(2, up)\n expect no_warn\n {} Inf\n", expect!["unexpected warning: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]).await;
    fails("eval instant at 2m quantile(2, up)\n expect warn msg: PromQL warning: quantile\n {} Inf\n", expect![[r#"missing warning: PromQL warning: quantile; got ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]"#]]).await;
    fails("eval instant at 2m quantile(2, up)\n expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:11)\n {} Inf\n", expect![[r#"missing warning: PromQL warning: quantile value should be between 0 and 1, got 2 (1:11); got ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]"#]]).await;
    fails(
        "eval instant at 2m quantile(1, up)\n expect warn\n {} 8\n",
        expect!["missing warning: anything; got []"],
    )
    .await;
    fails("eval instant at 2m rate(up[2m]) * 0\n expect no_info\n {job=\"a\"} 0\n {job=\"b\"} 0\n", expect![[r#"unexpected info: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "up" (1:6)"#]]).await;
    fails("eval instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n expect fail msg: the same labelset\n", expect![[r#"failed with "vector cannot contain metrics with the same labelset", expected the same labelset"#]]).await;
    fails("eval_fail instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n expected_fail_regexp ^same\n", expect![[r#"failed with "vector cannot contain metrics with the same labelset", expected /^same/"#]]).await;
    fails("eval instant at 2m up\n expect fail\n", expect!["did not fail, expected anything"])
        .await;
    fails(
        "eval instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n",
        expect!["vector cannot contain metrics with the same labelset"],
    )
    .await;
}

/// A source that cannot answer the question of one number.
struct Lame {
    inner: MemorySource,
    asked: AtomicUsize,
    silent_at: usize,
}

#[async_trait]
impl Source for Lame {
    async fn select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.silent_at {
            return Err(SourceError::Unavailable("lame".to_owned()));
        }
        self.inner.select(request).await
    }

    async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        self.inner.label_strings(request, question).await
    }
}

struct LameStorage(Arc<Lame>);

#[async_trait]
impl Storage for LameStorage {
    async fn load(&mut self, load: &Load) -> Result<(), NotHeld> {
        load.floats(|labels, t_ms, value| self.0.inner.append(labels, t_ms, value))
    }

    async fn source(&self) -> Result<Arc<dyn Source>, NotHeld> {
        Ok(Arc::clone(&self.0) as Arc<dyn Source>)
    }
}

/// Asks an eval of so many questions, of which every one counts.
async fn asks(eval: &str, questions: usize) {
    for silent_at in 0..=questions {
        let open = || {
            let (inner, asked) = (MemorySource::new(), AtomicUsize::new(0));
            Box::new(LameStorage(Arc::new(Lame { inner, asked, silent_at }))) as Box<dyn Storage>
        };
        let script = Script::parse(&format!("{LOAD}\n{eval}")).expect("a script");
        let report = runner::run(String::new(), &script, &open).await;
        assert_eq!(
            report.passed() == 1,
            silent_at == questions,
            "{eval}{silent_at} of {questions}"
        );
    }
}

#[tokio::test]
async fn an_eval_passes_only_if_all_its_runs_do() {
    asks("eval instant at 2m up\n up{job=\"a\"} 2\n up{job=\"b\"} 8\n", 12).await;
    asks("eval instant at 0 up\n up{job=\"a\"} 0\n up{job=\"b\"} 10\n", 8).await;
    asks("eval instant at 2m up{job=\"a\"} * 0 + time()\n {job=\"a\"} 120\n", 2).await;
    asks("eval instant at 2m sort(up)\n expect ordered\n up{job=\"a\"} 2\n up{job=\"b\"} 8\n", 12)
        .await;
    asks("eval instant at 2m up{job=\"a\"} @ end()\n up{job=\"a\"} 2\n", 6).await;
    asks("eval instant at 2m up{job=\"a\"}[1m]\n expect range vector from 2m to 3m step 1m\n up{job=\"a\"} _ 3\n", 6).await;
    asks("eval instant at 2m label_replace(up, \"job\", \"\", \"\", \"\")\n expect fail\n", 6)
        .await;
    asks("eval range from 0 to 1m step 1m up{job=\"a\"}\n up{job=\"a\"} 0 1\n", 1).await;
}

#[tokio::test]
async fn what_cannot_be_read_fails_alone() {
    let script =
        "eval instant at 2m up(\n\neval instant at 2m 1\n {} 1 2\n\neval instant at 2m 1\n 1\n";
    let lines: Vec<usize> = run(script).await.failures.iter().map(|f| f.line).collect();
    assert_eq!(lines, [7, 9]);
    fails(
        "eval instant at 2m missing(up)\n expect fail\n",
        expect![[r#"1:1: parse error: unknown function with name "missing""#]],
    )
    .await;
}

#[tokio::test]
async fn nothing_passes_after_a_load_that_is_not_held_whole() {
    for load in [
        "load 1m\n h {{}}\n",
        "load_with_nhcb 1m\n h 1\n",
        "load 1m\n h@st -1m\n h {{}}\n",
        "load 1m\n h 1 x\n",
    ] {
        let evals = "\neval instant at 0 missing\n\neval instant at 0 missing(up)\n expect fail\n\nload 1m\n ok 1\n";
        let after = "\neval instant at 0 1\n 1\n\nclear\n\neval instant at 0 up\n";
        let report = run(&format!("{load}{evals}{after}")).await;
        assert_eq!((report.total, report.failures.len()), (4, 3), "{:?}", report.failures);
    }
}

/// Scripts of our own, which everyone has.
#[tokio::test]
async fn own_scripts_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/promqltest/tests/scripts");
    let report = run_path(&folder).await.expect("scripts");
    assert!(report.total() > 0);
    assert_eq!(report.failures().to_string(), "");
}
