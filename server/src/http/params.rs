//! Parameters of a request: the query string, and the form of a POST, in one multimap.

use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};

use crate::http::envelope::ApiError;
use crate::units::DurationMs;

const FORM_BYTES_MAX: usize = 4 << 20;

/// Decoded parameters in their order.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of `name`, "" if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// All values of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| &**value)
    }

    /// A time in milliseconds: RFC 3339 or seconds with a fraction; `None` where absent.
    pub(crate) fn time_ms(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.get(name) {
            "" => Ok(None),
            text => parse_time_ms(text).map(Some).map_err(|why| invalid(name, &why)),
        }
    }

    /// A span in milliseconds: seconds with a fraction or a Prometheus duration.
    pub(crate) fn duration_ms(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.get(name) {
            "" => Ok(None),
            text => parse_duration_ms(text).map(Some).map_err(|why| invalid(name, &why)),
        }
    }

    /// A limit: absent and 0 mean none.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        match self.get("limit") {
            "" | "0" => Ok(usize::MAX),
            text => text.parse().map_err(|_parse| {
                invalid("limit", "limit must be non-negative and a whole number")
            }),
        }
    }
}

fn invalid(name: &str, why: &str) -> ApiError {
    ApiError::bad_data(format!("invalid parameter \"{name}\": {why}"))
}

fn parse_time_ms(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let t_ms = (seconds * 1000.0).round();
        return if t_ms.abs() < i64::MAX as f64 {
            Ok(t_ms as i64)
        } else {
            Err(format!("cannot parse \"{text}\" to a valid timestamp"))
        };
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => Ok(timestamp.as_millisecond()),
        Err(_) => Err(format!("cannot parse \"{text}\" to a valid timestamp")),
    }
}

fn parse_duration_ms(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let span_ms = (seconds * 1000.0).round();
        return if span_ms.abs() < i64::MAX as f64 {
            Ok(span_ms as i64)
        } else {
            Err(format!("cannot parse \"{text}\" to a valid duration. It overflows int64"))
        };
    }
    text.parse::<DurationMs>()
        .map(|duration| duration.0)
        .map_err(|_parse| format!("cannot parse \"{text}\" to a valid duration"))
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        let mut pairs = Vec::new();
        if request.method() == Method::POST && is_form {
            let body = axum::body::to_bytes(request.into_body(), FORM_BYTES_MAX).await.map_err(
                |error| ApiError::bad_data(format!("error parsing form values: {error}")),
            )?;
            pairs.extend(form_urlencoded::parse(&body).into_owned());
        }
        pairs.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
        Ok(Self(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_duration_ms, parse_time_ms};

    #[test]
    fn times_and_durations_take_both_forms() {
        assert_eq!(parse_time_ms("1435781451.7814"), Ok(1_435_781_451_781));
        assert_eq!(parse_time_ms("2015-07-01T20:10:51.781Z"), Ok(1_435_781_451_781));
        assert_eq!(parse_time_ms("2015-07-01T22:10:51+02:00"), Ok(1_435_781_451_000));
        for bad in ["x", "NaN", "Inf", "1e300", "2015-07-01"] {
            assert!(parse_time_ms(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_duration_ms("0.5"), Ok(500));
        assert_eq!(parse_duration_ms("1h30m"), Ok(5_400_000));
        for bad in ["", "x", "NaN", "1e300", "1q"] {
            assert!(parse_duration_ms(bad).is_err(), "{bad}");
        }
    }
}
