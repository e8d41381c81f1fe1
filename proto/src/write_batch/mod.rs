//! The write batch: the content of one record of the log.
//!
//! A gateway gathers series of many tenants in a [`WriteBatchEncoder`]; whoever follows the log
//! reads them with a [`WriteBatchDecoder`]. The bytes are drawn in `storage/FORMAT.md`.
//!
//! Laws:
//! - A record is at most [`MAX_BATCH_BYTES`] long and opens to at most [`MAX_RAW_BYTES`]; both
//!   are checked before anything is allocated for it.
//! - Rows come out as they went in: the order within a tenant is kept and a series that was
//!   pushed twice is two rows, so "the later wins" stays the reader's to apply.
//! - What the decoder hands out is valid: references in range, names strictly ascending, nothing
//!   empty. A reader need not check again.
//! - A fault is one of three kinds ([`BatchError`]), because the three are answered differently.
//!
//! Not here: which samples are taken, where they are routed, when a batch is sent.

mod columns;
mod decode;
mod encode;
mod error;
mod layout;
mod section;
mod symbols;

pub use decode::{SeriesRow, TenantSection, WriteBatch, WriteBatchDecoder};
pub use encode::WriteBatchEncoder;
pub use error::{BatchError, FinishError, PushError};
pub use layout::{MAX_BATCH_BYTES, MAX_RAW_BYTES, VERSION};

#[cfg(test)]
mod tests;
