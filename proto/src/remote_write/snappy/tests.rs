use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check(body: &[u8], limit: usize, expected: Expect) {
    let mut out = Vec::new();
    let text = match snappy_decode(body, limit, &mut out) {
        Ok(message) => format!("{:?}", String::from_utf8_lossy(message)),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&format!("{text}, {} bytes held", out.len()));
}

#[test]
fn lengths_are_not_trusted() {
    let hello = snappy_encode(b"hello hello hello hello").unwrap();
    check(&hello, 23, expect![[r#""hello hello hello hello", 23 bytes held"#]]);
    check(
        &hello,
        22,
        expect!["body of 23 bytes decompressed is over the limit of 22, 0 bytes held"],
    );
    check(&hello[..4], 100, expect!["invalid snappy body, 23 bytes held"]);
    check(&[], 100, expect!["invalid snappy body, 0 bytes held"]);
    check(&[0], 100, expect![[r#""", 0 bytes held"#]]);
    check(
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        usize::MAX,
        expect!["snappy body of 5 bytes declares 4294967295 bytes, 0 bytes held"],
    );
    check(
        &[0xff, 0xff, 0xff, 0x7f, 0, b'a'],
        1 << 30,
        expect!["snappy body of 6 bytes declares 268435455 bytes, 0 bytes held"],
    );
    check(&[0xff; 12], 100, expect!["invalid snappy body, 0 bytes held"]);
    let mut short = hello.clone();
    short[0] = 20;
    check(&short, 100, expect!["invalid snappy body, 20 bytes held"]);
    short[0] = 40;
    check(&short, 100, expect!["invalid snappy body, 40 bytes held"]);
}

#[test]
fn the_buffer_is_kept() {
    let mut out = Vec::new();
    let (long, short) = (vec![7; 1 << 20], vec![9; 10]);
    assert_eq!(snappy_decode(&snappy_encode(&long).unwrap(), 1 << 20, &mut out).unwrap(), long);
    assert_eq!(snappy_decode(&snappy_encode(&short).unwrap(), 1 << 20, &mut out).unwrap(), short);
    assert_eq!(out.len(), 1 << 20);
}

proptest! {
    #[test]
    fn any_bytes_are_decided(body: Vec<u8>, limit in 0_usize..4096) {
        let mut out = Vec::new();
        let decoded = snappy_decode(&body, limit, &mut out).map(<[u8]>::to_vec);
        prop_assert!(out.len() <= limit);
        if let Ok(message) = decoded {
            prop_assert_eq!(snap::raw::Decoder::new().decompress_vec(&body).unwrap(), message);
        }
    }
}
