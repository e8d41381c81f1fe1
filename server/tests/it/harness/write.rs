//! Remote write requests, encoded by the oracle messages.

use hydrograph_proto::remote_write::messages::{Label, Sample, TimeSeries, WriteRequest};
use prost::Message as _;

pub(crate) const HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/x-protobuf"),
    ("content-encoding", "snappy"),
    ("x-prometheus-remote-write-version", "0.1.0"),
];

/// One series of a request.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) samples: Vec<(i64, f64)>,
}

/// A series of the name and labels, in the given order.
pub(crate) fn series(name: &str, labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let name = ("__name__", name);
    Series {
        labels: std::iter::once(&name)
            .chain(labels)
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        samples: samples.to_vec(),
    }
}

/// The message before compression.
pub(crate) fn message(series: &[Series]) -> Vec<u8> {
    let timeseries = series.iter().map(|one| TimeSeries {
        labels: one
            .labels
            .iter()
            .map(|(name, value)| Label { name: name.clone(), value: value.clone() })
            .collect(),
        samples: one
            .samples
            .iter()
            .map(|&(timestamp, value)| Sample { value, timestamp })
            .collect(),
        ..TimeSeries::default()
    });
    WriteRequest { timeseries: timeseries.collect(), ..WriteRequest::default() }.encode_to_vec()
}

/// Snappy's block format.
pub(crate) fn compress(message: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(message).expect("messages of tests are small")
}

/// The body of a request.
pub(crate) fn encode(series: &[Series]) -> Vec<u8> {
    compress(&message(series))
}
