//! Spellings.

use super::*;

#[test]
fn quotes_what_cannot_be_printed() {
    assert_eq!(quote(b"plain"), r#""plain""#);
    assert_eq!(quote("a\"b\\c'\n\t".as_bytes()), r#""a\"b\\c'\n\t""#);
    assert_eq!(quote(b"\xff\x00\x7f"), r#""\xff\x00\x7f""#);
    assert_eq!(
        quote("é…\u{301}\u{ad}\u{a0}😀\u{e000}".as_bytes()),
        "\"é…\u{301}\\u00ad\\u00a0😀\\ue000\""
    );
    assert_eq!(quote_char('\''), r"'\''");
    assert_eq!(quote_char('"'), "'\"'");
}

#[test]
fn numbers() {
    for (value, plain, short) in [
        (0.0, "0", "0"),
        (-0.0, "-0", "-0"),
        (1.5, "1.5", "1.5"),
        (999_999.0, "999999", "999999"),
        (1_234_567.0, "1234567", "1.234567e+06"),
        (1e21, "1000000000000000000000", "1e+21"),
        (-1.5e-5, "-0.000015", "-1.5e-05"),
        (1e100, &format!("1{}", "0".repeat(100)), "1e+100"),
        (f64::INFINITY, "+Inf", "+Inf"),
        (f64::NEG_INFINITY, "-Inf", "-Inf"),
        (f64::NAN, "NaN", "NaN"),
    ] {
        assert_eq!(Plain(value).to_string(), plain);
        assert_eq!(Short(value).to_string(), short);
    }
}

#[test]
fn lengths() {
    for (seconds, expected) in [
        (0.0, "0s"),
        (0.0005, "0s"),
        (0.5, "500ms"),
        (90.0, "1m30s"),
        (7.0 * 86400.0, "1w"),
        (90.0 * 86400.0, "90d"),
        (365.0 * 86400.0, "1y"),
        (366.0 * 86400.0 + 1.0, "366d1s"),
    ] {
        assert_eq!(Length((seconds * 1e9) as i64).to_string(), expected);
    }
}
