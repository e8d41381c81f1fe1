//! The syntax of PromQL: text to tree and back.
//!
//! The way of a query: `lexer` makes tokens (their meaning depends on the brackets around
//! them), `parser` makes a typed tree ([`ast`]) or the first fault ([`ParseError`]), `printer`
//! writes the tree back. The law: what is accepted, what is refused, every message with its
//! position, and every printed byte are those of the reference.
//!
//! Nothing here evaluates, compiles a pattern for use, or knows a series.

pub mod ast;
pub mod duration;
mod error;
pub mod format;
pub mod functions;
mod lexer;
mod numeral;
pub mod ops;
mod parser;
mod printer;
pub mod regex;
mod span;
mod token;
mod tree;
mod value_type;

#[cfg(test)]
mod tests;

pub use ast::{Expr, ExprKind, Matcher, Span, ValueType};
pub use error::ParseError;

/// What of the experimental syntax is understood; by default nothing, as in the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the reference's four independent options")]
pub struct Options {
    /// Functions and aggregations that are marked experimental.
    pub experimental_functions: bool,
    /// Durations that are calculated: `[2 * step()]`.
    pub duration_expressions: bool,
    /// `anchored` and `smoothed`.
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left`, `fill_right`.
    pub fill_modifiers: bool,
}

impl Options {
    /// Everything that there is.
    pub const ALL: Self = Self {
        experimental_functions: true,
        duration_expressions: true,
        extended_range_selectors: true,
        fill_modifiers: true,
    };
}

/// The tree of a query.
pub fn parse(query: &str, options: Options) -> Result<Expr, ParseError> {
    parser::Parser::new(query, options).query()
}

/// The matchers of a selector as `match[]` takes it: `up`, `{job="a"}`. It may select everything.
pub fn parse_selector(selector: &str) -> Result<Vec<Matcher>, ParseError> {
    parser::Parser::new(selector, Options::default()).selector_query()
}
