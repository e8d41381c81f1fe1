//! What is refused of ranges, modifiers and durations, where and why.

use super::check_refused;

#[test]
fn refuses_ranges() {
    check_refused(&[
        ("1[5m]", "1:2: ranges only allowed for vector selectors"),
        (
            "a[]",
            r#"1:3: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        ("a[5]b", r#"1:5: unexpected identifier "b""#),
        ("a[0]", "1:3: duration must be greater than 0"),
        ("a[-1]", "1:3: duration must be greater than 0"),
        ("a[0s]", "1:3: duration must be greater than 0"),
        (r#"a["5m"]"#, r#"1:3: unexpected character in duration expression: '"'"#),
        ("a[b]", "1:3: unexpected character in duration expression: 'b'"),
        ("a[5m", "1:5: unclosed left bracket"),
        ("a[5m]]", "1:6: unexpected right bracket ']'"),
        ("a[5m][5m]", "1:6: ranges only allowed for vector selectors"),
        ("(a)[5m]", "1:4: ranges only allowed for vector selectors"),
        ("a offset 1m[5m]", "1:12: no offset modifiers allowed before range"),
        ("a @ 1[5m]", "1:6: no @ modifiers allowed before range"),
        ("a[5m:", "1:6: unclosed left bracket"),
        ("a[5m:0]", "1:6: duration must be greater than 0"),
        ("a[5m:-1s]", "1:6: duration must be greater than 0"),
        ("a[5m:1m:1m]", "1:8: unexpected colon ':'"),
        ("a[:]", "1:4: unexpected colon before duration in duration expression"),
        ("a[:5m]", "1:4: unexpected colon before duration in duration expression"),
        ("a[5m:a]", "1:6: unexpected character: 'a', expected ':'"),
        ("a[5m,1m]", r#"1:5: unexpected "," in subquery or range, expected ":" or "]""#),
        ("a[5m 1m]", r#"1:6: unexpected duration "1m" in subquery or range, expected ":" or "]""#),
        ("a[5m=1m]", r#"1:5: unexpected "=" in subquery or range, expected ":" or "]""#),
        ("a[5m:1m 1m]", r#"1:9: unexpected duration "1m" in subquery selector, expected "]""#),
        ("1[5m:]", "1:1: subquery is only allowed on instant vector, got scalar instead"),
        (r#""a"[5m:]"#, "1:1: subquery is only allowed on instant vector, got string instead"),
        ("a[5m][5m:]", "1:1: subquery is only allowed on instant vector, got matrix instead"),
        ("a[5m:][5m:]", "1:1: subquery is only allowed on instant vector, got matrix instead"),
        ("sum(a)[5m]", "1:7: ranges only allowed for vector selectors"),
        ("rate(a[5m])[5m]", "1:12: ranges only allowed for vector selectors"),
        ("a[5m:1m]b", r#"1:9: unexpected identifier "b""#),
        ("a[inf]", "1:3: unexpected character in duration expression: 'i'"),
        (
            "a[5m+]",
            r#"1:6: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[5m:5m+]",
            r#"1:9: unexpected "]" in subquery selector, expected number, duration, step(), range(), or "]""#,
        ),
        (
            "a[(5m]",
            r#"1:6: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        ("a[1e10]", "1:3: duration out of range"),
        ("a[9223372037]", "1:3: duration out of range"),
        ("a[300y]", "1:3: duration out of range"),
        ("a[5hs]", r#"1:3: unknown unit "hs" in duration "5hs""#),
        (
            "-a[5m]",
            r#"1:1: unary expression only allowed on expressions of type scalar or instant vector, got "range vector""#,
        ),
        ("a[5m]@", "1:7: unexpected end of input in @, expected timestamp"),
        ("a[x]", "1:3: unexpected character in duration expression: 'x'"),
        ("a[5m;]", "1:5: unexpected character: ';'"),
        ("a[start()]", "1:3: unexpected character in duration expression: 's'"),
    ]);
}

#[test]
fn refuses_offsets() {
    check_refused(&[
        (
            "a offset",
            "1:9: unexpected end of input in offset, expected number, duration, step(), or range()",
        ),
        (
            "a offset b",
            r#"1:10: unexpected identifier "b" in offset, expected number, duration, step(), or range()"#,
        ),
        (
            r#"a offset "5m""#,
            r#"1:10: unexpected string "\"5m\"" in offset, expected number, duration, step(), or range()"#,
        ),
        ("a offset (5m", "1:13: unclosed left parenthesis"),
        ("a offset 5m offset 1m", "1:1: offset may not be set multiple times"),
        ("a offset 5m offset step()", "1:1: offset may not be set multiple times"),
        ("a offset step() offset 5m", "1:1: offset may not be set multiple times"),
        (
            "1 offset 5m",
            "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            r#""a" offset 5m"#,
            "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "(a) offset 5m",
            "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "rate(a[5m]) offset 5m",
            "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "-1 offset 5m",
            "1:2: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        ("a offset 1e10", "1:10: duration out of range"),
        ("a offset -1e10", "1:10: duration out of range"),
        ("a offset -(1e10)", "1:12: duration out of range"),
        ("a offset inf", "1:10: duration out of range"),
        ("a offset 5m[5m]", "1:12: no offset modifiers allowed before range"),
        (
            "sum(a offset b)",
            r#"1:14: unexpected identifier "b" in offset, expected number, duration, step(), or range()"#,
        ),
        (
            "a offset -",
            "1:11: unexpected end of input in offset, expected number, duration, step(), or range()",
        ),
        (
            "a offset - b",
            r#"1:12: unexpected identifier "b" in offset, expected number, duration, step(), or range()"#,
        ),
        ("a offset max_of(1", "1:18: unclosed left parenthesis"),
        (
            "a offset max_of(1)",
            r#"1:18: unexpected ")" in offset, expected number, duration, step(), or range()"#,
        ),
        ("a offset min_of(1,2", "1:20: unclosed left parenthesis"),
        (
            "a offset step",
            "1:14: unexpected end of input in offset, expected number, duration, step(), or range()",
        ),
        ("a offset step(", "1:15: unclosed left parenthesis"),
        (
            "a offset -step(1)",
            r#"1:16: unexpected number "1" in offset, expected number, duration, step(), or range()"#,
        ),
    ]);
}

#[test]
fn refuses_times_and_extensions() {
    check_refused(&[
        ("a @", "1:4: unexpected end of input in @, expected timestamp"),
        ("a @ b", r#"1:5: unexpected identifier "b" in @, expected timestamp"#),
        (r#"a @ "1""#, r#"1:5: unexpected string "\"1\"" in @, expected timestamp"#),
        ("a @ -", "1:6: unexpected end of input in @, expected timestamp"),
        ("a @ start", "1:10: unexpected end of input in @, expected timestamp"),
        ("a @ end(", "1:9: unclosed left parenthesis"),
        ("a @ start(1)", r#"1:11: unexpected number "1" in @, expected timestamp"#),
        ("a @ 1 @ 2", "1:1: @ <timestamp> may not be set multiple times"),
        ("a @ 1 @ end()", "1:1: @ <timestamp> may not be set multiple times"),
        ("a @ start() @ 1", "1:1: @ <timestamp> may not be set multiple times"),
        (
            "1 @ 1",
            "1:1: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "(a) @ 1",
            "1:1: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "rate(a[5m]) @ 1",
            "1:1: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        ("a @ inf", "1:1: timestamp out of bounds for @ modifier: +Inf"),
        ("a @ -inf", "1:1: timestamp out of bounds for @ modifier: -Inf"),
        ("a @ nan", "1:1: timestamp out of bounds for @ modifier: NaN"),
        ("a @ 1e19", "1:1: timestamp out of bounds for @ modifier: 10000000000000000000.000000"),
        ("a @ -1e19", "1:1: timestamp out of bounds for @ modifier: -10000000000000000000.000000"),
        ("a @ (1)", r#"1:5: unexpected "(" in @, expected timestamp"#),
        ("a[5m:] @ 1 @ 2", "1:1: @ <timestamp> may not be set multiple times"),
        ("a[5m] @ 1 offset 1 offset 1", "1:1: offset may not be set multiple times"),
        ("sum(a @)", r#"1:8: unexpected ")" in @, expected timestamp"#),
        ("a @ step()", r#"1:5: unexpected "step" in @, expected timestamp"#),
        ("1 anchored", "1:1: anchored modifier not implemented"),
        ("rate(a[5m]) smoothed", "1:1: smoothed modifier not implemented"),
        ("a[5m:] anchored", "1:1: anchored modifier is not supported for subqueries"),
        ("a[5m:1m] smoothed", "1:1: smoothed modifier is not supported for subqueries"),
        ("(a) anchored", "1:1: anchored modifier not implemented"),
        ("a anchored smoothed", "1:1: anchored and smoothed modifiers cannot be used together"),
        ("a[5m] smoothed anchored", "1:1: anchored and smoothed modifiers cannot be used together"),
        ("a anchored b", r#"1:12: unexpected identifier "b""#),
    ]);
}

#[test]
fn refuses_durations() {
    check_refused(&[
        ("a[1/0]", "1:4: division by zero"),
        ("a[1%0]", "1:4: modulo by zero"),
        (
            "a[2^]",
            r#"1:5: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[*2]",
            "1:3: unexpected <op:*> in subquery or range selector, expected number, duration, step(), or range()",
        ),
        (
            "a[step]",
            r#"1:7: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[step(]",
            r#"1:8: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[step(1)]",
            r#"1:8: unexpected number "1" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[max_of(1)]",
            r#"1:11: unexpected ")" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[max_of(1,]",
            r#"1:12: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[min_of(1,2,3)]",
            r#"1:13: unexpected "," in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        ("a[1m+b]", "1:6: unexpected character: 'b', expected ':'"),
        (
            "a[5m:step(]",
            r#"1:11: unexpected "]" in subquery selector, expected number, duration, step(), range(), or "]""#,
        ),
        ("a[foo()]", "1:3: unexpected character in duration expression: 'f'"),
        ("a[1 == 2]", r#"1:5: unexpected <op:==> in subquery or range, expected ":" or "]""#),
        (
            "a[()]",
            r#"1:4: unexpected ")" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[5m-(]",
            r#"1:7: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        (
            "a[+]",
            r#"1:4: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
        ("a offset (1/0)", "1:12: division by zero"),
        ("a offset (1%0)", "1:12: modulo by zero"),
        ("a offset (2^", "1:13: unclosed left parenthesis"),
        (
            "a offset --",
            "1:12: unexpected end of input in offset, expected number, duration, step(), or range()",
        ),
        ("a offset -(", "1:12: unclosed left parenthesis"),
        ("a offset (5m) b", r#"1:15: unexpected identifier "b""#),
        ("a offset 5m 1m", r#"1:13: unexpected duration "1m""#),
        ("a offset -(1m) c", r#"1:16: unexpected identifier "c""#),
        ("a[(1e10)]", "1:4: duration out of range"),
        ("a[-(1e10)]", "1:5: duration out of range"),
        ("a[1/(0)] b", r#"1:10: unexpected identifier "b""#),
        (
            "sum(a[step()+])",
            r#"1:14: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()"#,
        ),
    ]);
}
