//! Shards: one thread per core, each with the partitions that it owns.
//!
//! Law: a partition's engine lives on one shard and is touched by no other thread, so nothing
//! here locks. Shards talk to the rest of the process (tokio) by bounded queues alone.
//!
//! [`probe`] and [`cpus`] decide what runs where.

pub mod cpus;
pub mod probe;
