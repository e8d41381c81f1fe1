//! Numbers, durations and strings as the reference spells them, byte for byte.

use std::fmt::{self, Write};
use std::sync::LazyLock;

/// A string in double quotes, with escapes for what cannot be printed (`\n`, `\x00`, `\u00ad`);
/// bytes that are not UTF-8 become `\xff`.
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c, '"');
        }
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

/// A character in single quotes, escaped like [`quote`].
pub fn quote_char(c: char) -> String {
    let mut out = String::from('\'');
    push_escaped(&mut out, c, '\'');
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, c: char, delimiter: char) {
    let short = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        '\\' => "\\\\",
        _ => "",
    };
    if !short.is_empty() {
        out.push_str(short);
    } else if c == delimiter {
        out.extend(['\\', c]);
    } else if is_printable(c) {
        out.push(c);
    } else {
        // Writing into a string cannot fail.
        let _ = match c as u32 {
            code @ 0..=0x7f => write!(out, "\\x{code:02x}"),
            code @ 0x80..=0xffff => write!(out, "\\u{code:04x}"),
            code => write!(out, "\\U{code:08x}"),
        };
    }
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_printable(c: char) -> bool {
    static WIDE: LazyLock<Option<regex::Regex>> =
        LazyLock::new(|| regex::Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").ok());
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    WIDE.as_ref().is_some_and(|wide| wide.is_match(c.encode_utf8(&mut [0; 4])))
}

/// The shortest decimal that reads back as the same number, never with an exponent.
pub struct Plain(pub f64);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            x if x == f64::INFINITY => f.write_str("+Inf"),
            x if x == f64::NEG_INFINITY => f.write_str("-Inf"),
            x => write!(f, "{x}"),
        }
    }
}

/// Like [`Plain`], but below 1e-4 and from 1e6 on with an exponent (`1e-05`, `1.5e+06`).
pub struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.abs();
        if !magnitude.is_finite() || magnitude == 0.0 || (1e-4..1e6).contains(&magnitude) {
            return write!(f, "{}", Plain(self.0));
        }
        let text = format!("{:e}", self.0);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', exponent),
        };
        write!(f, "{digits}e{sign}{exponent:0>2}")
    }
}

/// A length of time, from its nanoseconds: `1d12h`, `90d`, `500ms`, `0s`. Below a millisecond is
/// cut off; negative ones have no spelling of their own and print nothing.
pub struct Length(pub i64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000;
        let mut ms = self.0 / 1_000_000;
        if ms == 0 {
            return f.write_str("0s");
        }
        // Years and weeks only if nothing remains: 90d reads better than 12w6d.
        for (unit, length, only_exact) in [
            ("y", 365 * DAY, true),
            ("w", 7 * DAY, true),
            ("d", DAY, false),
            ("h", 3_600_000, false),
            ("m", 60_000, false),
            ("s", 1_000, false),
            ("ms", 1, false),
        ] {
            let count = ms / length;
            if count > 0 && !(only_exact && ms % length != 0) {
                write!(f, "{count}{unit}")?;
                ms -= count * length;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
