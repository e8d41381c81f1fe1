//! What is wrong with a query text, and where.

use super::ast::Span;
use std::fmt;

/// The first fault of a query text. Displayed as the reference prints it:
/// `1:5: parse error: unexpected end of input`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The bytes at fault.
    pub range: Span,
    /// What is wrong with them.
    pub message: String,
    place: Place,
}

/// Where the range starts, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    EmptyQuery,
    Invalid,
    At { line: usize, column: usize },
}

impl ParseError {
    pub(super) fn new(query: &str, range: Span, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), place: Place::of(query, range.start as usize) }
    }

    /// Line and column of the start, counted from one (columns in bytes), where it has any.
    pub const fn line_and_column(&self) -> Option<(usize, usize)> {
        match self.place {
            Place::At { line, column } => Some((line, column)),
            Place::EmptyQuery | Place::Invalid => None,
        }
    }
}

impl Place {
    fn of(query: &str, start: usize) -> Self {
        if query.is_empty() {
            return Self::EmptyQuery;
        }
        let Some(before) = query.as_bytes().get(..start) else { return Self::Invalid };
        let lines = before.split(|&b| b == b'\n');
        let column = lines.clone().next_back().map_or(0, <[u8]>::len) + 1;
        Self::At { line: lines.count(), column }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::EmptyQuery => f.write_str("unknown position")?,
            Place::Invalid => f.write_str("invalid position")?,
            Place::At { line, column } => write!(f, "{line}:{column}")?,
        }
        write!(f, ": parse error: {}", self.message)
    }
}

impl std::error::Error for ParseError {}
