use super::{check, check_range};
use expect_test::expect;

const SIDES: &str = r#"
    l{g="1", x="a"} 1 10
    l{g="1", x="b"} 2 20
    l{g="2", x="a"} 3 30
    r{g="1", y="p"} 100 _ _ _ _ _ _
    r{g="1", y="q"} _ _ _ _ _ _ 200
    r{g="3", y="p"} 300
"#;

#[test]
fn with_a_scalar() {
    check(SIDES, r#"2 - l{g="2"}"#, 0.0, &expect![["{g=\"2\", x=\"a\"} -1\n"]]);
    check(
        SIDES,
        "1 < l",
        0.0,
        &expect![[r#"
        {__name__="l", g="1", x="b"} 2
        {__name__="l", g="2", x="a"} 3
    "#]],
    );
    check(
        SIDES,
        r#"l{g="1"} > bool 1"#,
        0.0,
        &expect![[r#"
        {g="1", x="a"} 0
        {g="1", x="b"} 1
    "#]],
    );
    check(
        SIDES,
        r#"l{g="2"} </ 1"#,
        0.0,
        &expect![[r#"
        PromQL info: incompatible sample types encountered for binary operator "</": float </ float (1:1)
    "#]],
    );
}

#[test]
fn one_to_one() {
    check_range(
        SIDES,
        "l - l",
        1,
        &expect![[r#"
        {g="1", x="a"} 0@0 0@1
        {g="1", x="b"} 0@0 0@1
        {g="2", x="a"} 0@0 0@1
    "#]],
    );
    check(SIDES, r#"l{x="a"} + on (g) r"#, 0.0, &expect![["{g=\"1\"} 101\n"]]);
    check(SIDES, r#"l{x="a"} + ignoring (x, y) r"#, 0.0, &expect![["{g=\"1\"} 101\n"]]);
    check(SIDES, "l > 1 < 3", 0.0, &expect![["{__name__=\"l\", g=\"1\", x=\"b\"} 2\n"]]);
    check(
        SIDES,
        "l + on (g) r",
        0.0,
        &expect![[r"
        error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)
    "]],
    );
}

#[test]
fn many_to_one() {
    check(
        SIDES,
        "l * on (g) group_left (y) r",
        0.0,
        &expect![[r#"
        {g="1", x="a", y="p"} 100
        {g="1", x="b", y="p"} 200
    "#]],
    );
    check(
        SIDES,
        "r - on (g) group_right () l",
        0.0,
        &expect![[r#"
        {g="1", x="a"} 99
        {g="1", x="b"} 98
    "#]],
    );
    // Which series is the one may change from step to step.
    let two = "l 1 2\nr{y=\"p\"} 1 stale\nr{y=\"q\"} _ 1";
    check_range(
        two,
        "l * on () group_left (y) r",
        1,
        &expect![[r#"
        {y="p"} 1@0
        {y="q"} 2@1
    "#]],
    );
    check(
        SIDES,
        "r / on (g) group_right (x) l",
        0.0,
        &expect![[r"
        error: multiple matches for labels: grouping labels must ensure unique matches
    "]],
    );
}

#[test]
fn two_on_the_one_side() {
    let twice = "l 1\nr{y=\"p\"} 1\nr{y=\"q\"} 1";
    let message = &expect![[r#"
        error: found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="r", y="p"}, {__name__="r", y="q"}];many-to-many matching not allowed: matching labels must be unique on one side
    "#]];
    check(twice, "l + on () r", 0.0, message);
    check(twice, "nothing + on () r", 0.0, &expect![[""]]);
}

#[test]
fn filled_up() {
    check(
        SIDES,
        r#"l{x="a"} + on (g) fill (0) r"#,
        0.0,
        &expect![[r#"
        {g="1"} 101
        {g="2"} 3
        {g="3"} 300
    "#]],
    );
}

#[test]
fn sets() {
    check(
        SIDES,
        "l and on (g) r",
        0.0,
        &expect![[r#"
        {__name__="l", g="1", x="a"} 1
        {__name__="l", g="1", x="b"} 2
    "#]],
    );
    check(
        SIDES,
        "l unless on (g) r",
        0.0,
        &expect![[r#"
        {__name__="l", g="2", x="a"} 3
    "#]],
    );
    check(
        SIDES,
        "r or on (g) l",
        0.0,
        &expect![[r#"
        {__name__="r", g="1", y="p"} 100
        {__name__="r", g="3", y="p"} 300
        {__name__="l", g="2", x="a"} 3
    "#]],
    );
    let gap = "a 1 stale\nb 5 6";
    check_range(gap, "(a + 0) or (b + 0)", 1, &expect![["{} 1@0 6@1\n"]]);
}
