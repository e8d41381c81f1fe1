//! PromQL over streams.

pub mod promql;
