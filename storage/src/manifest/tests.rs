use proptest::prelude::*;

use super::*;
use crate::block::TenantSpan;
use crate::names::BlockName;

fn blocks(partition: u32) -> impl Strategy<Value = Vec<BlockEntry>> {
    let span = ("[a-zé]{0,3}", any::<(i64, i64, u64, u64)>()).prop_map(
        |(tenant, (min_time_ms, max_time_ms, samples, series))| TenantSpan {
            tenant,
            min_time_ms,
            max_time_ms,
            samples,
            series,
        },
    );
    let block = (any::<(u8, u64, u64, u64, u64)>(), prop::collection::vec(span, 0..3)).prop_map(
        move |((level, epoch, offset, nonce, count), tenants)| {
            let (epoch, offsets) = (Epoch(epoch), Offset(offset / 2)..Offset(offset));
            let partition = PartitionId(partition);
            BlockEntry {
                name: BlockName { partition, epoch, offsets: offsets.clone(), level, nonce }
                    .to_name(),
                bytes: count,
                level,
                epoch,
                offsets,
                min_time_ms: -(nonce as i64 / 2),
                max_time_ms: nonce as i64 / 2,
                rows: count / 2,
                samples: count / 3,
                series: count / 4,
                tenants,
            }
        },
    );
    prop::collection::vec(block, 0..4)
}

fn manifests() -> impl Strategy<Value = Manifest> {
    any::<(u64, u128, u32, u64, u64)>().prop_flat_map(
        |(number, nonce, partition, epoch, offset)| {
            let skipped = prop::collection::vec((0..u64::MAX - 9, 1u64..9), 0..4);
            let windows = prop::collection::btree_map(any::<i64>(), any::<u64>(), 0..4);
            let dropped = prop::collection::btree_set("[a-z/]{0,4}", 0..4);
            (blocks(partition), any::<Option<i64>>(), skipped, windows, dropped).prop_map(
                move |(blocks, newest_receive_ms, skipped, windows, dropped)| Manifest {
                    number,
                    nonce: Nonce(nonce),
                    partition: PartitionId(partition),
                    epoch: Epoch(epoch),
                    offset: Offset(offset),
                    blocks,
                    dropped,
                    newest_receive_ms,
                    skipped: skipped
                        .into_iter()
                        .map(|(start, len)| SkippedRange {
                            start: Offset(start),
                            end: Offset(start + len),
                        })
                        .collect(),
                    window_versions: windows.into_iter().map(|(w, v)| (w, Offset(v))).collect(),
                },
            )
        },
    )
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
