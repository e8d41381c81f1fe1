//! PromQL over streams: syntax, plan, operators, functions.
//!
//! ```text
//! text ─▶ promql::Expr ─▶ plan::Plan ─▶ one Source::select ─▶ operators ─▶ Value
//! ```
//!
//! Law: answers are the reference's (Prometheus), to the text of every error and annotation.
//! One selection serves a whole query, so it sees one moment of the data. Memory follows what
//! is in flight; everything that grows with data is reserved from the query's budget. There is
//! no fallback engine: what is missing answers with an error that names it.

mod annotations;
mod engine;
mod error;
mod functions;
mod memory;
mod operators;
mod plan;
pub mod promql;
pub mod promqltest;
mod result;
mod value;

pub use engine::{Engine, EngineOptions, QueryRange, QueryRequest, QueryResult, QueryStats};
pub use error::QueryError;
pub use memory::MemorySource;
pub use value::{MatrixSeries, Point, Value, VectorSample};
