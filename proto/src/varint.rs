//! Base-128 varints: the little-endian integers of protobuf and of the write batch.
//!
//! Law: reading is total. At most ten bytes are read, a tenth byte above 1 is refused (it would
//! not fit 64 bits), and on `None` the cursor's place is unspecified: the caller gives up.

/// Reads one varint from the front of `input`.
#[inline]
pub(crate) fn read_u64(input: &mut &[u8]) -> Option<u64> {
    match **input {
        [low, ref rest @ ..] if low < 0x80 => {
            *input = rest;
            Some(u64::from(low))
        }
        [low, high, ref rest @ ..] if high < 0x80 => {
            *input = rest;
            Some(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => read_word(input).or_else(|| read_long(input)),
    }
}

/// The bit of each byte that says whether the varint goes on.
const STOP_BITS: u64 = 0x8080_8080_8080_8080;

/// Reads a varint of at most eight bytes, all of them at once; else leaves `input` as it is.
#[inline]
fn read_word(input: &mut &[u8]) -> Option<u64> {
    let word = match (input.first_chunk(), input.first_chunk(), input.last_chunk()) {
        (Some(&word), ..) => u64::from_le_bytes(word),
        // Four to seven bytes: two halves that overlap.
        (None, Some(&low), Some(&high)) => {
            let (low, high) = (u32::from_le_bytes(low), u32::from_le_bytes(high));
            u64::from(low) | u64::from(high) << (8 * (input.len() - 4))
        }
        _ => return None,
    };
    if word & STOP_BITS == STOP_BITS {
        return None;
    }
    let len = (!word & STOP_BITS).trailing_zeros() / 8 + 1;
    *input = input.get(len as usize..)?;
    let bits = word & (u64::MAX >> (64 - 8 * len));
    let bits = bits & 0x007f_007f_007f_007f | (bits & 0x7f00_7f00_7f00_7f00) >> 1;
    let bits = bits & 0x0000_3fff_0000_3fff | (bits & 0x3fff_0000_3fff_0000) >> 2;
    Some(bits & 0x0fff_ffff | (bits & 0x0fff_ffff_0000_0000) >> 4)
}

/// The general form of [`read_u64`].
fn read_long(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (index, &byte) in input.iter().take(10).enumerate() {
        if index == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *input = &input[index + 1..];
            return Some(value);
        }
    }
    None
}

/// Splits `len` bytes off the front of `input`.
#[inline]
pub(crate) fn read_bytes<'b>(input: &mut &'b [u8], len: u64) -> Option<&'b [u8]> {
    let (head, tail) = input.split_at_checked(usize::try_from(len).ok()?)?;
    *input = tail;
    Some(head)
}

/// Appends one varint.
#[inline]
pub(crate) fn write_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Maps numbers near zero, of either sign, to small varints.
#[inline]
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The inverse of [`zigzag`].
#[inline]
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests;
