//! `series`, `labels` and `label/<name>/values`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hydrograph_query::promql;
use hydrograph_storage::matcher::Matcher;
use hydrograph_storage::source::{LabelQuestion, SelectRequest, Selector, SeriesSet};
use hydrograph_storage::time_range::TimeRange;

use super::envelope::{ApiError, SUCCESS, data, success};
use super::params::Params;
use super::query::source_error;
use super::result_json::push_labels;
use super::tenant::Tenant;
use crate::app::{App, CancelOnDrop};

const TRUNCATED: &str = "results truncated due to limit";

pub(crate) async fn series(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    params: Params,
) -> Result<Response, ApiError> {
    let request = select_request(&app, tenant, &params)?;
    if request.selectors.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let limit = params.limit()?;
    let _asked = CancelOnDrop(request.limits.clone());
    let turn = app.query_turn(&request.limits).await;
    let _turn = turn.map_err(|stopped| source_error(stopped.into()))?;
    let sets = app.source.select(&request).await.map_err(source_error)?;
    let found = SeriesSet::merge(sets);
    let mut out = format!("{SUCCESS}[");
    for (nth, one) in found.series.iter().take(limit).enumerate() {
        if nth > 0 {
            out.push(',');
        }
        push_labels(&mut out, &one.labels);
    }
    out.push(']');
    Ok(success(out, &warnings(found.series.len(), limit), &[]))
}

pub(crate) async fn names(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    params: Params,
) -> Result<Response, ApiError> {
    strings(&app, tenant, &params, LabelQuestion::Names).await
}

pub(crate) async fn values(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let name = unescape(&name);
    if name.is_empty() {
        return Err(ApiError::bad_data("invalid label name: \"\""));
    }
    strings(&app, tenant, &params, LabelQuestion::Values(name)).await
}

async fn strings(
    app: &App,
    tenant: Tenant,
    params: &Params,
    question: LabelQuestion,
) -> Result<Response, ApiError> {
    let request = select_request(app, tenant, params)?;
    let limit = params.limit()?;
    let _asked = CancelOnDrop(request.limits.clone());
    let turn = app.query_turn(&request.limits).await;
    let _turn = turn.map_err(|stopped| source_error(stopped.into()))?;
    let mut found = app.source.label_strings(&request, &question).await.map_err(source_error)?;
    let warnings = warnings(found.len(), limit);
    found.truncate(limit);
    if warnings.is_empty() {
        return Ok(data(&found));
    }
    let json = serde_json::to_string(&found).expect("strings are JSON");
    Ok(success(format!("{SUCCESS}{json}"), &warnings, &[]))
}

fn warnings(found: usize, limit: usize) -> Vec<String> {
    if found > limit { vec![TRUNCATED.to_owned()] } else { Vec::new() }
}

/// The matchers and the closed range of time of a metadata request; all of time by default.
fn select_request(app: &App, tenant: Tenant, params: &Params) -> Result<SelectRequest, ApiError> {
    let start_ms = params.time_ms("start")?.unwrap_or(i64::MIN);
    let end_ms = params.time_ms("end")?.unwrap_or(i64::MAX);
    if end_ms < start_ms {
        return Err(ApiError::bad_data(
            "invalid parameter \"end\": end timestamp must not be before start time",
        ));
    }
    let range = TimeRange::closed(start_ms, end_ms);
    let mut selectors = Vec::new();
    for text in params.all("match[]") {
        selectors.push(Selector { matchers: matchers(text)?, range });
    }
    if selectors.is_empty() && range != TimeRange::ALL {
        selectors.push(Selector { matchers: Vec::new(), range });
    }
    Ok(SelectRequest { tenant: tenant.0, selectors, limits: app.query_limits(None) })
}

/// The conditions of a selector, `up{job="a"}`; it must not select everything.
fn matchers(text: &str) -> Result<Vec<Matcher>, ApiError> {
    let invalid = |why: String| ApiError::bad_data(format!("invalid parameter \"match[]\": {why}"));
    let parsed = promql::parse_selector(text).map_err(|error| invalid(error.to_string()))?;
    let compiled = parsed.iter().map(|one| Matcher::new(&one.name, one.op, &one.value));
    let matchers = compiled.collect::<Result<Vec<_>, _>>().map_err(invalid)?;
    if matchers.iter().all(Matcher::matches_absent) {
        return Err(invalid("match[] must contain at least one non-empty matcher".to_owned()));
    }
    Ok(matchers)
}

/// A label name in the `U__` escaping of Prometheus: `_hex_` is a character, `__` an underscore.
/// What is not so escaped stands for itself.
fn unescape(name: &str) -> String {
    let Some(mut rest) = name.strip_prefix("U__") else { return name.to_owned() };
    let mut out = String::new();
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('_') {
            out.push('_');
            rest = after;
            continue;
        }
        let decoded = rest.split_once('_').and_then(|(hex, after)| {
            let code = u32::from_str_radix(hex, 16).ok()?;
            Some((char::from_u32(code)?, after))
        });
        let Some((character, after)) = decoded else { return name.to_owned() };
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn label_names_are_unescaped() {
        for (escaped, name) in [
            ("job", "job"),
            ("U__gr_f6__df_e", "größe"),
            ("U__a__b", "a_b"),
            ("U___2e_x", ".x"),
            ("U__a_zz_", "U__a_zz_"),
            ("U__a_", "U__a_"),
        ] {
            assert_eq!(unescape(escaped), name);
        }
    }
}
