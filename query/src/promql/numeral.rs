//! The values of number, duration and string tokens, with the reference's messages where they
//! have none.

use super::format::quote;

/// The value of a number token: an integer of any base (`0x1f`, `017`), else a decimal.
pub(super) fn number(text: &str) -> Result<f64, String> {
    if let Some(value) = integer(text) {
        return Ok(value as f64);
    }
    let refused = |why| {
        let text = quote(text.as_bytes());
        Err(format!("error parsing number: strconv.ParseFloat: parsing {text}: {why}"))
    };
    // Hexadecimal floats need an exponent, which the lexer does not let through.
    let is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if is_hexadecimal || !underscores_separate_digits(text) {
        return refused("invalid syntax");
    }
    match text.replace('_', "").parse::<f64>() {
        Ok(value) if value.is_infinite() && !text.eq_ignore_ascii_case("inf") => {
            refused("value out of range")
        }
        Ok(value) => Ok(value),
        Err(_) => refused("invalid syntax"),
    }
}

/// An integer of 64 bits, if that is what it is.
fn integer(text: &str) -> Option<i64> {
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if !digits.contains('_') {
        return i64::from_str_radix(digits, base).ok();
    }
    if !underscores_separate_digits(text) {
        return None;
    }
    i64::from_str_radix(&digits.replace('_', ""), base).ok()
}

/// Whether every underscore stands between digits (a base prefix counts as one).
fn underscores_separate_digits(text: &str) -> bool {
    let is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| {
            b.is_ascii_digit() || (is_hexadecimal && (b.is_ascii_hexdigit() || b"xX".contains(b)))
        })
    };
    bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'_')
        .all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)))
}

/// The seconds of a duration token: numbers with units, the largest unit first, each once.
pub(super) fn duration(text: &str) -> Result<f64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let whole = || quote(text.as_bytes());
    let refused = || format!("not a valid duration string: {}", whole());
    let mut rest = text;
    let mut smaller = &UNITS[..];
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let digits_end = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, behind) = rest.split_at(digits_end);
        let unit_end = behind.bytes().take_while(|b| !b.is_ascii_digit()).count();
        let (unit, behind) = behind.split_at(unit_end);
        if digits.is_empty() || unit.is_empty() {
            return Err(refused());
        }
        let count = digits.parse::<u64>().ok().ok_or_else(refused)?;
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            let unit = quote(unit.as_bytes());
            return Err(format!("unknown unit {unit} in duration {}", whole()));
        }
        let at = smaller.iter().position(|(name, _)| *name == unit).ok_or_else(refused)?;
        total_ms = count
            .checked_mul(smaller[at].1)
            .and_then(|ms| total_ms.checked_add(ms))
            .filter(|&ms| ms <= i64::MAX as u64 / 1_000_000)
            .ok_or_else(|| "duration out of range".to_owned())?;
        smaller = &smaller[at + 1..];
        rest = behind;
    }
    let (seconds, below) = (total_ms / 1000, total_ms % 1000);
    Ok(seconds as f64 + (below * 1_000_000) as f64 / 1e9)
}

/// What a string token means; the lexer has seen to it that every escape is complete.
pub(super) fn unquote(text: &str) -> Result<Vec<u8>, String> {
    let refused = || format!("error unquoting string {}: invalid syntax", quote(text.as_bytes()));
    let inner = text.get(1..text.len() - 1).ok_or_else(refused)?;
    if text.starts_with('`') || !inner.contains('\\') {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let kind = *escape.as_bytes().first().ok_or_else(refused)?;
        let (value, length) = match kind {
            b'a' => (7, 1),
            b'b' => (8, 1),
            b'f' => (12, 1),
            b'n' => (u32::from(b'\n'), 1),
            b'r' => (u32::from(b'\r'), 1),
            b't' => (u32::from(b'\t'), 1),
            b'v' => (11, 1),
            b'0'..=b'7' => (digits(escape, 0, 3, 8).ok_or_else(refused)?, 3),
            b'x' => (digits(escape, 1, 3, 16).ok_or_else(refused)?, 3),
            b'u' => (digits(escape, 1, 5, 16).ok_or_else(refused)?, 5),
            b'U' => (digits(escape, 1, 9, 16).ok_or_else(refused)?, 9),
            quote => (u32::from(quote), 1),
        };
        if matches!(kind, b'u' | b'U') {
            let c = char::from_u32(value).ok_or_else(refused)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(u8::try_from(value).ok().ok_or_else(refused)?);
        }
        rest = escape.get(length..).ok_or_else(refused)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// The number that these digits of an escape spell.
fn digits(escape: &str, from: usize, to: usize, base: u32) -> Option<u32> {
    u32::from_str_radix(escape.get(from..to)?, base).ok()
}
