//! Parquet's `DELTA_BINARY_PACKED`, for the one rare column that has it.
//!
//! Law: reading is total; it gives exactly the asked number of values or an error.

use super::BlockError;
use super::wire::{Fields, corrupt};

const BLOCK_VALUES_MAX: u64 = 1 << 16;

/// Decodes `count` values.
pub(super) fn decode(bytes: &[u8], count: usize) -> Result<Vec<i64>, BlockError> {
    let mut fields = Fields::new(bytes);
    let (block_values, miniblocks) = (fields.varint()?, fields.varint()?);
    let (total, first) = (fields.varint()?, fields.signed()?);
    let fine = total == count as u64
        && (1..=BLOCK_VALUES_MAX).contains(&block_values)
        && (1..=block_values).contains(&miniblocks)
        && block_values / miniblocks % 8 == 0;
    if !fine {
        return Err(corrupt("head of delta packed values"));
    }
    let values_per_miniblock = (block_values / miniblocks) as usize;
    let mut values = Vec::with_capacity(count);
    values.extend((count > 0).then_some(first));
    while values.len() < count {
        let least = fields.signed()?;
        for &width in fields.bytes(miniblocks as usize)? {
            if values.len() >= count {
                break;
            }
            if width > 64 {
                return Err(corrupt("width of delta packed values"));
            }
            let packed = fields.bytes(values_per_miniblock * usize::from(width) / 8)?;
            for nth in 0..values_per_miniblock.min(count - values.len()) {
                let delta = unpack(packed, nth, u32::from(width)) as i64;
                let previous = values[values.len() - 1];
                values.push(previous.wrapping_add(least).wrapping_add(delta));
            }
        }
    }
    Ok(values)
}

/// The `nth` number of `width` bits.
fn unpack(packed: &[u8], nth: usize, width: u32) -> u64 {
    let bit = nth * width as usize;
    let mut window = [0; 16];
    let rest = &packed[(bit / 8).min(packed.len())..];
    let len = rest.len().min(16);
    window[..len].copy_from_slice(&rest[..len]);
    let shifted = u128::from_le_bytes(window) >> (bit % 8);
    shifted as u64 & u64::MAX.checked_shr(64 - width).unwrap_or(0)
}
