//! Shards: one thread per core, each with the partitions that it owns.
//!
//! Law: a partition's engine lives on one shard and is touched by no other thread, so nothing
//! here locks. Shards talk to the rest of the process (tokio) by bounded queues alone.
//!
//! The way of a record: [`probe`] and [`cpus`] decide what runs where, [`runtime`] starts the
//! threads on glommio or tokio, and [`watchdog`] sees that they make progress.

pub mod cpus;
pub mod probe;
pub mod progress;
pub mod runtime;
mod runtime_glommio;
mod runtime_tokio;
pub mod watchdog;
