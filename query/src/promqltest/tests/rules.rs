//! What may be said of an answer, and what must be.

use crate::promqltest::expectation::Rules;

/// Whether rules accept warnings and infos.
fn accepts(lines: &[&str], warnings: &[&str], infos: &[&str]) -> bool {
    let mut rules = Rules::default();
    for line in lines {
        rules.add(line).expect("a rule");
    }
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    rules.check_annotations(&owned(warnings), &owned(infos)).is_ok()
}

#[test]
fn annotations_without_rules_are_ignored() {
    assert!(accepts(&[], &["w"], &["i"]));
    assert!(accepts(&["expect ordered", "expect no_info"], &["w"], &[]));
}

#[test]
fn each_rule_needs_an_annotation_and_each_annotation_a_rule() {
    assert!(accepts(&["expect warn"], &["a", "b"], &[]));
    assert!(!accepts(&["expect warn"], &[], &["i"]), "missing");
    assert!(accepts(&["expect warn msg:a", "expect warn msg: b"], &["b", "a"], &[]));
    assert!(!accepts(&["expect warn msg: a"], &["a", "b"], &[]), "one too many");
    assert!(!accepts(&["expect warn msg: a", "expect warn msg: c"], &["a"], &[]), "one missing");
    assert!(!accepts(&["expect info msg: a"], &[], &["a b"]), "a part is not the whole");
    assert!(accepts(&["expect info regex: ^a .*c"], &[], &["a bcd"]), "a pattern may be a part");
    assert!(!accepts(&["expect info regex: ^b"], &[], &["a b"]), "another text");
}

#[test]
fn nothing_may_be_said_where_nothing_is_expected() {
    assert!(!accepts(&["expect no_warn"], &["a"], &[]));
    assert!(!accepts(&["expect no_info"], &[], &["a"]));
    assert!(accepts(&["expect no_info", "expect no_warn"], &[], &[]));
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    for lines in [
        &["expect warn", "expect no_warn"][..],
        &["expect no_info", "expect info msg: a"],
        &["expect fail msg: a", "expect fail"],
        &["expect fail", "expect fail"],
        &["expect no_warn msg: a"],
        &["expect ordered msg: a"],
        &["expect"],
        &["expect fail message: a"],
        &["expect warn regex: ("],
    ] {
        let mut rules = Rules::default();
        let outcome = lines.iter().try_for_each(|line| rules.add(line));
        assert!(outcome.is_err(), "{lines:?}");
    }
}
