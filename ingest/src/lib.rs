//! The way of a sample from an HTTP request to a partition engine: gateway, log, shards.
//!
//! Law: acknowledged means logged. Nothing here knows HTTP or PromQL.

pub mod gateway;
pub mod log;
pub mod shard;
