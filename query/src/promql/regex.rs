//! Patterns of matchers: whether they are valid, and whether they match nothing at all.

use hydrograph_storage::matcher::dialect;

/// Whether a pattern is valid in the reference's dialect; if not, the reference's message.
pub fn check(pattern: &str) -> Result<(), String> {
    dialect::translate(pattern).map(|_| ())
}

/// Whether a pattern matches the empty string, and so an absent label.
pub(super) fn matches_empty(pattern: &str) -> bool {
    dialect::matches_empty(pattern).unwrap_or(false)
}
