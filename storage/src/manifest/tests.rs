use proptest::prelude::*;

use super::*;

fn manifests() -> impl Strategy<Value = Manifest> {
    (
        any::<(u64, u128, u32, u64, u64)>(),
        any::<Option<i64>>(),
        prop::collection::vec((0..u64::MAX, 1u64..9), 0..4),
        prop::collection::btree_map(any::<i64>(), any::<u64>(), 0..4),
    )
        .prop_map(|((number, nonce, partition, epoch, offset), newest, skipped, windows)| {
            Manifest {
                number,
                nonce: Nonce(nonce),
                partition: PartitionId(partition),
                epoch: Epoch(epoch),
                offset: Offset(offset),
                newest_receive_ms: newest,
                skipped: skipped
                    .into_iter()
                    .map(|(start, len)| SkippedRange {
                        start: Offset(start),
                        end: Offset(start.saturating_add(len)),
                    })
                    .collect(),
                window_versions: windows.into_iter().map(|(w, v)| (w, Offset(v))).collect(),
            }
        })
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(manifest in manifests(), cut in any::<prop::sample::Index>()) {
        let bytes = encode(&manifest);
        prop_assert_eq!(decode(&bytes), Ok(manifest));
        prop_assert!(decode(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn any_bytes_give_a_manifest_or_an_error(
        manifest in manifests(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&manifest);
        bytes.truncate(bytes.len() - 4);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        if let Ok(decoded) = decode(&bytes) {
            prop_assert_eq!(encode(&decoded), bytes);
        }
    }
}
