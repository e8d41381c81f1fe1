//! Durations and sizes as Prometheus users write them, for flags and HTTP parameters.

use std::fmt;
use std::str::FromStr;

/// A span of time in whole milliseconds: `1h30m`, `15s`, `500ms`; `0` needs no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DurationMs(pub(crate) i64);

const DURATION_UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl FromStr for DurationMs {
    type Err = String;

    /// Units descend and occur once each, as Prometheus demands.
    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("not a valid duration string: {text:?}");
        if text == "0" {
            return Ok(Self(0));
        }
        let (mut rest, mut total_ms, mut next_unit) = (text, 0i64, 0);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
            let number: i64 = rest[..digits].parse().map_err(|_parse| invalid())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let unit = DURATION_UNITS[next_unit..]
                .iter()
                .position(|(name, _)| *name == &rest[..letters])
                .ok_or_else(invalid)?;
            total_ms = number
                .checked_mul(DURATION_UNITS[next_unit + unit].1)
                .and_then(|ms| total_ms.checked_add(ms))
                .ok_or_else(|| "duration out of range".to_owned())?;
            next_unit += unit + 1;
            rest = &rest[letters..];
        }
        if text.is_empty() { Err("empty duration string".to_owned()) } else { Ok(Self(total_ms)) }
    }
}

impl fmt::Display for DurationMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, unit_ms) in DURATION_UNITS {
            // Whole years and weeks only where nothing is left, as Prometheus prints them.
            let exact_only = unit_ms >= 7 * 86_400_000;
            if rest >= unit_ms && (!exact_only || rest % unit_ms == 0) {
                write!(f, "{}{unit}", rest / unit_ms)?;
                rest %= unit_ms;
            }
        }
        Ok(())
    }
}

/// A number of bytes: `900kB`, `64MiB`, `1GiB`, `4096`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

const SIZE_UNITS: [(&str, u64); 8] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, factor) = SIZE_UNITS
            .iter()
            .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
            .unwrap_or((text, 1));
        digits
            .trim_end()
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| format!("not a size such as 900kB, 64MiB or 4096: {text:?}"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = SIZE_UNITS
            .iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor))
            .unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, DurationMs};

    #[test]
    fn durations_read_and_print_as_in_prometheus() {
        for (text, ms, printed) in [
            ("0", 0, "0s"),
            ("15s", 15_000, "15s"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90m", 5_400_000, "1h30m"),
            ("30d", 30 * 86_400_000, "30d"),
            ("2w", 14 * 86_400_000, "2w"),
            ("1s500ms", 1_500, "1s500ms"),
        ] {
            let duration: DurationMs = text.parse().expect(text);
            assert_eq!(duration.0, ms, "{text}");
            assert_eq!(duration.to_string(), printed);
        }
        for bad in ["", "1", "s", "1m1h", "1s1s", "-1s", "1.5h", "99999999999y", "1x"] {
            assert!(bad.parse::<DurationMs>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes, printed) in [
            ("4096", 4096, "4KiB"),
            ("900kB", 900_000, "900kB"),
            ("64MiB", 64 << 20, "64MiB"),
            ("7", 7, "7B"),
            ("0", 0, "0B"),
        ] {
            let size: Bytes = text.parse().expect(text);
            assert_eq!(size.0, bytes, "{text}");
            assert_eq!(size.to_string(), printed);
        }
        for bad in ["", "MiB", "-1", "1.5GiB", "99999999TiB"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
    }
}
