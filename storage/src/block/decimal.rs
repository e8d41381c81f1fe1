//! Floats as decimals, and the column that a row's values go into (BLOCKS: "choice").
//!
//! Law: a value is decimal ÷ 10^exponent as one float64 division, used only where that is exact
//! to the bit for every value of the row, with |decimal| ≤ 2^53 and exponent ≤ 22. Everything
//! else, −0 and every NaN and infinity among it, stays a float.

const DECIMAL_MAX: f64 = (1u64 << 53) as f64;

/// Below it a float may have a fraction.
const INTEGERS_FROM: f64 = (1u64 << 52) as f64;

pub(super) const EXPONENT_MAX: u8 = 22;

/// Powers of ten that a float64 holds exactly.
pub(super) const POWERS: [f64; EXPONENT_MAX as usize + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The column that holds a row's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// decimal − base as int32, base the least decimal.
    Gauges = 0,
    /// Differences as int32, the first 0, base the first decimal.
    Steps = 1,
    /// decimal − base as int64, base the least decimal.
    Wide = 2,
    /// The values.
    Floats = 3,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Gauges, Self::Steps, Self::Wide, Self::Floats];
}

/// How a row's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) kind: Kind,
    pub(super) exponent: u8,
    pub(super) base: i64,
}

/// Chooses the form of a row; `decimals` then holds its decimals, unless the form is floats.
pub(super) fn choose(values: &[f64], decimals: &mut Vec<i64>) -> Form {
    match find_decimals(values, decimals) {
        Some(exponent) => choose_integers(exponent, decimals),
        None => Form { kind: Kind::Floats, exponent: 0, base: 0 },
    }
}

fn find_decimals(values: &[f64], decimals: &mut Vec<i64>) -> Option<u8> {
    let mut exponent = 0;
    for &value in values {
        while exact(value, exponent).is_none() {
            exponent += 1;
            if exponent > EXPONENT_MAX || value.abs() * POWERS[exponent as usize] > DECIMAL_MAX {
                return None;
            }
        }
    }
    decimals.clear();
    for &value in values {
        decimals.push(exact(value, exponent)?);
    }
    Some(exponent)
}

/// The decimal of `value` at this exponent, if the division gives back the same bits.
fn exact(value: f64, exponent: u8) -> Option<i64> {
    let power = POWERS[exponent as usize];
    let scaled = value * power;
    if scaled.is_nan() || scaled.abs() > DECIMAL_MAX {
        return None;
    }
    let half = if scaled.abs() < INTEGERS_FROM { 0.5f64.copysign(scaled) } else { 0.0 };
    let decimal = (scaled + half) as i64;
    ((decimal as f64 / power).to_bits() == value.to_bits()).then_some(decimal)
}

fn bits(number: u64) -> u64 {
    u64::from(u64::BITS - number.leading_zeros())
}

fn choose_integers(exponent: u8, decimals: &[i64]) -> Form {
    let (first, mut least, mut most) = (decimals[0], decimals[0], decimals[0]);
    for &decimal in decimals {
        least = least.min(decimal);
        most = most.max(decimal);
    }
    let (mut gauge_bits, mut step_bits, mut steps_fit) = (0, 0, true);
    for pair in decimals.windows(2) {
        let step = pair[1] - pair[0];
        if step != 0 {
            gauge_bits += bits((pair[1] - least) as u64);
            step_bits += bits(((step << 1) ^ (step >> 63)) as u64);
            steps_fit &= i32::try_from(step).is_ok();
        }
    }
    let gauges_fit = i32::try_from(most - least).is_ok();
    // Steps if they take less than 0.85 of the bits.
    let steps_smaller = 20 * step_bits < 17 * gauge_bits;
    let (kind, base) = if steps_fit && (steps_smaller || !gauges_fit) {
        (Kind::Steps, first)
    } else if gauges_fit {
        (Kind::Gauges, least)
    } else {
        (Kind::Wide, least)
    };
    Form { kind, exponent, base }
}

#[cfg(test)]
mod tests;
