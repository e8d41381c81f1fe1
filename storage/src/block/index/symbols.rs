//! The distinct strings of a tenant: label names and values.
//!
//! Law: ascending by bytes, so a symbol's number orders as its text does.
//!
//! As bytes: count, then for each the length that it shares with the one before it, then for
//! each the length of the rest, then the rests.

use crate::block::BlockError;
use crate::block::wire::{Fields, corrupt, put};

pub(in crate::block) struct Symbols {
    text: String,
    ends: Vec<u32>,
}

impl Symbols {
    pub(in crate::block) fn get(&self, symbol: u32) -> &str {
        let symbol = symbol as usize;
        let start = if symbol == 0 { 0 } else { self.ends[symbol - 1] as usize };
        &self.text[start..self.ends[symbol] as usize]
    }

    pub(in crate::block) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::block) fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut fields = Fields::new(bytes);
        let count = fields.count()?;
        let shared: Vec<u32> = (0..count).map(|_| fields.u32()).collect::<Result<_, _>>()?;
        let rests: Vec<u32> = (0..count).map(|_| fields.u32()).collect::<Result<_, _>>()?;
        let mut text: Vec<u8> = Vec::new();
        let mut ends = Vec::with_capacity(count);
        let mut previous = 0..0;
        for (shared, rest) in shared.into_iter().zip(rests) {
            if shared as usize > previous.len() {
                return Err(corrupt("symbol"));
            }
            let start = text.len();
            text.extend_from_within(previous.start..previous.start + shared as usize);
            text.extend_from_slice(fields.bytes(rest as usize)?);
            previous = start..text.len();
            ends.push(u32::try_from(text.len()).map_err(|_too_long| corrupt("symbols"))?);
        }
        fields.finish()?;
        let text = String::from_utf8(text).map_err(|_invalid| corrupt("symbol text"))?;
        if ends.iter().all(|&end| text.is_char_boundary(end as usize)) {
            Ok(Self { text, ends })
        } else {
            Err(corrupt("symbol text"))
        }
    }
}

/// The bytes of symbols in ascending order.
pub(in crate::block) fn encode(symbols: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut rest_lens, mut rests) = (Vec::new(), Vec::new());
    put(&mut out, symbols.len() as u64);
    let mut previous = "";
    for symbol in symbols {
        let same = previous.bytes().zip(symbol.bytes()).take_while(|(a, b)| a == b).count();
        put(&mut out, same as u64);
        put(&mut rest_lens, (symbol.len() - same) as u64);
        rests.extend_from_slice(&symbol.as_bytes()[same..]);
        previous = symbol;
    }
    out.extend_from_slice(&rest_lens);
    out.extend_from_slice(&rests);
    out
}
