//! Any bytes as a request: the hot decoder takes what prost takes and finds as much in it.

#![no_main]

use hydrograph_proto::remote_write::{DecodeError, Scratch, decode_write_request, messages};
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|data: &[u8]| {
    let mut series = Vec::new();
    let ours = decode_write_request(data, &mut Scratch::default(), |one| {
        let labels: Vec<_> =
            one.labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let samples: Vec<_> = one.samples.iter().map(|&(t, v)| (t, v.to_bits())).collect();
        series.push((labels, samples));
    });
    match (ours, messages::WriteRequest::decode(data)) {
        (Ok(_), Ok(theirs)) => {
            let theirs: Vec<_> = theirs.timeseries.into_iter().map(expected).collect();
            assert_eq!(series, theirs);
        }
        (Ok(counts), Err(error)) => {
            let unseen = counts.exemplars + counts.histograms + counts.metadata;
            assert!(unseen > 0, "prost refuses: {error}");
        }
        (Err(DecodeError::Group | DecodeError::Limit { .. }), _) | (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("prost takes it: {error}"),
    }
});

fn expected(series: messages::TimeSeries) -> (Vec<(String, String)>, Vec<(i64, u64)>) {
    let samples = series.samples.iter().map(|one| (one.timestamp, one.value.to_bits())).collect();
    (series.labels.into_iter().map(|label| (label.name, label.value)).collect(), samples)
}
