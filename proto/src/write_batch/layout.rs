//! Places, tags and limits of the write batch.
//!
//! ```text
//! 0       4       8         10      12                20        24
//! │ magic │ crc   │ version │ flags │ receive_time_ms │ raw_len │ zstd frame …
//!          CRC32C of everything behind it ▶
//! raw     = symbols section*
//! section = kind:u8 body_len body
//! ```
//!
//! Law: magic, crc and version keep their places in every version to come, so that a binary can
//! tell damage from a future that it does not know. A new section kind or flag is a new version.

/// First bytes of every record.
pub(super) const MAGIC: [u8; 4] = *b"HGWB";
/// Where the checksum stands; it covers what follows it.
pub(super) const CRC_AT: usize = 4;
/// Where that which the checksum covers begins.
pub(super) const CHECKED_AT: usize = 8;
/// Where the flags stand; version 1 has none.
pub(super) const FLAGS_AT: usize = 10;
/// Where the receive time stands.
pub(super) const RECEIVE_TIME_AT: usize = 12;
/// Where the length of the frame's content stands.
pub(super) const RAW_LEN_AT: usize = 20;
/// Where the zstd frame begins.
pub(super) const HEADER_BYTES: usize = 24;
/// First bytes of a zstd frame; other things that a zstd library reads have others.
pub(super) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Version that is written.
pub const VERSION: u16 = 1;
/// Longest record, in bytes.
pub const MAX_BATCH_BYTES: usize = 900_000;
/// Longest content of a record before compression, in bytes, that a reader opens.
pub const MAX_RAW_BYTES: usize = 16 << 20;
/// Longest content that a writer gathers: even if it does not compress at all, zstd adds at most
/// 1/256 to it, and the record stays under [`MAX_BATCH_BYTES`].
pub(super) const RAW_CUT_BYTES: usize = 896_000;

/// Section of float samples of one tenant.
pub(super) const KIND_SAMPLES: u8 = 1;

/// Code of a label value that is the same as in the last row of its shape.
pub(super) const VALUE_SAME: u64 = 0;
/// Code of a label value whose symbol is one past the highest value symbol so far.
pub(super) const VALUE_NEXT: u64 = 1;
/// What is added to a symbol's number where neither applies.
pub(super) const VALUE_SYMBOL: u64 = 2;

const _: () = assert!(
    HEADER_BYTES + RAW_CUT_BYTES + RAW_CUT_BYTES / 256 + 64 <= MAX_BATCH_BYTES
        && RAW_CUT_BYTES >= 128 << 10
        && RAW_CUT_BYTES <= MAX_RAW_BYTES,
    "a full batch fits a record, whatever it contains"
);
