use super::*;

#[test]
fn equality_is_that_of_bytes() {
    let text: Vec<u8> = (0..70).collect();
    for len in 0..text.len() {
        assert!(equal(&text[..len], &text[..len]));
        assert!(!equal(&text[..len], &text[..=len]));
        for at in 0..len {
            let mut other = text[..len].to_vec();
            other[at] ^= 0x80;
            assert!(!equal(&text[..len], &other), "{at} of {len}");
        }
    }
}

#[test]
fn each_string_has_one_number() {
    let mut symbols = Symbols::default();
    for round in 0..3 {
        for id in 0..1_000 {
            assert_eq!(symbols.intern(&format!("symbol {id}")), id, "round {round}");
        }
    }
    assert!(symbols.is(17, "symbol 17"));
    symbols.clear();
    assert_eq!(symbols.intern("symbol 17"), 0);
}
