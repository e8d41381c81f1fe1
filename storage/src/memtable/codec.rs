//! How a series' samples are written: one byte string in order of arrival.
//!
//! ```text
//! control byte              what it says                                  then follow
//! n n n n n n 0 0           n + 1 repeats: same step of time, same value  –
//! v v b b b b v t
//! │ │   └─┬─┘ │ └─ t = 1    the step of time changed                      zigzag varint of the change
//! │ │     │   └─── v = 1    the value changed                             the value, as bits 7 and 6 say
//! │ │     └─────── b        number of its bytes
//! │ └───────────── bit 6    XOR with trailing zero bytes                  their number, then the value
//! └─────────────── bit 7    b bytes of zigzag difference of two integers; else b + 1 bytes of XOR
//! ```
//!
//! Law: what [`Cursor`] reads is what [`State::push`] was given, to the bit, for any times and
//! values in any order. Arithmetic on times wraps. Repeats that are not written yet are counted
//! in [`State::run`], so bytes once written never change.

/// Most bytes that one sample adds.
pub(super) const ITEM_BYTES_MAX: usize = 24;

const TIME: u8 = 1;
const VALUE: u8 = 2;
const ZEROS: u8 = 1 << 6;
const INTEGER: u8 = 1 << 7;
const RUN_MAX: u8 = 64;
/// Integers beyond this magnitude are not all exact as floats.
const INTEGER_MAX: i64 = 1 << 53;
const DIFFERENCE_MAX: u64 = 1 << 40;

/// What writer and reader know of the samples so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) t_ms: i64,
    pub(super) bits: u64,
    /// The last step of time; 0 where it does not fit.
    pub(super) step_ms: i32,
    /// Repeats of step and value that are not written yet.
    pub(super) run: u8,
}

/// The bytes that one sample adds: the first `len` of `bytes`.
pub(super) struct Item {
    pub(super) bytes: [u8; ITEM_BYTES_MAX],
    pub(super) len: usize,
}

impl Item {
    #[inline]
    fn new() -> Self {
        Self { bytes: [0; ITEM_BYTES_MAX], len: 0 }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    #[inline]
    fn little_endian(&mut self, number: u64, len: usize) {
        self.bytes[self.len..self.len + 8].copy_from_slice(&number.to_le_bytes());
        self.len += len;
    }
}

impl State {
    /// Takes a sample and returns what to append, unless it only makes the run longer.
    #[inline]
    pub(super) fn push(&mut self, t_ms: i64, bits: u64) -> Option<Item> {
        let step = t_ms.wrapping_sub(self.t_ms);
        let change = step.wrapping_sub(i64::from(self.step_ms));
        if change == 0 && bits == self.bits {
            self.t_ms = t_ms;
            self.run += 1;
            if self.run < RUN_MAX {
                return None;
            }
            let mut item = Item::new();
            item.byte(run_control(self.run));
            self.run = 0;
            return Some(item);
        }
        let mut item = Item::new();
        if self.run > 0 {
            item.byte(run_control(self.run));
        }
        let control_at = item.len;
        item.byte(0);
        let mut control = 0;
        if change != 0 {
            control |= TIME;
            item.varint(zigzag(change));
        }
        if bits != self.bits {
            control |= VALUE | value(&mut item, self.bits, bits);
        }
        item.bytes[control_at] = control;
        *self = Self { t_ms, bits, step_ms: i32::try_from(step).unwrap_or(0), run: 0 };
        Some(item)
    }
}

#[inline]
fn run_control(run: u8) -> u8 {
    (run - 1) << 2
}

/// Appends the changed value; returns the control bits that say how.
#[inline]
fn value(item: &mut Item, before: u64, bits: u64) -> u8 {
    if let (Some(old), Some(new)) = (integer(before), integer(bits)) {
        let difference = zigzag(new - old);
        if difference < DIFFERENCE_MAX {
            let len = 8 - difference.leading_zeros() / 8;
            item.little_endian(difference, len as usize);
            return INTEGER | (len as u8) << 2;
        }
    }
    let xor = before ^ bits;
    let zeros = xor.trailing_zeros() / 8;
    let len = 8 - zeros - xor.leading_zeros() / 8;
    let mut control = ((len - 1) as u8) << 2;
    if zeros > 0 {
        control |= ZEROS;
        item.byte(zeros as u8);
    }
    item.little_endian(xor >> (8 * zeros), len as usize);
    control
}

/// The integer that a float is, to the bit: not −0, not beyond what floats count exactly.
#[inline]
fn integer(bits: u64) -> Option<i64> {
    let integer = f64::from_bits(bits) as i64;
    ((integer as f64).to_bits() == bits && (-INTEGER_MAX..=INTEGER_MAX).contains(&integer))
        .then_some(integer)
}

#[inline]
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

#[inline]
fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Where a reader stands in a byte string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    at: usize,
    /// Its `run` are the repeats still to be read of the run that was met last.
    state: State,
    /// Whether the repeats that the writer had not written were met.
    ended: bool,
}

impl Cursor {
    /// The next sample of `bytes`, after which the writer had counted `pending` repeats.
    #[inline]
    pub(super) fn next(&mut self, bytes: &[u8], pending: u8) -> Option<(i64, u64)> {
        let state = &mut self.state;
        if state.run == 0 {
            if let Some(&control) = bytes.get(self.at) {
                self.at += 1;
                if control & (TIME | VALUE) != 0 {
                    self.at = change(bytes, self.at, control, state);
                    return Some((state.t_ms, state.bits));
                }
                state.run = (control >> 2) + 1;
            } else if self.ended || pending == 0 {
                return None;
            } else {
                self.ended = true;
                state.run = pending;
            }
        }
        state.run -= 1;
        state.t_ms = state.t_ms.wrapping_add(i64::from(state.step_ms));
        Some((state.t_ms, state.bits))
    }
}

/// Reads what follows a control byte that is no run; returns where it ends.
#[inline]
fn change(bytes: &[u8], mut at: usize, control: u8, state: &mut State) -> usize {
    let mut step = i64::from(state.step_ms);
    if control & TIME != 0 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[at];
            at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        step = step.wrapping_add(unzigzag(number));
    }
    if control & VALUE != 0 {
        let len = (control >> 2 & 7) as usize;
        if control & INTEGER != 0 {
            let old = f64::from_bits(state.bits) as i64;
            let difference = unzigzag(little_endian(bytes, at, len));
            state.bits = ((old + difference) as f64).to_bits();
            at += len;
        } else {
            let mut zeros = 0;
            if control & ZEROS != 0 {
                zeros = bytes[at];
                at += 1;
            }
            state.bits ^= little_endian(bytes, at, len + 1) << (8 * zeros);
            at += len + 1;
        }
    }
    state.t_ms = state.t_ms.wrapping_add(step);
    state.step_ms = i32::try_from(step).unwrap_or(0);
    at
}

#[inline]
fn little_endian(bytes: &[u8], at: usize, len: usize) -> u64 {
    if let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        let mask = u64::MAX >> (64 - 8 * len);
        return u64::from_le_bytes(eight) & mask;
    }
    let mut padded = [0; 8];
    padded[..len].copy_from_slice(&bytes[at..at + len]);
    u64::from_le_bytes(padded)
}

#[cfg(test)]
mod tests;
