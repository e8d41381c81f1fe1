//! Health, build information and the answers that are empty until a later capability fills them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::http::envelope::{ApiError, ErrorKind, data};

pub(crate) async fn healthy() -> &'static str {
    "Hydrograph is healthy.\n"
}

/// 200 once every partition has replayed its log and every shard makes progress.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.readiness() {
        Ok(()) => "Hydrograph is ready.\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

/// The version of Prometheus whose API is spoken: clients choose their calls by it.
const API_VERSION: &str = "3.5.0";

/// Grafana takes a server whose answer has `features` for another product, so there are none.
pub(crate) async fn build_info() -> Response {
    data(&json!({
        "version": API_VERSION,
        "revision": concat!("hydrograph-", env!("CARGO_PKG_VERSION")),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

pub(crate) async fn metadata() -> Response {
    data(&json!({}))
}

pub(crate) async fn query_exemplars() -> Response {
    data(&json!([]))
}

pub(crate) async fn rules() -> Response {
    data(&json!({ "groups": [] }))
}

/// Flushes every partition and answers when all of it is committed.
pub(crate) async fn flush(State(app): State<Arc<App>>) -> Result<StatusCode, ApiError> {
    match app.flush().await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(why) => Err(ApiError::new(ErrorKind::Unavailable, why)),
    }
}

/// Merges every block that can be merged and answers when it is committed.
pub(crate) async fn compact(State(app): State<Arc<App>>) -> Result<StatusCode, ApiError> {
    match app.compaction.merge_all().await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(ApiError::new(ErrorKind::Unavailable, format!("{error:#}"))),
    }
}

pub(crate) async fn not_found() -> Response {
    ApiError::new(ErrorKind::NotFound, "no such path; see /api/v1/").into_response()
}
