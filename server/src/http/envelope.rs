//! The one shape of every API answer: `{status, data, errorType, error, warnings, infos}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Prometheus' kinds of errors, each with its HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    BadData,
    Execution,
    Cancelled,
    Timeout,
    Internal,
    Unavailable,
    NotFound,
}

impl ErrorKind {
    fn name(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Cancelled => "canceled",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadData => StatusCode::BAD_REQUEST,
            Self::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Cancelled => StatusCode::from_u16(499).expect("a status code has three digits"),
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal | Self::Unavailable => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }
}

/// An error answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    kind: ErrorKind,
    message: String,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadData, message)
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    status: &'static str,
    #[serde(rename = "errorType")]
    error_type: &'static str,
    error: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body =
            ErrorBody { status: "error", error_type: self.kind.name(), error: &self.message };
        let text = serde_json::to_string(&body).expect("strings are JSON");
        json(self.kind.status(), text)
    }
}

/// Where the JSON of a success answer's data follows.
pub(crate) const SUCCESS: &str = "{\"status\":\"success\",\"data\":";

/// A success answer: `body` is [`SUCCESS`] and the JSON of the data.
pub(crate) fn success(mut body: String, warnings: &[String], infos: &[String]) -> Response {
    for (key, notes) in [("warnings", warnings), ("infos", infos)] {
        if !notes.is_empty() {
            body.push_str(",\"");
            body.push_str(key);
            body.push_str("\":");
            body.push_str(&serde_json::to_string(notes).expect("strings are JSON"));
        }
    }
    body.push('}');
    json(StatusCode::OK, body)
}

/// A success answer of plain data.
pub(crate) fn data(value: &impl Serialize) -> Response {
    let json = serde_json::to_string(value).expect("answers are JSON");
    success(format!("{SUCCESS}{json}"), &[], &[])
}

fn json(status: StatusCode, body: String) -> Response {
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}
