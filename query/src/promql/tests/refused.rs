//! What is refused, where and why: texts, selectors, groupings, types.

use super::check_refused;

#[test]
fn refuses_what_is_no_token() {
    check_refused(&[
        ("", "unknown position: no expression found in input"),
        ("  ", "1:1: no expression found in input"),
        ("# nothing", "1:1: no expression found in input"),
        ("$", "1:1: unexpected character: '$'"),
        ("a $", "1:3: unexpected character: '$'"),
        ("é", "1:1: unexpected character: 'é'"),
        ("a = b", r#"1:3: unexpected "=""#),
        ("a =~ b", "1:3: unexpected character after '=': '~'"),
        ("a ! b", "1:3: unexpected character after '!': ' '"),
        ("a !", "1:3: unexpected character after '!': '�'"),
        ("(a", "1:3: unclosed left parenthesis"),
        ("a)", "1:3: unexpected right parenthesis ')'"),
        ("a[5m", "1:5: unclosed left bracket"),
        ("a]", "1:2: unexpected right bracket ']'"),
        ("a[[5m]]", "1:3: unexpected character in duration expression: '['"),
        (r#"{a="b""#, "1:7: unexpected end of input inside braces"),
        (r#"{a="b"}}"#, "1:8: unexpected character: '}'"),
        (r#"{{a="b"}}"#, "1:2: unexpected left brace '{'"),
        ("{a!b}", "1:3: unexpected character after '!' inside braces: 'b'"),
        (r#"{a;"b"}"#, "1:3: unexpected character inside braces: ';'"),
        ("{a=b}", r#"1:4: unexpected identifier "b" in label matching, expected string"#),
        (r#""a"#, "1:1: unterminated quoted string"),
        ("\"a\nb\"", "1:1: unterminated quoted string"),
        ("`a", "1:1: unterminated raw string"),
        ("'a", "1:1: unterminated quoted string"),
        (r#""\q""#, "1:1: unknown escape sequence U+0071 'q'"),
        (r#""\400""#, "1:1: escape sequence is an invalid Unicode code point"),
        (r#""\x4""#, r#"1:1: illegal character U+0022 '"' in escape sequence"#),
        (r#""\ud800""#, "1:1: escape sequence is an invalid Unicode code point"),
        (r#""\U00110000""#, "1:1: escape sequence is an invalid Unicode code point"),
        (r#""\8""#, "1:1: unknown escape sequence U+0038 '8'"),
        (r#""a\""#, "1:1: unterminated quoted string"),
        ("1a", r#"1:1: bad number or duration syntax: "1""#),
        ("1.2.3", r#"1:1: bad number or duration syntax: "1.2.""#),
        ("1..2", r#"1:1: bad number or duration syntax: "1..""#),
        ("1e", r#"1:1: bad number or duration syntax: "1e""#),
        ("1e+", r#"1:1: bad number or duration syntax: "1e+""#),
        ("1__0", r#"1:1: bad number or duration syntax: "1__""#),
        ("1_", r#"1:1: bad number or duration syntax: "1_""#),
        ("0x", r#"1:1: error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax"#),
        ("0x1.5", r#"1:1: bad number or duration syntax: "0x1.""#),
        ("0xg", r#"1:1: bad number or duration syntax: "0x""#),
        ("0b1", r#"1:1: bad number or duration syntax: "0""#),
        ("0o7", r#"1:1: bad number or duration syntax: "0""#),
        ("5hs", r#"1:1: unknown unit "hs" in duration "5hs""#),
        ("5m5", r#"1:1: bad number or duration syntax: "5m5""#),
        ("5mm", r#"1:1: bad number or duration syntax: "5mm""#),
        ("1d1y", r#"1:1: bad number or duration syntax: "1d1""#),
        (".5m", r#"1:1: not a valid duration string: ".5m""#),
        ("1e5m", r#"1:1: unknown unit "e" in duration "1e5m""#),
        (
            "1e999",
            r#"1:1: error parsing number: strconv.ParseFloat: parsing "1e999": value out of range"#,
        ),
        (
            "0x8000000000000000",
            r#"1:1: error parsing number: strconv.ParseFloat: parsing "0x8000000000000000": invalid syntax"#,
        ),
        ("300y", "1:1: duration out of range"),
        ("9223372037s", "1:1: duration out of range"),
        ("5m 5s", r#"1:4: unexpected duration "5s""#),
        ("a\nb\n +", r#"2:1: unexpected identifier "b""#),
        ("a # c\n b", r#"2:2: unexpected identifier "b""#),
    ]);
}

#[test]
fn refuses_misplaced_tokens() {
    check_refused(&[
        ("a b", r#"1:3: unexpected identifier "b""#),
        ("a +", "1:4: unexpected end of input"),
        ("+", "1:2: unexpected end of input"),
        ("* a", "1:1: unexpected <op:*>"),
        ("a + * b", "1:5: unexpected <op:*>"),
        ("()", r#"1:2: unexpected ")""#),
        ("(a b)", r#"1:4: unexpected identifier "b""#),
        ("f oo", r#"1:3: unexpected identifier "oo""#),
        (r#"a{b="c"}d"#, r#"1:9: unexpected identifier "d""#),
        ("a 1", r#"1:3: unexpected number "1""#),
        ("1 2", r#"1:3: unexpected number "2""#),
        (r#""x" "y""#, r#"1:5: unexpected string "\"y\"""#),
        ("a == bool", "1:10: unexpected end of input"),
        ("bool", "1:1: unexpected <bool>"),
        ("on", "1:1: unexpected <on>"),
        ("ignoring(a) b", "1:1: unexpected <ignoring>"),
        ("group_left", "1:1: unexpected <group_left>"),
        ("atan2", "1:1: unexpected <op:atan2>"),
        ("by(a)", r#"1:3: unexpected "(""#),
        ("a by b", "1:3: unexpected <by>"),
        ("inf(a)", r#"1:4: unexpected "(""#),
        (r#"nan{a="b"}"#, r#"1:4: unexpected "{""#),
        ("a:b(c)", r#"1:4: unexpected "(""#),
        ("fill(1)", r#"1:5: unexpected "(""#),
        ("a,b", r#"1:2: unexpected ",""#),
        ("a @ b c", r#"1:5: unexpected identifier "b" in @, expected timestamp"#),
        ("sum(a b)", r#"1:7: unexpected identifier "b" in aggregation"#),
        ("sum(a", "1:6: unclosed left parenthesis"),
        ("sum by (a) (b c)", r#"1:15: unexpected identifier "c" in aggregation"#),
        ("rate(sum(a,)b)", "1:11: trailing commas not allowed in function call args"),
        ("(sum(a) b)", r#"1:9: unexpected identifier "b""#),
        ("[5m]", r#"1:1: unexpected "[""#),
        ("a[5m]b", r#"1:6: unexpected identifier "b""#),
        ("a{}[5m]{}", r#"1:8: unexpected "{""#),
        ("-", "1:2: unexpected end of input"),
        ("--", "1:3: unexpected end of input"),
        ("a - -", "1:6: unexpected end of input"),
        ("=", r#"1:1: unexpected "=""#),
        ("a !=", "1:5: unexpected end of input"),
        ("a atan2", "1:8: unexpected end of input"),
        ("a unless", "1:9: unexpected end of input"),
        ("or a", r#"1:4: unexpected identifier "a""#),
        ("1 and", "1:6: unexpected end of input"),
    ]);
}

#[test]
fn refuses_selectors() {
    check_refused(&[
        ("{", "1:2: unexpected end of input inside braces"),
        ("{}", "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a=""}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a!="b"}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a=~".*"}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a=~""}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a!~".+"}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        (r#"{a=~"b?"}"#, "1:1: vector selector must contain at least one non-empty matcher"),
        ("{a}", r#"1:3: unexpected "}" in label matching, expected label matching operator"#),
        ("{a=}", r#"1:4: unexpected "}" in label matching, expected string"#),
        (
            r#"{a="b" c="d"}"#,
            r#"1:8: unexpected identifier "c" in label matching, expected "," or "}""#,
        ),
        (r#"{a="b",,}"#, r#"1:8: unexpected "," in label matching, expected identifier or "}""#),
        ("{,}", r#"1:2: unexpected "," in label matching, expected identifier or "}""#),
        (r#"{a="b",=}"#, r#"1:8: unexpected "=" in label matching, expected identifier or "}""#),
        (r#"{1="b"}"#, "1:2: unexpected character inside braces: '1'"),
        ("{a==}", r#"1:4: unexpected "=" in label matching, expected string"#),
        (r#"{a="b""#, "1:7: unexpected end of input inside braces"),
        (r#"{"a" b}"#, r#"1:6: unexpected identifier "b" in label matching, expected "," or "}""#),
        (
            r#"{"a"="b" "c"}"#,
            r#"1:10: unexpected string "\"c\"" in label matching, expected "," or "}""#,
        ),
        (r#"{"a"=b}"#, r#"1:6: unexpected identifier "b" in label matching, expected string"#),
        (
            r#"{"a" "b"}"#,
            r#"1:6: unexpected string "\"b\"" in label matching, expected "," or "}""#,
        ),
        (r#"a{__name__="b"}"#, r#"1:1: metric name must not be set twice: "a" or "b""#),
        (r#"a{"b"}"#, r#"1:1: metric name must not be set twice: "a" or "b""#),
        (r#"a{"b","c"}"#, r#"1:1: metric name must not be set twice: "a" or "b""#),
        (r#"a{b=~"("}"#, "1:3: error parsing regexp: missing closing ): `(`"),
        (
            r#"a{b=~"*c"}"#,
            "1:3: error parsing regexp: missing argument to repetition operator: `*`",
        ),
        (r#"a{b!~"[z-a]"}"#, "1:3: error parsing regexp: invalid character class range: `z-a`"),
        (r#"a{b=~"c**"}"#, "1:3: error parsing regexp: invalid nested repetition operator: `**`"),
        (
            r#"a{b=~"(?=c)"}"#,
            "1:3: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
        ),
        (r#"a{b=~"\\1"}"#, r"1:3: error parsing regexp: invalid escape sequence: `\1`"),
        (r#"a{by="c",bool!=1}"#, "1:16: unexpected character inside braces: '1'"),
        (r#"a{b="c""#, "1:8: unexpected end of input inside braces"),
        (r#"a{b="c"]"#, "1:8: unexpected character inside braces: ']'"),
        (
            "a{b c}",
            r#"1:5: unexpected identifier "c" in label matching, expected label matching operator"#,
        ),
        ("a{b=~}", r#"1:6: unexpected "}" in label matching, expected string"#),
        ("sum({a})", r#"1:7: unexpected "}" in label matching, expected label matching operator"#),
        ("a{#c\n}b", r#"2:2: unexpected identifier "b""#),
    ]);
}

#[test]
fn refuses_groupings() {
    check_refused(&[
        ("sum by a (b)", r#"1:8: unexpected identifier "a" in grouping opts, expected "(""#),
        (
            "sum by (a b) (c)",
            r#"1:11: unexpected identifier "b" in grouping opts, expected "," or ")""#,
        ),
        ("sum by (a,,b) (c)", r#"1:11: unexpected "," in grouping opts, expected label"#),
        ("sum by (,) (c)", r#"1:9: unexpected "," in grouping opts, expected label"#),
        ("sum by (1) (c)", r#"1:9: unexpected number "1" in grouping opts, expected label"#),
        ("sum by (a", "1:10: unclosed left parenthesis"),
        ("sum by (without) (a)", "1:9: unexpected <without> in grouping opts, expected label"),
        (r#"sum by ("") (a)"#, r#"1:9: invalid label name for grouping: """#),
        (r#"sum by ("a) (b)"#, "1:9: unterminated quoted string"),
        ("sum by (a)", "1:11: unexpected end of input in aggregation"),
        ("sum by (a) b", r#"1:12: unexpected identifier "b" in aggregation"#),
        ("sum without (==) (a)", "1:14: unexpected <op:==> in grouping opts, expected label"),
        ("a + on b", r#"1:8: unexpected identifier "b" in grouping opts, expected "(""#),
        (
            "a + on (b c) d",
            r#"1:11: unexpected identifier "c" in grouping opts, expected "," or ")""#,
        ),
        ("a + ignoring", r#"1:13: unexpected end of input in grouping opts, expected "(""#),
        ("a + on(b", "1:9: unclosed left parenthesis"),
        (
            "a + on(b) group_left(c d) e",
            r#"1:24: unexpected identifier "d" in grouping opts, expected "," or ")""#,
        ),
        ("a + on(b) group_left", r#"1:21: unexpected end of input in grouping opts, expected "(""#),
        ("a + on(b) group_right = c", r#"1:23: unexpected "=" in grouping opts, expected "(""#),
        (
            "a + on(b) group_left(c,1) d",
            r#"1:24: unexpected number "1" in grouping opts, expected label"#,
        ),
        ("a + group_left(b) c", "1:5: unexpected <group_left>"),
        ("a + on(b) ignoring(c) d", "1:11: unexpected <ignoring>"),
        ("a + on(b) bool c", "1:11: unexpected <bool>"),
        ("a + bool bool b", "1:10: unexpected <bool>"),
        ("sum(a) by", r#"1:10: unexpected end of input in grouping opts, expected "(""#),
        ("sum(a) by (b) by (c)", "1:15: unexpected <by>"),
        ("sum by (b) (a) by (c)", "1:16: unexpected <by>"),
        (r#"sum("a") without"#, r#"1:17: unexpected end of input in grouping opts, expected "(""#),
    ]);
}

#[test]
fn refuses_aggregations() {
    check_refused(&[
        ("sum()", "1:1: no arguments for aggregate expression provided"),
        (
            "sum(a,b)",
            "1:1: wrong number of arguments for aggregate expression provided, expected 1, got 2",
        ),
        (
            "topk(a)",
            "1:1: wrong number of arguments for aggregate expression provided, expected 2, got 1",
        ),
        (
            "topk(1,2,a)",
            "1:1: wrong number of arguments for aggregate expression provided, expected 2, got 3",
        ),
        ("topk()", "1:1: no arguments for aggregate expression provided"),
        ("sum(1)", "1:5: expected type instant vector in aggregation expression, got scalar"),
        (r#"sum("a")"#, "1:5: expected type instant vector in aggregation expression, got string"),
        (
            "sum(a[5m])",
            "1:5: expected type instant vector in aggregation expression, got range vector",
        ),
        (r#"topk("k",a)"#, "1:6: expected type scalar in aggregation parameter, got string"),
        ("topk(a,b)", "1:6: expected type scalar in aggregation parameter, got instant vector"),
        (
            "topk(1,a[5m])",
            "1:8: expected type instant vector in aggregation expression, got range vector",
        ),
        ("count_values(1,a)", "1:14: expected type string in aggregation parameter, got scalar"),
        (
            r#"count_values("x",1)"#,
            "1:18: expected type instant vector in aggregation expression, got scalar",
        ),
        (r#"quantile("a",b)"#, "1:10: expected type scalar in aggregation parameter, got string"),
        (
            "quantile(b,a)",
            "1:10: expected type scalar in aggregation parameter, got instant vector",
        ),
        (
            "topk(1 and 2, a == bool 1)",
            r#"1:6: set operator "and" not allowed in binary scalar expression"#,
        ),
        (
            "topk(rate(a), rate(b))",
            r#"1:20: expected type range vector in call to function "rate", got instant vector"#,
        ),
        ("sum(a,)", "1:6: trailing commas not allowed in function call args"),
        ("sum(,a)", r#"1:5: unexpected "," in aggregation"#),
        ("sum(a)(b)", r#"1:7: unexpected "(""#),
        ("sum(sum(1))", "1:9: expected type instant vector in aggregation expression, got scalar"),
        ("min(max(a b))", r#"1:11: unexpected identifier "b" in aggregation"#),
        (
            "limitk(a)",
            "1:1: wrong number of arguments for aggregate expression provided, expected 2, got 1",
        ),
        (
            r#"limit_ratio("a",b)"#,
            "1:13: expected type scalar in aggregation parameter, got string",
        ),
        ("group(1)", "1:7: expected type instant vector in aggregation expression, got scalar"),
    ]);
}

#[test]
fn refuses_calls() {
    check_refused(&[
        ("foo()", r#"1:1: unknown function with name "foo""#),
        ("foo(1)", r#"1:1: unknown function with name "foo""#),
        ("Rate(a[5m])", r#"1:1: unknown function with name "Rate""#),
        ("START()", r#"1:1: unknown function with name "START""#),
        ("rate()", r#"1:1: expected 1 argument(s) in call to "rate", got 0"#),
        (
            "rate(a)",
            r#"1:6: expected type range vector in call to function "rate", got instant vector"#,
        ),
        ("rate(a[5m],b)", r#"1:1: expected 1 argument(s) in call to "rate", got 2"#),
        ("rate(a[5m]", "1:11: unclosed left parenthesis"),
        ("rate(a[5m],)", "1:11: trailing commas not allowed in function call args"),
        ("rate(,a)", r#"1:6: unexpected ",""#),
        ("rate(a[5m],,b)", "1:11: trailing commas not allowed in function call args"),
        ("rate(a[5m],=", "1:11: trailing commas not allowed in function call args"),
        ("abs(1)", r#"1:5: expected type instant vector in call to function "abs", got scalar"#),
        (
            r#"abs("a")"#,
            r#"1:5: expected type instant vector in call to function "abs", got string"#,
        ),
        (
            "abs(a[5m])",
            r#"1:5: expected type instant vector in call to function "abs", got range vector"#,
        ),
        ("time(1)", r#"1:1: expected 0 argument(s) in call to "time", got 1"#),
        ("pi(1)", r#"1:1: expected 0 argument(s) in call to "pi", got 1"#),
        ("round()", r#"1:1: expected at least 1 argument(s) in call to "round", got 0"#),
        (
            "round(a,b)",
            r#"1:9: expected type scalar in call to function "round", got instant vector"#,
        ),
        ("round(a,1,2)", r#"1:1: expected at most 2 argument(s) in call to "round", got 3"#),
        ("hour(1)", r#"1:6: expected type instant vector in call to function "hour", got scalar"#),
        ("hour(a,b)", r#"1:1: expected at most 1 argument(s) in call to "hour", got 2"#),
        ("clamp(a,1)", r#"1:1: expected 3 argument(s) in call to "clamp", got 2"#),
        (
            "clamp(a,b,1)",
            r#"1:9: expected type scalar in call to function "clamp", got instant vector"#,
        ),
    ]);
}

#[test]
fn refuses_arguments() {
    check_refused(&[
        (
            r#"label_join(a,"b")"#,
            r#"1:1: expected at least 3 argument(s) in call to "label_join", got 2"#,
        ),
        (
            r#"label_join(a,"b",c)"#,
            r#"1:18: expected type string in call to function "label_join", got instant vector"#,
        ),
        (
            r#"label_join(a,"b","c",1,"d",2)"#,
            r#"1:22: expected type string in call to function "label_join", got scalar"#,
        ),
        (
            r#"label_replace(a,"b","c","d")"#,
            r#"1:1: expected 5 argument(s) in call to "label_replace", got 4"#,
        ),
        (
            r#"label_replace(a,b,"c","d","e")"#,
            r#"1:17: expected type string in call to function "label_replace", got instant vector"#,
        ),
        (
            "sort_by_label(a,1)",
            r#"1:17: expected type string in call to function "sort_by_label", got scalar"#,
        ),
        (r#"vector("a")"#, r#"1:8: expected type scalar in call to function "vector", got string"#),
        (
            "scalar(1)",
            r#"1:8: expected type instant vector in call to function "scalar", got scalar"#,
        ),
        (
            "quantile_over_time(a[5m],1)",
            r#"1:20: expected type scalar in call to function "quantile_over_time", got range vector"#,
        ),
        (
            "histogram_quantile(a,1)",
            r#"1:20: expected type scalar in call to function "histogram_quantile", got instant vector"#,
        ),
        (
            "predict_linear(a[5m])",
            r#"1:1: expected 2 argument(s) in call to "predict_linear", got 1"#,
        ),
        ("info(a,b)", "1:8: expected label selectors only, got vector selector instead"),
        (
            "info(a,1)",
            r#"1:1: expected type instant vector in call to function "info", got scalar"#,
        ),
        (r#"info(a,({b="c"}))"#, "1:8: expected label selectors only"),
        (r#"info(a,{b="c"},c)"#, r#"1:1: expected at most 2 argument(s) in call to "info", got 3"#),
        (
            "info(1,{})",
            r#"1:6: expected type instant vector in call to function "info", got scalar"#,
        ),
        (r#"info({},{b="c"})"#, "1:6: vector selector must contain at least one non-empty matcher"),
        ("abs(1 and 2)", r#"1:5: set operator "and" not allowed in binary scalar expression"#),
        ("clamp(1 and 2)", r#"1:1: expected 3 argument(s) in call to "clamp", got 1"#),
        (
            r#"clamp(rate(a),1 and 2,"x")"#,
            r#"1:12: expected type range vector in call to function "rate", got instant vector"#,
        ),
        ("max_of(1)", r#"1:1: expected 2 argument(s) in call to "max_of", got 1"#),
        (
            "max_of(a,1)",
            r#"1:8: expected type scalar in call to function "max_of", got instant vector"#,
        ),
        ("step(1)", r#"1:1: expected 0 argument(s) in call to "step", got 1"#),
        (
            r#"histogram_quantiles(a,"q")"#,
            r#"1:1: expected at least 3 argument(s) in call to "histogram_quantiles", got 2"#,
        ),
        (
            "vector(abs(1))",
            r#"1:12: expected type instant vector in call to function "abs", got scalar"#,
        ),
    ]);
}

#[test]
fn refuses_operands() {
    check_refused(&[
        ("1 and 1", r#"1:1: set operator "and" not allowed in binary scalar expression"#),
        ("a and 1", r#"1:1: set operator "and" not allowed in binary scalar expression"#),
        ("1 or a", r#"1:1: set operator "or" not allowed in binary scalar expression"#),
        (
            r#"a unless "b""#,
            "1:10: binary expression must contain only scalar and instant vector types",
        ),
        ("1 == 1", "1:3: comparisons between scalars must use BOOL modifier"),
        ("1 > 2", "1:3: comparisons between scalars must use BOOL modifier"),
        (r#"a + "b""#, "1:5: binary expression must contain only scalar and instant vector types"),
        (r#""a" + 1"#, "1:1: binary expression must contain only scalar and instant vector types"),
        ("a[5m] + 1", "1:1: binary expression must contain only scalar and instant vector types"),
        ("1 + a[5m:]", "1:5: binary expression must contain only scalar and instant vector types"),
        (
            r#"-"a""#,
            r#"1:1: unary expression only allowed on expressions of type scalar or instant vector, got "string""#,
        ),
        (
            "-a[5m]",
            r#"1:1: unary expression only allowed on expressions of type scalar or instant vector, got "range vector""#,
        ),
        (
            "+(a[5m])",
            r#"1:1: unary expression only allowed on expressions of type scalar or instant vector, got "range vector""#,
        ),
        ("a + bool b", "1:3: bool modifier can only be used on comparison operators"),
        ("1 + bool 2", "1:3: bool modifier can only be used on comparison operators"),
        ("a and bool b", "1:3: bool modifier can only be used on comparison operators"),
        ("a </ bool b", "1:3: bool modifier can only be used on comparison operators"),
        ("a == on(b) 1", "1:1: vector matching only allowed between instant vectors"),
        ("1 + on(a) 2", "1:1: vector matching only allowed between instant vectors"),
        ("1 + ignoring(a) b", "1:1: vector matching only allowed between instant vectors"),
        (
            "a + on(b) group_left(b) c",
            r#"1:3: label "b" must not occur in ON and GROUP clause at once"#,
        ),
        (
            "a + on(b,c) group_right(d,c) e",
            r#"1:3: label "c" must not occur in ON and GROUP clause at once"#,
        ),
        ("a and on(b) group_left(c) d", r#"1:1: no grouping allowed for "and" operation"#),
        ("a or ignoring(b) group_right d", r#"1:1: no grouping allowed for "or" operation"#),
        ("a and fill(1) b", "1:1: filling in missing series not allowed for set operators"),
        ("a + fill(1) 2", "1:1: filling in missing series only allowed between instant vectors"),
        ("a + on(b) fill(1) 2", "1:1: vector matching only allowed between instant vectors"),
        (r#"(1 == 2) + "c""#, "1:4: comparisons between scalars must use BOOL modifier"),
        ("1 == 1 == 1", "1:3: comparisons between scalars must use BOOL modifier"),
        (
            r#"a   ==   bool   "b""#,
            "1:17: binary expression must contain only scalar and instant vector types",
        ),
        ("1  >  2", "1:4: comparisons between scalars must use BOOL modifier"),
        ("1>2", "1:2: comparisons between scalars must use BOOL modifier"),
    ]);
}
