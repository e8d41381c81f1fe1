//! `/metrics`, and the count and time of every request.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::envelope::{ApiError, ErrorKind};
use crate::app::App;
use crate::metrics::text;

/// Own metrics in the text format.
pub(crate) async fn exposition(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let text = text(&app.gather().await)
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Counts each request by route and status, and times it by route.
pub(crate) async fn observe(
    State(app): State<Arc<App>>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let started_ns = app.clock.monotonic_ns();
    let response = next.run(request).await;
    let route = matched.as_ref().map_or("other", |path| path.as_str());
    let elapsed_ns = app.clock.monotonic_ns() - started_ns;
    app.metrics.observe_request(route, response.status().as_u16(), elapsed_ns as f64 / 1e9);
    response
}
