//! The syntax of PromQL: text to tree and back.
//!
//! The way of a query: `lexer` makes tokens (their meaning depends on the brackets around
//! them), `parser` makes a typed tree ([`ast`]) or the first fault ([`ParseError`]), `printer`
//! writes the tree back. The law: what is accepted, what is refused, every message with its
//! position, and every printed byte are those of the reference.
//!
//! Nothing here evaluates, compiles a pattern for use, or knows a series.

pub mod ast;
#[expect(dead_code, reason = "the parser, which makes these, follows")]
pub mod duration;
#[expect(dead_code, reason = "the parser, which makes these, follows")]
mod error;
pub mod format;
pub mod functions;
pub mod ops;
mod printer;
mod tree;

pub use ast::{Expr, ExprKind, Span, ValueType};
pub use error::ParseError;
