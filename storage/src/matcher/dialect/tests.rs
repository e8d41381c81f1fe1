//! What is refused, and what the rest means.

use super::*;

fn check_refused(cases: &[(&str, &str)]) {
    for (pattern, message) in cases {
        let expected = Err(format!("error parsing regexp: {message}"));
        assert_eq!(translate(pattern), expected, "{pattern}");
    }
}

/// Every value, and whether the pattern matches it.
fn check(pattern: &str, matches: &[&str], others: &[&str]) {
    let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    for value in matches {
        assert!(regex.is_match(value), "{pattern} matches {value:?}");
    }
    for value in others {
        assert!(!regex.is_match(value), "{pattern} does not match {value:?}");
    }
}

#[test]
fn refuses_what_re2_refuses() {
    check_refused(&[
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a|+?", "missing argument to repetition operator: `+?`"),
        ("(?i)?", "missing argument to repetition operator: `?`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{2}*?", "invalid nested repetition operator: `{2}*?`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("[a", "missing closing ]: `[a`"),
        ("[]", "missing closing ]: `[]`"),
        ("x[b-a]", "invalid character class range: `b-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        (r"\p{sc=Greek}", r"invalid character class range: `\p{sc=Greek}`"),
        (r"a\p{L", r"invalid character class range: `\p{L`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\u00e9", r"invalid escape sequence: `\u`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?-)a", "invalid or unsupported Perl syntax: `(?-)`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<a b>c)", "invalid named capture: `(?P<a b>`"),
        ("(?P<a", "invalid named capture: `(?P<a`"),
    ]);
    assert!(translate(&"(".repeat(1001)).is_err_and(|e| e.contains("nests too deeply")));
}

#[test]
fn matches_whole_values() {
    check("a|b", &["a", "b"], &["ab", "xa", ""]);
    check("", &[""], &["a"]);
    check("a.c", &["abc", "a\nc", "aéc"], &["ac"]);
    check("(?-s)a.c", &["abc"], &["a\nc"]);
    check("(?i)É", &["é"], &["e"]);
}

#[test]
fn the_empty_string_matches() {
    for pattern in ["", ".*", "a?", "a|", "^$", "(?m)^", r"\B", "(a*)(b*)", "[^a]{0,2}"] {
        assert_eq!(matches_empty(pattern), Ok(true), "{pattern}");
    }
    for pattern in ["a", ".+", "a|b", r"\b", r"a?\b", r"[^\x{0}-\x{10ffff}]", "(?:a|.)"] {
        assert_eq!(matches_empty(pattern), Ok(false), "{pattern}");
    }
}

#[test]
fn classes_are_ascii() {
    check(r"\d", &["1"], &["٣"]);
    check(r"\w", &["a", "_"], &["é"]);
    check(r"\W", &["é"], &["a"]);
    check(r"[\D]", &["a", "٣"], &["1"]);
    check(r"\s", &["\t", "\u{c}"], &["\u{b}", "\u{a0}"]);
    check(r".*\bé", &["aé"], &["é"]);
    check(r"[[:^alpha:]]", &["1", "é"], &["a"]);
    check(r"\p{^Greek}", &["a"], &["α"]);
    check(r"\PL", &["1"], &["a"]);
}

#[test]
fn what_only_the_crate_knows_is_literal() {
    check("[a&&b]", &["a", "&", "b"], &["c"]);
    check("[a-z--b]", &["c", "-", "B"], &["~"]);
    check("[a~~b]", &["a", "~"], &["c"]);
    check("[[a]]", &["[]", "a]"], &["a"]);
    check(r"\<a\>", &["<a>"], &["a"]);
    check("a #b", &["a #b"], &["a"]);
    check(r"\b{start}", &[], &["", "start"]);
}

#[test]
fn what_only_re2_knows_is_spelled_out() {
    check(r"\Qa.b\E.", &["a.bc"], &["axbc"]);
    check(r"\Q(*", &["(*"], &[]);
    check(r"\101\0", &["A\0"], &[]);
    check("{{x}}", &["{{x}}"], &[]);
    check("x{,3}", &["x{,3}"], &["xx"]);
    check("x{02}", &["x{02}"], &["xx"]);
    check("(?ii-i)a", &["a"], &["A"]);
    check("a(?i)*b", &["aaB", "b"], &["Ab"]);
    check("(?P<n>a)(?P<n>b)", &["ab"], &[]);
    check("(?P<1>a)", &["a"], &[]);
    check("[]a]", &["]", "a"], &[]);
    check(r"\_\-\.", &["_-."], &[]);
}

#[test]
fn groups_keep_their_numbers_and_names() {
    let regex = compile("(?P<a>x)(?:y)(z)").expect("a valid pattern");
    let captures = regex.captures("xyz").expect("a match");
    assert_eq!(captures.name("a").map(|m| m.as_str()), Some("x"));
    assert_eq!(captures.get(2).map(|m| m.as_str()), Some("z"));
}
