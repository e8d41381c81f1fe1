//! Everything between a record of the log and a sample in a query: memtables, blocks, manifests,
//! the partition engine that ties them together, and the [`source::Source`] that queries read.
//!
//! Law: state(partition) = blocks in its manifest + replay of the log from the manifest's offset.
//! Nothing here knows HTTP, Kafka or threads; clock, randomness, log and store are passed in.

pub mod block;
pub mod clock;
pub mod compaction;
pub mod engine;
pub mod ids;
pub mod labels;
pub mod limits;
pub mod manifest;
pub mod matcher;
pub mod memtable;
pub mod names;
pub mod samples;
pub mod snapshot;
pub mod source;
pub mod store;
pub mod time_range;
