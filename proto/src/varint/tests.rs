use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check(mut input: &[u8], expected: Expect) {
    let value = read_u64(&mut input);
    expected.assert_eq(&format!("{value:?}, {} left", value.map_or(0, |_| input.len())));
}

#[test]
fn reads_what_protobuf_reads() {
    check(&[], expect!["None, 0 left"]);
    check(&[0], expect!["Some(0), 0 left"]);
    check(&[0x7f, 9], expect!["Some(127), 1 left"]);
    check(&[0x80], expect!["None, 0 left"]);
    check(&[0x80, 0x01, 9], expect!["Some(128), 1 left"]);
    check(&[0x80, 0x00], expect!["Some(0), 0 left"]);
    check(&[0xff, 0xff, 0x03], expect!["Some(65535), 0 left"]);
    check(&[0xff; 10], expect!["None, 0 left"]);
    let mut most = [0xff; 10];
    most[9] = 1;
    check(&most, expect!["Some(18446744073709551615), 0 left"]);
    most[9] = 2;
    check(&most, expect!["None, 0 left"]);
}

proptest! {
    #[test]
    fn reads_what_prost_writes(value: u64, shift in 0..64, tail: Vec<u8>) {
        let value = value >> shift;
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(value, &mut bytes);
        bytes.extend_from_slice(&tail);
        let mut input = bytes.as_slice();
        prop_assert_eq!(read_u64(&mut input), Some(value));
        prop_assert_eq!(input, tail.as_slice());
        let mut ours = Vec::new();
        write_u64(&mut ours, value);
        prop_assert_eq!(&ours, &bytes[..bytes.len() - tail.len()]);
        prop_assert_eq!(unzigzag(zigzag(value as i64)), value as i64);
    }

    #[test]
    fn agrees_with_prost_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..16)) {
        let ours = read_u64(&mut bytes.as_slice());
        prop_assert_eq!(ours, prost::encoding::decode_varint(&mut bytes.as_slice()).ok());
    }
}
