//! Runs the commands of a script.

use std::sync::Arc;

use hydrograph_storage::clock::ManualClock;
use hydrograph_storage::limits::QueryLimits;

use super::compare;
use super::eval::Eval;
use super::report::{Failure, ScriptReport};
use super::rerun::{Rerun, instant_runs, repeats_as_range};
use super::script::{Command, Script};
use super::storage::Storage;
use crate::engine::{Engine, EngineOptions, QueryRange, QueryRequest, QueryResult};
use crate::error::QueryError;
use crate::promql::{Expr, Options, parse};
use crate::value::Value;

/// Far more than any script needs.
const BUDGET_BYTES: u64 = 4 << 30;
const TIMEOUT_MS: u64 = 1 << 40;
const MINUTE_MS: i64 = 60_000;

/// Runs a script over storages that `open` makes.
pub(super) async fn run(
    name: String,
    script: &Script,
    open: &(dyn Fn() -> Box<dyn Storage> + Sync),
) -> ScriptReport {
    let mut report = ScriptReport { name, ..ScriptReport::default() };
    let mut storage = open();
    let mut held: Result<(), String> = Ok(());
    for command in &script.commands {
        match command {
            Command::Clear => (storage, held) = (open(), Ok(())),
            Command::Load(Err(fault)) => held = held.and(Err(fault.clone())),
            Command::Load(Ok(load)) => {
                if held.is_ok() {
                    held = storage.load(load).await.map_err(|fault| fault.to_string());
                }
            }
            Command::Eval { line, eval } => {
                report.total += 1;
                let outcome = match (&held, eval) {
                    (Err(fault), _) | (_, Err(fault)) => Err(fault.clone()),
                    (Ok(()), Ok(eval)) => passes(storage.as_ref(), eval).await,
                };
                if let Err(reason) = outcome {
                    report.failures.push(Failure { line: *line, reason });
                }
            }
        }
    }
    report
}

/// Whether an eval passes in all its runs.
async fn passes(storage: &dyn Storage, eval: &Eval) -> Result<(), String> {
    let source = storage.source().await.map_err(|fault| fault.to_string())?;
    let options = EngineOptions {
        delayed_name_removal: true,
        start_timestamps: true,
        ..EngineOptions::default()
    };
    let engine = Engine::new(source, options);
    let QueryRange::Instant { t_ms } = eval.times else {
        let expr = parse(&eval.query, Options::ALL).map_err(|error| error.to_string())?;
        return check_answer(eval, ask(&engine, &eval.query, &expr, eval.times).await).map(drop);
    };
    for run in instant_runs(eval, t_ms)? {
        check_run(&engine, eval, &run).await.map_err(|reason| {
            if run.text == eval.query { reason } else { format!("{run}: {reason}") }
        })?;
    }
    Ok(())
}

/// One way of asking an instant query, and the range query around it.
async fn check_run(engine: &Engine, eval: &Eval, run: &Rerun) -> Result<(), String> {
    let t_ms = run.t_ms;
    let answer = ask(engine, &run.text, &run.expr, QueryRange::Instant { t_ms }).await;
    let Some(value) = check_answer(eval, answer)? else { return Ok(()) };
    if !repeats_as_range(eval) {
        return Ok(());
    }
    let (start_ms, end_ms) = (t_ms.saturating_sub(MINUTE_MS), t_ms.saturating_add(MINUTE_MS));
    let range = QueryRange::Range { start_ms, end_ms, step_ms: MINUTE_MS };
    let in_range = |reason: String| format!("as a range query: {reason}");
    let result = ask(engine, &run.text, &run.expr, range).await;
    let Value::Matrix(matrix) = result.map_err(|error| in_range(error.to_string()))?.value else {
        return Err(in_range("the answer is no matrix".to_owned()));
    };
    compare::check_sorted(&matrix).map_err(in_range)?;
    if eval.expected.ordered {
        return Ok(());
    }
    let is_scalar = matches!(value, Value::Scalar { .. });
    compare::check_step(&eval.expected, &matrix, t_ms, is_scalar).map_err(in_range)
}

/// Checks an answer; the value comes back unless the query failed as it should.
fn check_answer(
    eval: &Eval,
    answer: Result<QueryResult, QueryError>,
) -> Result<Option<Value>, String> {
    match (answer, &eval.rules.fail) {
        (Err(QueryError::Execution(message) | QueryError::Invalid(message)), Some(wanted)) => {
            if wanted.matches(&message) {
                Ok(None)
            } else {
                Err(format!("failed with {message:?}, expected {wanted}"))
            }
        }
        (Err(error), _) => Err(error.to_string()),
        (Ok(_), Some(wanted)) => Err(format!("did not fail, expected {wanted}")),
        (Ok(result), None) => {
            eval.rules.check_annotations(&result.warnings, &result.infos)?;
            compare::check(&eval.expected, &result.value)?;
            Ok(Some(result.value))
        }
    }
}

async fn ask(
    engine: &Engine,
    text: &str,
    expr: &Expr,
    range: QueryRange,
) -> Result<QueryResult, QueryError> {
    let now_ms = match range {
        QueryRange::Instant { t_ms } => t_ms,
        QueryRange::Range { end_ms, .. } => end_ms,
    };
    let clock = Arc::new(ManualClock::at(now_ms));
    let request = QueryRequest {
        tenant: Arc::from("anonymous"),
        text: text.to_owned(),
        expr: expr.clone(),
        range,
        lookback_ms: None,
        limits: QueryLimits::new(BUDGET_BYTES, TIMEOUT_MS, clock),
        turn: None,
    };
    engine.run(request).await
}
