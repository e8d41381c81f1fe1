use expect_test::{Expect, expect};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::remote_write::messages;

/// What the hot decoder makes of a request, as the messages that prost would make.
fn decode(request: &[u8]) -> Result<(messages::WriteRequest, RequestCounts), DecodeError> {
    let mut series = Vec::new();
    let counts = decode_write_request(request, &mut Scratch::default(), |one| {
        series.push(owned(one));
    })?;
    Ok((messages::WriteRequest { timeseries: series, metadata: Vec::new() }, counts))
}

fn owned(series: TimeSeries<'_, '_>) -> messages::TimeSeries {
    let label = |&(name, value): &(&str, &str)| messages::Label {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    messages::TimeSeries {
        labels: series.labels.iter().map(label).collect(),
        samples: (series.samples.iter())
            .map(|&(timestamp, value)| messages::Sample { value, timestamp })
            .collect(),
        exemplars: series.exemplars.iter().filter_map(|raw| Message::decode(*raw).ok()).collect(),
        histograms: series.histograms.iter().filter_map(|raw| Message::decode(*raw).ok()).collect(),
    }
}

/// The hot decoder takes what prost takes and finds the same in it; it may take more only where
/// it does not look (exemplars, histograms, metadata) and less only for groups and limits.
fn check_against_prost(request: &[u8]) {
    match (decode(request), messages::WriteRequest::decode(request)) {
        (Ok((ours, counts)), Ok(mut theirs)) => {
            assert_eq!(counts.metadata, theirs.metadata.len() as u64);
            theirs.metadata.clear();
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
            let samples: usize = theirs.timeseries.iter().map(|one| one.samples.len()).sum();
            assert_eq!(counts.samples, samples as u64);
            assert_eq!(counts.series, theirs.timeseries.len() as u64);
        }
        (Ok((_, counts)), Err(error)) => {
            let unseen = counts.exemplars + counts.histograms + counts.metadata;
            assert!(unseen > 0, "prost refuses: {error}");
        }
        (Err(DecodeError::Group | DecodeError::Limit { .. }), _) | (Err(_), Err(_)) => {}
        (Err(error), Ok(theirs)) => panic!("refused ({error}): {theirs:?}"),
    }
}

fn label() -> impl Strategy<Value = messages::Label> {
    let name = prop_oneof!["[a-z_]{0,12}", "[a-zé世]{1,8}", "[a-z]{100,300}"];
    let value = prop_oneof!["[ -~]{0,20}", ".{0,8}", ".{120,140}"];
    (name, value).prop_map(|(name, value)| messages::Label { name, value })
}

fn series() -> impl Strategy<Value = messages::TimeSeries> {
    let sample = (any::<u64>(), any::<i64>())
        .prop_map(|(bits, timestamp)| messages::Sample { value: f64::from_bits(bits), timestamp });
    let exemplar = (prop::collection::vec(label(), 0..3), any::<f64>(), any::<i64>())
        .prop_map(|(labels, value, timestamp)| messages::Exemplar { labels, value, timestamp });
    let histogram = (any::<u64>(), any::<f64>(), prop::collection::vec(any::<i64>(), 0..4))
        .prop_map(|(count, sum, positive_deltas)| messages::Histogram {
            count: Some(messages::HistogramCount::Int(count)),
            sum,
            positive_deltas,
            ..messages::Histogram::default()
        });
    let vec = prop::collection::vec::<BoxedStrategy<_>>;
    (
        prop::collection::vec(label(), 0..6),
        prop::collection::vec(sample, 0..6),
        vec(exemplar.boxed(), 0..2),
        prop::collection::vec(histogram, 0..2),
    )
        .prop_map(|(labels, samples, exemplars, histograms)| messages::TimeSeries {
            labels,
            samples,
            exemplars,
            histograms,
        })
}

fn request() -> impl Strategy<Value = messages::WriteRequest> {
    let metadata = ".{0,10}"
        .prop_map(|help| messages::MetricMetadata { help, ..messages::MetricMetadata::default() });
    (prop::collection::vec(series(), 0..5), prop::collection::vec(metadata, 0..2))
        .prop_map(|(timeseries, metadata)| messages::WriteRequest { timeseries, metadata })
}

proptest! {
    #[test]
    fn finds_what_was_encoded(request in request()) {
        let bytes = request.encode_to_vec();
        prop_assert!(decode(&bytes).is_ok());
        check_against_prost(&bytes);
    }

    /// Damage anywhere: other values, other lengths, other tags, an early end.
    #[test]
    fn agrees_with_prost_about_mutants(
        request in request(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = request.encode_to_vec();
        if !bytes.is_empty() {
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            check_against_prost(&bytes);
            check_against_prost(&bytes[..end.index(bytes.len())]);
        }
    }

    #[test]
    fn agrees_with_prost_about_any_bytes(bytes: Vec<u8>) {
        check_against_prost(&bytes);
        let mut request = vec![0x0a, bytes.len().min(127) as u8];
        request.extend_from_slice(&bytes[..bytes.len().min(127)]);
        check_against_prost(&request);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check(request: &[u8], expected: Expect) {
    check_against_prost(request);
    let mut lines = Vec::new();
    let counts = decode_write_request(request, &mut Scratch::default(), |one| {
        lines.push(format!("{:?} {:?}", one.labels, one.samples));
    });
    lines.push(match counts {
        Ok(RequestCounts { series, samples, exemplars, histograms, metadata }) => {
            format!("{series} {samples} {exemplars} {histograms} {metadata}")
        }
        Err(error) => error.to_string(),
    });
    expected.assert_eq(&lines.join("\n"));
}

/// `message` behind the key of a length-delimited `field`.
fn nested(field: u8, message: &[u8]) -> Vec<u8> {
    [&[field << 3 | 2, message.len() as u8], message].concat()
}

#[test]
fn fields_come_in_any_order_and_the_last_wins() {
    let sample = [&[0x10, 5, 0x09][..], &1.5_f64.to_le_bytes(), &[0x10, 7]].concat();
    let label = [nested(2, b"v"), nested(1, b"x"), nested(9, b"?"), nested(1, b"n")].concat();
    let series = [nested(2, &sample), nested(1, &label), nested(2, &[]), nested(1, &[])].concat();
    let unknown = [0x28, 0xff, 0x01, 0x35, 1, 2, 3, 4, 0x39, 1, 2, 3, 4, 5, 6, 7, 8];
    let request = [nested(3, &[]), unknown.to_vec(), nested(1, &series), unknown.to_vec()].concat();
    check(
        &request,
        expect![[r#"
        [("n", "v"), ("", "")] [(7, 1.5), (0, 0.0)]
        1 2 0 0 1"#]],
    );
}

#[test]
fn text_is_checked_string_by_string_where_the_front_is_not_text() {
    let label =
        |name: &[u8], value: &[u8]| nested(1, &[nested(1, name), nested(2, value)].concat());
    let request = |labels: &[Vec<u8>]| nested(1, &labels.concat());
    check(
        &request(&[label(b"a", "é".as_bytes())]),
        expect![[r#"
        [("a", "é")] []
        1 0 0 0 0"#]],
    );
    check(&request(&[label(b"a", b"\xc3")]), expect!["label is not valid UTF-8"]);
    check(&request(&[label(b"a", b"b"), label(b"\xa9", b"")]), expect!["label is not valid UTF-8"]);
    // Text as a whole, but the value ends within a character that the next key completes.
    let cut = [&[0x0a, 1, b'a', 0x12, 1, 0xc3][..], &[0xa9, 0x01], &[0; 8]].concat();
    assert!(std::str::from_utf8(&cut).is_ok());
    check(&nested(1, &nested(1, &cut)), expect!["label is not valid UTF-8"]);
}

#[test]
fn malformed_requests_are_refused() {
    check(&[], expect!["0 0 0 0 0"]);
    check(&[0x0a], expect!["truncated or overlong field"]);
    check(&[0x0a, 5], expect!["truncated or overlong field"]);
    check(&[0x08, 5], expect!["wrong wire type for field 1 of WriteRequest"]);
    check(&[0x00, 5], expect!["invalid field key 0x0"]);
    check(&[0x0e, 5], expect!["invalid field key 0xe"]);
    check(&[0x2b, 0x2c], expect!["groups are not supported"]);
    check(&[0x0a, 2, 0x08, 1], expect!["wrong wire type for field 1 of TimeSeries"]);
    check(&[0x0a, 4, 0x0a, 2, 0x08, 1], expect!["wrong wire type for field 1 of Label"]);
    check(&[0x0a, 4, 0x12, 2, 0x08, 1], expect!["wrong wire type for field 1 of Sample"]);
    check(
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        expect!["truncated or overlong field"],
    );
}

#[test]
fn one_series_has_a_bounded_number_of_parts() {
    let labels: Vec<u8> = [0x0a, 0].repeat(PARTS_MAX + 1);
    let mut request = vec![0x0a];
    prost::encoding::encode_varint(labels.len() as u64, &mut request);
    request.extend_from_slice(&labels);
    check(&request, expect!["more than 65536 labels in one series"]);
}

#[test]
fn the_scratch_keeps_its_room() {
    let request = messages::WriteRequest {
        timeseries: vec![messages::TimeSeries {
            labels: vec![messages::Label::default(); 100],
            ..messages::TimeSeries::default()
        }],
        metadata: Vec::new(),
    };
    let mut scratch = Scratch::default();
    decode_write_request(&request.encode_to_vec(), &mut scratch, |_| {}).unwrap();
    let room = scratch.labels.as_ptr();
    assert!(scratch.labels.capacity() >= 100);
    decode_write_request(&request.encode_to_vec(), &mut scratch, |_| {}).unwrap();
    assert_eq!(scratch.labels.as_ptr(), room);
}
