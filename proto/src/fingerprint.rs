//! The fingerprint of a series: a 128-bit fold over the hashes of its symbols.
//!
//! Definition, with `mum(x, y)` = low half XOR high half of the 128-bit product, and `hash` =
//! XXH3 (64 bits, seed 0) of a symbol's UTF-8 bytes:
//!
//! ```text
//! (a, b) = (hash(tenant), rotate_left(hash(tenant), 32))
//! for each label, names ascending bytewise:
//!     (a, b) = (mum(a ^ hash(name), hash(value) ^ K), mum(b ^ hash(value), hash(name) ^ L))
//! fingerprint = a in the high 64 bits, b in the low
//! ```
//!
//! Law: the same tenant and labels give the same fingerprint in every process. It is computed
//! wherever it is needed, is never stored or sent, and is never identity: whoever finds a series
//! by it confirms tenant and labels. The function is not keyed, so an adversary may find
//! collisions; they cost time, not correctness.

use xxhash_rust::xxh3::xxh3_64;

/// Digits of √2 and √3, odd: they keep a zero hash from erasing its label.
const K: u64 = 0x6a09_e667_f3bc_c909;
const L: u64 = 0xbb67_ae85_84ca_a73b;

/// Where a series is looked for; see the module for what it is and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u128);

/// The hash of one symbol: a tenant, a label name or a label value.
#[inline]
pub fn symbol_hash(symbol: &str) -> u64 {
    xxh3_64(symbol.as_bytes())
}

/// Folds the symbol hashes of a tenant and its labels (name, value), sorted by name.
#[inline]
pub fn fingerprint(tenant: u64, labels: impl IntoIterator<Item = (u64, u64)>) -> Fingerprint {
    let (mut a, mut b) = (tenant, tenant.rotate_left(32));
    for (name, value) in labels {
        (a, b) = (mum(a ^ name, value ^ K), mum(b ^ value, name ^ L));
    }
    Fingerprint(u128::from(a) << 64 | u128::from(b))
}

/// A hash of a short list of numbers, for tables that live no longer than a batch.
#[inline]
pub(crate) fn fold_numbers(numbers: &[u32]) -> u64 {
    numbers.iter().fold(numbers.len() as u64, |hash, &number| mum(hash ^ K, u64::from(number) ^ L))
}

#[inline]
fn mum(x: u64, y: u64) -> u64 {
    let product = u128::from(x) * u128::from(y);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests;
