//! Numbers and times as the Prometheus HTTP API writes them.

use std::fmt::Write as _;

/// Go's shortest 'f' form, or 'e' below 1e-6 and from 1e21 on.
pub(crate) fn push_value(out: &mut String, value: f64) {
    let magnitude = value.abs();
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').expect("the e form has an e");
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        write!(out, "{mantissa}e{sign}{digits:0>2}").expect("strings take all");
    } else {
        write!(out, "{value}").expect("strings take all");
    }
}

/// Seconds; a fraction always has three digits.
pub(crate) fn push_time(out: &mut String, t_ms: i64) {
    let (sign, t_ms) = if t_ms < 0 { ("-", t_ms.unsigned_abs()) } else { ("", t_ms as u64) };
    let (seconds, fraction) = (t_ms / 1000, t_ms % 1000);
    if fraction == 0 {
        write!(out, "{sign}{seconds}").expect("strings take all");
    } else {
        write!(out, "{sign}{seconds}.{fraction:03}").expect("strings take all");
    }
}

#[cfg(test)]
mod tests {
    use super::{push_time, push_value};

    #[test]
    fn values_are_written_as_go_does() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e-6, "0.000001"),
            (9.5e-7, "9.5e-07"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-2.5e-300, "-2.5e-300"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            let mut out = String::new();
            push_value(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn times_are_seconds() {
        for (t_ms, expected) in [
            (0, "0"),
            (1_500, "1.500"),
            (1_435_781_451_781, "1435781451.781"),
            (-1, "-0.001"),
            (-2_000, "-2"),
        ] {
            let mut out = String::new();
            push_time(&mut out, t_ms);
            assert_eq!(out, expected);
        }
    }
}
