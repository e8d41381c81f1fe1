//! Remote write 1.0: `POST /api/v1/write`.
//!
//! Law: 2xx is sent after the fsync. A sender reads 4xx as «never again» (but 429) and 5xx as
//! «later», so every answer here is one of the two on purpose.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hydrograph_ingest::gateway::{Rejected, Unsupported, WriteError, WriteOutcome};
use hydrograph_proto::remote_write::{SnappyError, snappy_decode};
use tokio::sync::OwnedSemaphorePermit;

use super::tenant::Tenant;
use crate::app::{App, error_chain};

/// How long a sender may take to send a body; meanwhile it holds its share of the memory.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
const NOT_STORED: HeaderName = HeaderName::from_static("x-hydrograph-not-stored");

/// An answer in plain text, as senders log it.
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.message + "\n").into_response();
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

pub(crate) async fn remote_write(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&app, &tenant, &headers, body).await {
        Ok(outcome) => respond(&outcome),
        Err(refusal) => refusal.into_response(),
    }
}

async fn take(
    app: &App,
    tenant: &Tenant,
    headers: &HeaderMap,
    body: Body,
) -> Result<WriteOutcome, Refusal> {
    check_kind(headers)?;
    let body_bytes_max = app.config.write.body_bytes_max as usize;
    let _body_share = share(app, declared_bytes(app, headers)?)?;
    let reading = axum::body::to_bytes(body, body_bytes_max);
    let read = tokio::time::timeout(BODY_PATIENCE, reading).await.map_err(|_elapsed| {
        let text = format!("body did not arrive within {} s", BODY_PATIENCE.as_secs());
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    let body = read.map_err(|error| {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("body of at most {body_bytes_max} bytes (--write.max-body-bytes): {error}"),
        )
    })?;
    let _message_share = share(app, snap::raw::decompress_len(&body).unwrap_or(0) as u64)?;
    let mut message = Vec::new();
    let message = snappy_decode(&body, body_bytes_max, &mut message).map_err(|error| {
        let status = match error {
            SnappyError::Limit { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            SnappyError::Lie { .. } | SnappyError::Invalid(_) => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, error_chain(&error))
    })?;
    app.gateway.write(&tenant.0, message).await.map_err(|error| {
        app.mind(&error);
        let status = match error {
            WriteError::Malformed(_) | WriteError::Tenant { .. } => StatusCode::BAD_REQUEST,
            WriteError::Overloaded { .. } => StatusCode::TOO_MANY_REQUESTS,
            WriteError::Unavailable(_) | WriteError::Encode(_) | WriteError::Closed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Refusal::new(status, error_chain(&error))
    })
}

/// Only protobuf in snappy, and only version 1.0; judged before the body is read.
fn check_kind(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"));
    let unsupported = |what: String| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what);
    let kind = text(header::CONTENT_TYPE);
    let mut parts = kind.split(';').map(str::trim);
    let protobuf = matches!(parts.next(), Some("" | "application/x-protobuf"));
    let version_1 = parts.all(|part| match part.split_once('=') {
        Some(("proto", name)) => name == "prometheus.WriteRequest",
        _ => true,
    });
    if !protobuf || !version_1 {
        return Err(unsupported(format!(
            "content type {kind:?} is not supported: send application/x-protobuf \
             (remote write 1.0, prometheus.WriteRequest)"
        )));
    }
    match text(header::CONTENT_ENCODING) {
        "" | "snappy" => Ok(()),
        encoding => {
            Err(unsupported(format!("content encoding {encoding:?} is not supported: send snappy")))
        }
    }
}

/// The length that a body says it has; the longest allowed where it does not say.
fn declared_bytes(app: &App, headers: &HeaderMap) -> Result<u64, Refusal> {
    let limits = &app.config.write;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(limits.body_bytes_max);
    if declared > limits.body_bytes_max {
        return Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "body of {declared} bytes is over the limit of {} (--write.max-body-bytes)",
                limits.body_bytes_max
            ),
        ));
    }
    Ok(declared)
}

/// Takes a share of the bytes that write requests may have in memory, or refuses at once. What
/// is over the limit of one request is refused elsewhere.
fn share(app: &App, bytes: u64) -> Result<OwnedSemaphorePermit, Refusal> {
    let limits = &app.config.write;
    let bytes = bytes.min(limits.body_bytes_max) as u32;
    Arc::clone(&app.write_bytes).try_acquire_many_owned(bytes).map_err(|_full| {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!(
                "too many bytes of write requests in flight (limit: {}, \
                 --write.max-inflight-bytes)",
                limits.inflight_bytes_max
            ),
        )
    })
}

fn respond(outcome: &WriteOutcome) -> Response {
    let mut response = if outcome.rejected.is_empty() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Refusal::new(StatusCode::BAD_REQUEST, describe(&outcome.rejected)).into_response()
    };
    if let Some(text) = not_stored(outcome.unsupported) {
        response.headers_mut().insert(NOT_STORED, text);
    }
    response
}

fn describe(rejected: &Rejected) -> String {
    let Rejected { series, samples, reasons } = rejected;
    format!(
        "refused {series} series and {samples} samples, stored the others: {}",
        reasons.join("; ")
    )
}

fn not_stored(unsupported: Unsupported) -> Option<HeaderValue> {
    let Unsupported { histograms, exemplars, metadata } = unsupported;
    if (histograms, exemplars, metadata) == (0, 0, 0) {
        return None;
    }
    let text = format!("histograms={histograms}, exemplars={exemplars}, metadata={metadata}");
    HeaderValue::from_str(&text).ok()
}
