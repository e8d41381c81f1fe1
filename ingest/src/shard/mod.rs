//! Shards: one thread per core, each with the partitions that it owns.
//!
//! Law: a partition's engine lives on one shard and is touched by no other thread, so nothing
//! here locks. Shards talk to the rest of the process (tokio) by bounded queues alone.
//!
//! ```text
//! log ─▶ feeder ─▶ inbox ─▶ driver ─▶ partition ─▶ engine
//!                                        └─▶ tasks ─▶ store, log
//! ```
//! [`probe`] and [`cpus`] decide what runs where, [`runtime`] starts the threads on glommio or
//! tokio, [`watchdog`] sees that they make progress, and [`shards`] is what others hold.

pub mod cpus;
mod driver;
mod feeder;
mod inbox;
mod partition;
pub mod probe;
pub mod progress;
pub mod runtime;
mod runtime_glommio;
mod runtime_tokio;
pub mod shards;
pub mod source;
pub mod status;
mod tasks;
pub mod watchdog;
