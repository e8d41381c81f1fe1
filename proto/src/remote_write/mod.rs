//! Remote write 1.0: snappy block format around a protobuf `WriteRequest`.
//!
//! [`snappy_decode`] opens a request's body under a limit, [`decode_write_request`] walks the
//! message without copying it, and [`messages`] has the same messages as owned prost structs for
//! senders, tests and whatever is not hot.

mod decode;
pub mod messages;
mod snappy;

pub use decode::{DecodeError, RequestCounts, Scratch, TimeSeries, decode_write_request};
pub use snappy::{SnappyError, snappy_decode, snappy_encode};
