//! Wire formats of Hydrograph: what arrives from clients and what the log carries.
//!
//! ```text
//! body ─snappy_decode─▶ protobuf ─decode_write_request─▶ TimeSeries<'_>      (remote_write)
//! rows ─WriteBatchEncoder─▶ record ─WriteBatchDecoder─▶ WriteBatch<'_>       (write_batch)
//! tenant and labels ─symbol_hash, fingerprint─▶ Fingerprint                  (fingerprint)
//! ```
//!
//! The law of this crate: every decoder is total and bounded. No input makes one panic, loop or
//! allocate more than a small multiple of the input or of a limit that is checked beforehand.
//! Nothing here reads a clock, a file or a socket, and nothing here decides what is accepted:
//! limits of label names, ages and tenants are the gateway's.

pub mod fingerprint;
pub mod remote_write;
mod varint;
pub mod write_batch;
