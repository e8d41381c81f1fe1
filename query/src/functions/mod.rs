//! What the functions of the language compute, apart from where their arguments come from.
//!
//! Law: pure functions of numbers and windows of samples; every rounding step is the
//! reference's, since sums are compared to the last digits.

pub(crate) mod buckets;
pub(crate) mod changes;
pub(crate) mod dates;
pub(crate) mod extended;
pub(crate) mod go;
pub(crate) mod heap;
pub(crate) mod kahan;
pub(crate) mod math;
pub(crate) mod natural;
pub(crate) mod over_time;
pub(crate) mod quantile;
pub(crate) mod range;
pub(crate) mod rate;
pub(crate) mod regression;
pub(crate) mod starts;
