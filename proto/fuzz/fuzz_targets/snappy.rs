//! Any bytes as a body: decided, and never more room than the limit.

#![no_main]

use hydrograph_proto::remote_write::snappy_decode;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let mut out = Vec::new();
    let decoded = snappy_decode(data, LIMIT, &mut out).map(<[u8]>::len);
    assert!(out.len() <= LIMIT && decoded.unwrap_or(0) <= LIMIT);
});
