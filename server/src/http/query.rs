//! `query` and `query_range`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hydrograph_query::{QueryError, QueryRange, QueryRequest, QueryResult, promql};
use hydrograph_storage::limits::Stopped;
use hydrograph_storage::source::SourceError;

use super::envelope::{ApiError, ErrorKind, SUCCESS, success};
use super::params::Params;
use super::result_json::{exceeds, push_data, text_bytes};
use super::tenant::Tenant;
use crate::app::App;

const NOTES_MAX: usize = 10;
const TRUNCATED: &str = "results truncated due to limit";

pub(crate) async fn instant(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    params: Params,
) -> Result<Response, ApiError> {
    let t_ms = params.time_ms("time")?.unwrap_or_else(|| app.clock.now_ms());
    answer(&app, tenant, &params, QueryRange::Instant { t_ms }).await
}

pub(crate) async fn range(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    params: Params,
) -> Result<Response, ApiError> {
    let missing = |name: &str| {
        ApiError::bad_data(format!(
            "invalid parameter \"{name}\": cannot parse \"\" to a valid timestamp"
        ))
    };
    let start_ms = params.time_ms("start")?.ok_or_else(|| missing("start"))?;
    let end_ms = params.time_ms("end")?.ok_or_else(|| missing("end"))?;
    if end_ms < start_ms {
        return Err(ApiError::bad_data(
            "invalid parameter \"end\": end timestamp must not be before start time",
        ));
    }
    let step_ms = params.duration_ms("step")?.ok_or_else(|| {
        ApiError::bad_data("invalid parameter \"step\": cannot parse \"\" to a valid duration")
    })?;
    if step_ms <= 0 {
        return Err(ApiError::bad_data(
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    let steps = end_ms.abs_diff(start_ms) / step_ms.unsigned_abs();
    if steps > app.config.query.max_points {
        return Err(ApiError::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
                .replace("11,000", &thousands(app.config.query.max_points)),
        ));
    }
    answer(&app, tenant, &params, QueryRange::Range { start_ms, end_ms, step_ms }).await
}

/// `11000` as `11,000`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

async fn answer(
    app: &App,
    tenant: Tenant,
    params: &Params,
    range: QueryRange,
) -> Result<Response, ApiError> {
    let limit = params.limit()?;
    let text = params.get("query").to_owned();
    let expr = promql::parse(&text, promql::Options::default())
        .map_err(|error| ApiError::bad_data(format!("invalid parameter \"query\": {error}")))?;
    let limits = app.query_limits(params.duration_ms("timeout")?);
    let turn = app.query_turn(&limits).await.map_err(|stopped| query_error(&stopped.into()))?;
    let lookback_ms = params.duration_ms("lookback_delta")?;
    let limits_of_answer = limits.clone();
    let turn: Option<Box<dyn Send>> = Some(Box::new(turn));
    let request = QueryRequest { tenant: tenant.0, text, expr, range, lookback_ms, limits, turn };
    let result = app.engine.run(request).await.map_err(|error| query_error(&error))?;
    // Text is larger than numbers, and writing much of it takes long.
    let text_bytes = text_bytes(&result.value);
    let reserved = limits_of_answer.reserve("the answer's text", text_bytes);
    let _reserved = reserved.map_err(|stopped| query_error(&stopped.into()))?;
    let written = tokio::task::spawn_blocking(move || respond(result, limit, text_bytes)).await;
    written.map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))
}

fn respond(mut result: QueryResult, limit: usize, text_bytes: usize) -> Response {
    if exceeds(&result.value, limit) {
        result.warnings.push(TRUNCATED.to_owned());
    }
    let mut body = String::with_capacity(text_bytes);
    body.push_str(SUCCESS);
    push_data(&mut body, &result.value, limit);
    let warnings = shorten(result.warnings, "warning");
    let infos = shorten(result.infos, "info");
    success(body, &warnings, &infos)
}

/// Ten notes at most, and the number of the rest.
fn shorten(mut notes: Vec<String>, kind: &str) -> Vec<String> {
    let more = notes.len().saturating_sub(NOTES_MAX);
    if more > 0 {
        notes.truncate(NOTES_MAX);
        notes.push(format!("{more} more {kind} annotations omitted"));
    }
    notes
}

fn query_error(error: &QueryError) -> ApiError {
    let kind = match error {
        QueryError::Invalid(_) => ErrorKind::BadData,
        QueryError::Execution(_)
        | QueryError::Unsupported(_)
        | QueryError::Stopped(Stopped::OverBudget { .. }) => ErrorKind::Execution,
        QueryError::Stopped(Stopped::Deadline) => ErrorKind::Timeout,
        QueryError::Stopped(Stopped::Cancelled) => ErrorKind::Cancelled,
        QueryError::Unavailable(_) => ErrorKind::Unavailable,
        QueryError::Internal(_) => ErrorKind::Internal,
    };
    ApiError::new(kind, error.to_string())
}

/// What a metadata request answers where the source does not.
pub(crate) fn source_error(error: SourceError) -> ApiError {
    query_error(&error.into())
}

#[cfg(test)]
mod tests {
    use super::{shorten, thousands};

    #[test]
    fn notes_are_ten_at_most() {
        let notes: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        let short = shorten(notes, "warning");
        assert_eq!(short.len(), 11);
        assert_eq!(short[10], "2 more warning annotations omitted");
    }

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(1, "1"), (999, "999"), (11_000, "11,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), text);
        }
    }
}
