//! Reading a whole segment at open: where it ends, and whether its end is torn or damaged.
//!
//! Law: what was ever acknowledged is never cut. A fault with an intact frame behind it that was
//! written when the fault's place was already durable is damage; anything else is a torn tail.

use super::format::{FrameHead, HEADER_BYTES, HeaderFault, SegmentHeader};

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// One past the last intact record.
    pub(super) end: u64,
    /// Where the intact frames end; 0 if not even the header is whole.
    pub(super) position: usize,
    /// What follows there.
    pub(super) rest: Rest,
}

/// What follows the intact frames of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Nothing,
    /// The unfinished write of a crash.
    Torn,
    /// Bytes that had been durable and have changed.
    Damaged,
    /// The header is of a newer format.
    Version(u32),
    /// The header is whole but of another partition or offset.
    Misplaced(SegmentHeader),
}

/// Reads the segment of `partition` that begins with offset `first`.
pub(super) fn scan(segment: &[u8], partition: u32, first: u64) -> Scan {
    let mut found = Scan { end: first, position: 0, rest: Rest::Nothing };
    match SegmentHeader::decode(segment) {
        Ok(header) if header == (SegmentHeader { partition, first }) => {
            found.position = HEADER_BYTES;
        }
        Ok(header) => found.rest = Rest::Misplaced(header),
        Err(HeaderFault::Version(version)) => found.rest = Rest::Version(version),
        Err(HeaderFault::Damaged) => found.rest = fault_at(segment, 0),
    }
    if found.rest != Rest::Nothing {
        return found;
    }
    while found.position < segment.len() {
        let rest = &segment[found.position..];
        match FrameHead::decode(rest) {
            Some(head) if head.offset == found.end && head.is_intact(rest) => {
                found.position += head.frame_bytes();
                found.end += 1;
            }
            _ => {
                found.rest = fault_at(segment, found.position);
                break;
            }
        }
    }
    found
}

/// Judges a fault by the frames behind it.
fn fault_at(segment: &[u8], position: usize) -> Rest {
    let proves = |at: usize| {
        let rest = &segment[at..];
        FrameHead::decode(rest).is_some_and(|head| {
            head.synced > position as u64 && head.synced <= at as u64 && head.is_intact(rest)
        })
    };
    let damaged = (position + 1..segment.len()).any(proves);
    if damaged { Rest::Damaged } else { Rest::Torn }
}
