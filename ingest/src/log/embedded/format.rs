//! The bytes of a segment: a header, then frames, each one record.
//!
//! ```text
//! header  magic "HYDROLOG" │ version u32 │ partition u32 │ first offset u64 │ 0 u32 │ crc u32
//! frame   crc u32 │ length u32 │ offset u64 │ synced u64 │ record: length bytes
//! ```
//! Little-endian. Each CRC32C covers the rest of its header or frame. `synced` is the length that
//! the segment was known to have on disk when the frame was written: a crash may tear only what
//! lies behind the highest `synced` of any frame, so a fault before it is damage, not a torn tail.

/// Bytes of a segment's header.
pub(super) const HEADER_BYTES: usize = 32;
/// Bytes of a frame before its record.
pub(super) const FRAME_BYTES: usize = 24;
/// The largest record that the log takes.
pub(super) const RECORD_BYTES_MAX: usize = 16 << 20;

const MAGIC: &[u8; 8] = b"HYDROLOG";
const VERSION: u32 = 1;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) partition: u32,
    pub(super) first: u64,
}

/// Why a header is not one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// Magic or checksum is wrong, or bytes are missing.
    Damaged,
    /// A whole header of a version that this binary does not know.
    Version(u32),
}

impl SegmentHeader {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.partition.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(segment: &[u8]) -> Result<Self, HeaderFault> {
        let bytes = segment.get(..HEADER_BYTES).ok_or(HeaderFault::Damaged)?;
        if &bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..28]) != u32_at(bytes, 28) {
            return Err(HeaderFault::Damaged);
        }
        match u32_at(bytes, 8) {
            VERSION => Ok(Self { partition: u32_at(bytes, 12), first: u64_at(bytes, 16) }),
            newer => Err(HeaderFault::Version(newer)),
        }
    }
}

/// What stands before a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    crc: u32,
    pub(super) record_bytes: usize,
    pub(super) offset: u64,
    pub(super) synced: u64,
}

impl FrameHead {
    /// Reads the head that begins `bytes`, if there are enough of them. It proves nothing yet.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..FRAME_BYTES)?;
        Some(Self {
            crc: u32_at(head, 0),
            record_bytes: u32_at(head, 4) as usize,
            offset: u64_at(head, 8),
            synced: u64_at(head, 16),
        })
    }

    /// Head and record together.
    pub(super) fn frame_bytes(&self) -> usize {
        FRAME_BYTES + self.record_bytes
    }

    /// Whether `frame`, which begins with this head, is all there and unharmed.
    pub(super) fn is_intact(&self, frame: &[u8]) -> bool {
        self.record_bytes <= RECORD_BYTES_MAX
            && frame
                .get(4..self.frame_bytes())
                .is_some_and(|covered| crc32c::crc32c(covered) == self.crc)
    }
}

/// Appends the frame of one record to `out`.
pub(super) fn push_frame(out: &mut Vec<u8>, offset: u64, synced: u64, record: &[u8]) {
    assert!(record.len() <= RECORD_BYTES_MAX, "record sizes are checked at the door");
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(record.len() as u32).to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&synced.to_le_bytes());
    out.extend_from_slice(record);
    let crc = crc32c::crc32c(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
