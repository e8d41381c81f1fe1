//! Arithmetic and number formats where the reference's language differs from ours.

/// The greater; NaN where either is, unless the other is +Inf.
pub(crate) fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { b } else { a };
    }
    if a > b { a } else { b }
}

/// The lesser; NaN where either is, unless the other is −Inf.
pub(crate) fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

/// `%g`: the shortest digits that read back, with an exponent below 1e-4 and from 1e+6.
pub(crate) fn general(x: f64) -> String {
    digits(x, &format!("{x:e}"), 6)
}

/// `%.Ng`: so many digits.
pub(crate) fn general_rounded(x: f64, precision: usize) -> String {
    digits(x, &format!("{:.*e}", precision.saturating_sub(1), x), precision as i32)
}

/// Lays out `scientific` (`1.25e-7`), with an exponent from `limit` digits before the point.
fn digits(x: f64, scientific: &str, limit: i32) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let mut all: String = mantissa.chars().filter(|&c| c != '.').collect();
    all.truncate(all.trim_end_matches('0').len().max(1));
    if exponent < -4 || exponent >= limit {
        let (first, rest) = all.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{all}", "0".repeat(-exponent as usize - 1));
    }
    let whole = exponent as usize + 1;
    if all.len() <= whole {
        return format!("{sign}{all}{}", "0".repeat(whole - all.len()));
    }
    format!("{sign}{}.{}", &all[..whole], &all[whole..])
}

#[cfg(test)]
mod tests {
    use super::{general, general_rounded, max, min};

    #[test]
    fn general_is_percent_g() {
        let cases = [
            (0.0, "0"),
            (-0.5, "-0.5"),
            (100.0, "100"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1_000_000.0, "1e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "+Inf"),
        ];
        for (x, expected) in cases {
            assert_eq!(general(x), expected);
        }
        assert_eq!(general_rounded(0.123_456, 2), "0.12");
        assert_eq!(general_rounded(123.0, 2), "1.2e+02");
        assert_eq!(general_rounded(10.0, 2), "10");
    }

    #[test]
    fn extremes_keep_nan() {
        assert!(max(1.0, f64::NAN).is_nan());
        assert!(min(f64::NAN, 1.0).is_nan());
        assert_eq!(max(f64::NAN, f64::INFINITY), f64::INFINITY);
        assert_eq!(min(2.0, 1.0), 1.0);
    }
}
