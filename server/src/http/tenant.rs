//! Whose data a request is about: the header `X-Scope-OrgID`, `anonymous` without it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hydrograph_storage::ids::ANONYMOUS_TENANT;

use crate::http::envelope::ApiError;

const HEADER: &str = "x-scope-orgid";
const LENGTH_MAX: usize = 150;

/// The tenant of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tenant(pub(crate) Arc<str>);

impl Tenant {
    fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()".contains(c);
        match text {
            "" => Ok(Self(Arc::from(ANONYMOUS_TENANT))),
            "." | ".." => Err(format!("tenant ID {text:?} is not allowed")),
            _ if text.len() > LENGTH_MAX => {
                Err(format!("tenant ID is longer than {LENGTH_MAX} characters"))
            }
            _ => match text.chars().find(|&c| !allowed(c)) {
                Some(c) => Err(format!("tenant ID contains the unsupported character {c:?}")),
                None => Ok(Self(Arc::from(text))),
            },
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let text = match parts.headers.get(HEADER).map(|value| value.to_str()) {
            None => "",
            Some(Ok(text)) => text,
            Some(Err(_)) => return Err(ApiError::bad_data("tenant ID is not ASCII text")),
        };
        Self::parse(text).map_err(ApiError::bad_data)
    }
}

#[cfg(test)]
mod tests {
    use super::Tenant;

    #[test]
    fn tenants_are_plain_names() {
        assert_eq!(&*Tenant::parse("").expect("default").0, "anonymous");
        assert_eq!(&*Tenant::parse("team-a_1.x").expect("plain").0, "team-a_1.x");
        for bad in [".", "..", "a/b", "a b", "ä", &"x".repeat(151)] {
            assert!(Tenant::parse(bad).is_err(), "{bad}");
        }
    }
}
