//! Why a query has no answer, by what whoever asked can do about it.

use hydrograph_storage::limits::Stopped;
use hydrograph_storage::source::SourceError;

/// A query without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query can never be answered as it is written (`bad_data`).
    #[error("{0}")]
    Invalid(String),
    /// The query does not fit the data that it met (`execution`).
    #[error("{0}")]
    Execution(String),
    /// A part of the language that does not exist here yet (`execution`).
    #[error("not supported yet: {0}")]
    Unsupported(String),
    /// Over its budget (`execution`), late (`timeout`) or abandoned (`canceled`).
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A part of the data cannot be reached (`unavailable`).
    #[error("expanding series: {0}")]
    Unavailable(String),
    /// Stored bytes are not what was written, or the evaluation broke (`internal`).
    #[error("{0}")]
    Internal(String),
}

impl From<SourceError> for QueryError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Stopped(stopped) => Self::Stopped(stopped),
            SourceError::Unavailable(what) => Self::Unavailable(what),
            SourceError::Corrupt(what) => Self::Internal(format!("corrupt data: {what}")),
        }
    }
}
