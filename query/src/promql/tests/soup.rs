//! Arbitrary texts: nothing panics, and what is refused is refused at a place within the text.

use crate::promql::{Options, parse, parse_selector};
use proptest::prelude::*;

/// Tokens, some of them broken.
const PIECES: &[&str] = &[
    "a",
    "b:c",
    "sum",
    "topk",
    "rate",
    "info",
    "time",
    "foo",
    "step",
    "range",
    "max_of",
    "start",
    "end",
    "on",
    "ignoring",
    "group_left",
    "fill",
    "bool",
    "by",
    "without",
    "offset",
    "anchored",
    "and",
    "atan2",
    "inf",
    "1",
    "5m",
    "0x1f",
    "1.5.",
    "5hs",
    "\"s\"",
    "'\\xff'",
    "`r`",
    "\"",
    "(",
    ")",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "+",
    "-",
    "*",
    "^",
    "==",
    "</",
    "=",
    "=~",
    "!~",
    "!",
    "@",
    "#",
    "\n",
    " ",
    "é",
    "$",
    "a{b=~\"c\"}",
    "a[5m]",
    "[1m:]",
    "start()",
    "{}",
];

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        9 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    let space = proptest::sample::select(&["", " "][..]);
    proptest::collection::vec((piece, space), 0..24).prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, space)| [piece, space.into()]).collect()
    })
}

proptest! {
    #[test]
    fn texts_are_parsed_or_refused(text in soup()) {
        match parse(&text, Options::ALL) {
            Ok(expr) => {
                prop_assert!(text.get(expr.range.start as usize..expr.range.end as usize).is_some());
                let _ = expr.to_string();
            }
            Err(error) => {
                prop_assert!(error.range.start <= error.range.end, "{error}");
                prop_assert!(error.range.end as usize <= text.len(), "{error}");
            }
        }
        let _ = parse_selector(&text);
    }
}
