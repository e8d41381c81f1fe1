use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::encode::{seal, write_record};
use super::*;
use crate::varint::write_u64;

/// A row as the naive model keeps it; values by their bits.
type Row = (String, Vec<(String, String)>, Vec<(i64, u64)>);

fn push(encoder: &mut WriteBatchEncoder, (tenant, labels, samples): &Row) -> Result<(), PushError> {
    let labels: Vec<_> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let samples: Vec<_> = samples.iter().map(|&(t, bits)| (t, f64::from_bits(bits))).collect();
    assert!(!encoder.would_overflow(tenant, &labels, samples.len()), "only small batches here");
    encoder.push(tenant, &labels, &samples)
}

fn encode(rows: &[Row]) -> Vec<u8> {
    let mut encoder = WriteBatchEncoder::new().unwrap();
    let mut record = Vec::new();
    for row in rows {
        push(&mut encoder, row).unwrap();
    }
    encoder.finish(1_700_000_000_000, &mut record).unwrap();
    record
}

fn rows_of(batch: WriteBatch<'_>) -> Vec<Row> {
    let string = |symbol| batch.symbol(symbol).to_owned();
    let rows = batch.sections().flat_map(|section| {
        section.rows().map(move |row| (section.tenant(), row)).collect::<Vec<_>>()
    });
    rows.map(|(tenant, row)| {
        assert_eq!(row.timestamps.len(), row.values.len());
        let samples = row.timestamps.iter().zip(row.values);
        (
            string(tenant),
            row.labels.iter().map(|&(name, value)| (string(name), string(value))).collect(),
            samples.map(|(&time, value)| (time, value.to_bits())).collect(),
        )
    })
    .collect()
}

fn decode(record: &[u8]) -> Result<Vec<Row>, BatchError> {
    WriteBatchDecoder::new().unwrap().decode(record).map(rows_of)
}

/// The order in which rows come out: tenants by first appearance, rows as pushed.
fn by_tenant(rows: &[Row]) -> Vec<Row> {
    let mut tenants: Vec<&str> = Vec::new();
    for (tenant, ..) in rows {
        if !tenants.contains(&tenant.as_str()) {
            tenants.push(tenant);
        }
    }
    let of = |tenant| rows.iter().filter(move |row| row.0 == tenant).cloned();
    tenants.into_iter().flat_map(of).collect()
}

fn row(tenant: &str, labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Row {
    (
        tenant.to_owned(),
        labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        samples.iter().map(|&(time, value)| (time, value.to_bits())).collect(),
    )
}

fn small_batch() -> Vec<Row> {
    vec![
        row("anonymous", &[("__name__", "up"), ("job", "node")], &[(1_700_000_000_000, 1.0)]),
        row("other", &[("__name__", "up")], &[(1_700_000_000_001, f64::INFINITY)]),
        row(
            "anonymous",
            &[("__name__", "load"), ("job", "node")],
            &[(1_700_000_000_000, 0.5), (1_700_000_015_000, 0.25), (1_700_000_030_000, 0.75)],
        ),
        row("anonymous", &[("__name__", "up"), ("job", "node")], &[(1_700_000_000_000, 0.0)]),
    ]
}

/// Lines of 24 bytes, with what is text in them.
fn hex(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let graphic = |&byte: &u8| if byte.is_ascii_graphic() { char::from(byte) } else { '.' };
        format!("{digits:48} \"{}\"", bytes.iter().map(graphic).collect::<String>())
    };
    bytes.chunks(24).map(line).collect::<Vec<_>>().join("\n")
}

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check_bytes(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&hex(bytes));
}

/// What is written today; a change here is a change of the format.
#[test]
fn golden_bytes() {
    let record = encode(&small_batch());
    check_bytes(
        &record,
        expect![[r#"
            48475742909b1f8e010000000068e5cf8b0100008d000000 "HGWB.........h.........."
            28b52ffd208dbd030064060709080302040504616e6f6e79 "(./......d.........anony"
            6d6f75735f5f6e616d655f5f6a6f6275706e6f64656f7468 "mous__name__jobupnodeoth"
            65726c6f6164014700010305020102000000050108000500 "erload.G................"
            01030180a0abfef96200b0ea0100f03f00e0d0e800000117 "........b......?........"
            050101010101000501820000000000f07f060042180af281 "...................B...."
            cc565280368b0bcc                                 ".VR.6...""#]],
    );
    check_bytes(
        &content(&record),
        expect![[r#"
            0709080302040504616e6f6e796d6f75735f5f6e616d655f "........anonymous__name_"
            5f6a6f6275706e6f64656f746865726c6f61640147000103 "_jobupnodeotherload.G..."
            0502010200000005010800050001030180a0abfef96200b0 ".....................b.."
            ea010000000000000000f03f000000000000e03f00000000 "...........?.......?...."
            0000d03f000000000000e83f000000000000000001170501 "...?.......?............"
            0101010100050182a0abfef962000000000000f07f       "............b........""#]],
    );
    assert_eq!(decode(&record), Ok(by_tenant(&small_batch())));
}

/// A record's content, decompressed.
fn content(record: &[u8]) -> Vec<u8> {
    zstd::bulk::decompress(&record[layout::HEADER_BYTES..], MAX_RAW_BYTES).unwrap()
}

/// A sound record around any content.
fn record_of(raw: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    let frame = zstd::bulk::compress(raw, 1).unwrap();
    write_record(1_700_000_000_000, raw.len() as u32, &frame, &mut record);
    record
}

#[test]
fn a_view_knows_symbols_hashes_and_fingerprints() {
    let record = encode(&small_batch());
    let mut decoder = WriteBatchDecoder::new().unwrap();
    let batch = decoder.decode(&record).unwrap();
    assert_eq!((batch.receive_time_ms(), batch.samples()), (1_700_000_000_000, 6));
    assert_eq!(batch.symbols().len(), batch.symbol_count());
    for (id, symbol) in batch.symbols().enumerate() {
        assert_eq!(batch.symbol(id as u32), symbol);
        assert_eq!(batch.symbol_hash(id as u32), crate::fingerprint::symbol_hash(symbol));
    }
    let up = [("__name__", "up"), ("job", "node")];
    let hash = crate::fingerprint::symbol_hash;
    let expected = crate::fingerprint::fingerprint(
        hash("anonymous"),
        up.map(|(name, value)| (hash(name), hash(value))),
    );
    let section = batch.sections().next().unwrap();
    let fingerprints: Vec<_> =
        section.rows().map(|row| batch.fingerprint(section.tenant(), row.labels)).collect();
    assert_eq!([fingerprints[0], fingerprints[2]], [expected; 2]);
    assert_ne!(fingerprints[1], expected);
}

fn any_row() -> impl Strategy<Value = Row> {
    let labels = prop::collection::btree_map("[a-e]{1,2}", "[a-c]|[é-í]{1,3}", 1..4);
    let time = prop_oneof![any::<i64>(), (0..100_i64).prop_map(|n| 1_700_000_000_000 + 15_000 * n)];
    let samples = prop::collection::vec((time, any::<u64>()), 1..5);
    ("[st]", labels, samples)
        .prop_map(|(tenant, labels, samples)| (tenant, labels.into_iter().collect(), samples))
}

fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(any_row(), 0..20)
}

proptest! {
    #[test]
    fn rows_come_out_as_they_went_in(batches in prop::collection::vec(any_rows(), 1..4)) {
        let mut encoder = WriteBatchEncoder::new().unwrap();
        let mut decoder = WriteBatchDecoder::new().unwrap();
        let mut record = Vec::new();
        for rows in batches {
            for row in &rows {
 push(&mut encoder, row).unwrap();
}
            prop_assert_eq!(encoder.is_empty(), rows.is_empty());
            prop_assert_eq!(encoder.samples(), rows.iter().map(|row| row.2.len() as u64).sum::<u64>());
            encoder.finish(7, &mut record).unwrap();
            prop_assert_eq!(decoder.decode(&record).map(rows_of), Ok(by_tenant(&rows)));
            prop_assert_eq!(&record[12..], &{ let mut same = encode(&rows);
                same[12..20].copy_from_slice(&7_i64.to_le_bytes()); same }[12..]);
        }
    }

    #[test]
    fn content_damaged_before_it_was_sealed_is_decided(
        rows in any_rows(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let mut raw = content(&encode(&rows));
        for (at, byte) in edits {
            let at = at.index(raw.len());
            raw[at] = byte;
        }
        for raw in [&raw[..], &raw[..end.index(raw.len())]] {
            check_decided(&record_of(raw));
        }
    }

    #[test]
    fn any_content_is_decided(raw: Vec<u8>) {
        check_decided(&record_of(&raw));
    }

    #[test]
    fn frames_damaged_before_they_were_sealed_are_decided(
        rows in any_rows(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut record = encode(&rows);
        for (at, byte) in edits {
            let at = layout::CHECKED_AT + at.index(record.len() - layout::CHECKED_AT);
            record[at] = byte;
        }
        seal(&mut record);
        check_decided(&record);
    }
}

/// Either an error, or rows that keep every promise.
fn check_decided(record: &[u8]) {
    let Ok(rows) = decode(record) else { return };
    for (tenant, labels, samples) in rows {
        assert!(!tenant.is_empty() && !labels.is_empty() && !samples.is_empty());
        assert!(labels.is_sorted_by(|(before, _), (name, _)| before < name));
        assert!(labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    }
}

#[test]
fn every_flipped_bit_is_damage() {
    let record = encode(&small_batch());
    for bit in 0..record.len() * 8 {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(decode(&flipped), Err(BatchError::Checksum { .. })), "bit {bit}");
    }
}

#[test]
fn every_prefix_is_refused() {
    let record = encode(&small_batch());
    for end in 0..record.len() {
        assert!(matches!(decode(&record[..end]), Err(BatchError::Checksum { .. })), "{end}");
        if end > layout::HEADER_BYTES {
            let mut sealed = record[..end].to_vec();
            seal(&mut sealed);
            assert!(matches!(decode(&sealed), Err(BatchError::Meaningless { .. })), "{end}");
        }
    }
    let raw = content(&record);
    for end in 0..raw.len() {
        // A batch may end behind any section, and then it has fewer of them.
        let rows = decode(&record_of(&raw[..end])).map_or(0, |rows| rows.len());
        assert!(rows < small_batch().len(), "{end}");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check_error(record: &[u8], expected: Expect) {
    expected.assert_eq(&decode(record).unwrap_err().to_string());
}

fn sealed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut record = encode(&small_batch());
    change(&mut record);
    seal(&mut record);
    record
}

#[test]
fn faults_are_told_apart() {
    check_error(&[], expect!["damaged record: shorter than its header"]);
    check_error(&sealed(|record| record[0] = b'X'), expect!["damaged record: not a write batch"]);
    check_error(
        &sealed(|record| record[8] = 2),
        expect!["record of format version 2, newer than this binary reads"],
    );
    check_error(&sealed(|record| record[8] = 0), expect!["meaningless record: version or flags"]);
    check_error(&sealed(|record| record[10] = 1), expect!["meaningless record: version or flags"]);
    check_error(&sealed(|record| record[20] -= 1), expect!["meaningless record: zstd frame"]);
    check_error(&sealed(|record| record[20] += 1), expect!["meaningless record: zstd frame"]);
    check_error(&sealed(|record| record[23] = 0xff), expect!["meaningless record: too long"]);
    check_error(
        &sealed(|record| record.push(0)),
        expect!["meaningless record: not one zstd frame"],
    );
    check_error(
        &sealed(|record| record.extend_from_within(24..)),
        expect!["meaningless record: not one zstd frame"],
    );
    check_error(
        &sealed(|record| record.resize(MAX_BATCH_BYTES + 1, 0)),
        expect!["meaningless record: too long"],
    );
}

/// Content of two symbols, `t` and `n`, and one section of `kind`.
fn with_section(kind: u8, body: &[u64], values: &[u8]) -> Vec<u8> {
    let mut raw = vec![2, 1, 1, b't', b'n', kind];
    let mut section = Vec::new();
    for &number in body {
        write_u64(&mut section, number);
    }
    section.extend_from_slice(values);
    write_u64(&mut raw, section.len() as u64);
    raw.extend_from_slice(&section);
    record_of(&raw)
}

#[test]
fn content_is_checked() {
    // tenant, shapes, series, samples | shape lengths | names | shapes | values | counts | times
    let sound = [0, 1, 1, 1, 1, 1, 0, 2, 1, 0];
    let eight = [0; 8];
    assert_eq!(
        decode(&with_section(1, &sound, &eight)),
        Ok(vec![row("t", &[("n", "t")], &[(0, 0.0)])])
    );
    let check = |at: usize, number: u64, expected: Expect| {
        let mut body = sound;
        body[at] = number;
        check_error(&with_section(1, &body, &eight), expected);
    };
    check_error(&with_section(2, &sound, &eight), expect!["meaningless record: section kind"]);
    check(0, 2, expect!["meaningless record: tenant"]);
    check(1, 0, expect!["meaningless record: shape of a series"]);
    check(1, u64::MAX, expect!["meaningless record: shape count"]);
    check(2, 2, expect!["meaningless record: series count"]);
    check(3, 2, expect!["meaningless record: sample count"]);
    check(4, 0, expect!["meaningless record: shape"]);
    check(4, 1 << 31, expect!["meaningless record: shape"]);
    check(5, 2, expect!["meaningless record: label name"]);
    check(6, 1, expect!["meaningless record: shape of a series"]);
    check(7, 0, expect!["meaningless record: label value"]);
    check(7, 4, expect!["meaningless record: label value"]);
    check(7, u64::MAX, expect!["meaningless record: label value"]);
    check(8, 0, expect!["meaningless record: samples of a series"]);
    check(8, 2, expect!["meaningless record: samples of a series"]);
    check_error(&with_section(1, &sound, &[0; 9]), expect!["meaningless record: values"]);
    check_error(&with_section(1, &sound, &[0; 7]), expect!["meaningless record: values"]);
    let equal_names = [0, 1, 1, 1, 2, 1, 1, 0, 2, 2, 1, 0];
    check_error(
        &with_section(1, &equal_names, &eight),
        expect!["meaningless record: order of label names"],
    );
    let names_descend = [0, 1, 1, 1, 2, 0, 1, 0, 2, 2, 1, 0];
    check_error(
        &with_section(1, &names_descend, &eight),
        expect!["meaningless record: order of label names"],
    );
    check_error(&record_of(&[1, 0]), expect!["meaningless record: symbol count"]);
    check_error(&record_of(&[1, 1, 0xff]), expect!["meaningless record: symbol text"]);
    check_error(&record_of(&[2, 1, 1, 0xc3, 0xa9]), expect!["meaningless record: symbol text"]);
    check_error(
        &record_of(&[0xff, 0xff, 0xff, 0xff, 0x0f]),
        expect!["meaningless record: symbol count"],
    );
    check_error(&record_of(&[]), expect!["meaningless record: symbol count"]);
}

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check_push(labels: &[(&str, &str)], samples: &[(i64, f64)], expected: Expect) {
    let mut encoder = WriteBatchEncoder::new().unwrap();
    push(&mut encoder, &row("t", &[("a", "b")], &[(1, 2.0)])).unwrap();
    let error = encoder.push("u", labels, samples).unwrap_err();
    expected.assert_eq(&error.to_string());
    let mut record = Vec::new();
    encoder.finish(0, &mut record).unwrap();
    assert_eq!(decode(&record), Ok(vec![row("t", &[("a", "b")], &[(1, 2.0)])]));
}

#[test]
fn what_is_no_series_is_not_taken() {
    let one = [(1, 2.0)];
    check_push(&[], &one, expect!["invalid series: no labels"]);
    check_push(&[("a", "b")], &[], expect!["invalid series: no samples"]);
    check_push(&[("", "b")], &one, expect!["invalid series: label without a name"]);
    check_push(&[("a", "")], &one, expect!["invalid series: label without a value"]);
    check_push(
        &[("b", "x"), ("a", "x")],
        &one,
        expect!["invalid series: label names not in ascending order"],
    );
    check_push(
        &[("a", "x"), ("a", "x")],
        &one,
        expect!["invalid series: label names not in ascending order"],
    );
    check_push(
        &[("a", &"x".repeat(900_000))],
        &one,
        expect!["series of up to 900104 bytes is too large for a write batch"],
    );
    check_push(
        &[("a", "b")],
        &vec![(1, 2.0); 60_000],
        expect!["series of up to 1080087 bytes is too large for a write batch"],
    );
}

/// Noise, as long as it fits: neither text nor times nor values compress.
#[test]
fn a_full_batch_fits_a_record() {
    let mut seed = 1_u64;
    let mut noise = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed ^ seed >> 29
    };
    for (text, samples) in [(8, 1), (60_000, 1), (8, 16_384), (2_000, 40), (1, 1)] {
        let mut encoder = WriteBatchEncoder::new().unwrap();
        let mut record = Vec::new();
        let mut pushed = 0;
        loop {
            let value: String =
                (0..text).map(|_| char::from(33 + (noise() >> 40) as u8 % 94)).collect();
            let rows: Vec<_> =
                (0..samples).map(|_| (noise() as i64, f64::from_bits(noise()))).collect();
            let (tenant, labels) = (format!("{}", noise() % 99), [("n", value.as_str())]);
            let full = encoder.would_overflow(&tenant, &labels, samples);
            let taken = encoder.push(&tenant, &labels, &rows);
            assert_eq!(taken, if full { Err(PushError::Full) } else { Ok(()) });
            if full {
                break;
            }
            pushed += samples as u64;
            assert_eq!(encoder.samples(), pushed);
        }
        encoder.finish(0, &mut record).unwrap();
        assert!(record.len() <= MAX_BATCH_BYTES);
        assert!(pushed > 0 && encoder.is_empty());
        assert_eq!(
            WriteBatchDecoder::new().unwrap().decode(&record).unwrap().samples() as u64,
            pushed
        );
    }
}

#[test]
fn any_ordinary_series_fits_an_empty_batch() {
    let encoder = WriteBatchEncoder::new().unwrap();
    let name = "n".repeat(16);
    let labels = vec![(name.as_str(), ""); 4_096];
    assert!(!encoder.would_overflow("tenant", &labels, 16_384));
    assert!(encoder.would_overflow("tenant", &labels, usize::MAX));
}

#[test]
fn the_estimate_learns_from_the_last_batch() {
    let mut encoder = WriteBatchEncoder::new().unwrap();
    let mut record = Vec::new();
    for round in 0..2 {
        for number in 0..500 {
            let labels = [("__name__", "requests_total"), ("code", &number.to_string())];
            encoder.push("anonymous", &labels, &[(1_700_000_000_000, 1.0)]).unwrap();
        }
        let estimate = encoder.estimated_bytes();
        encoder.finish(0, &mut record).unwrap();
        let wrong_by = estimate.abs_diff(record.len());
        assert!(round == 0 || wrong_by * 20 < record.len(), "{estimate} {}", record.len());
    }
}
