//! Any bytes as a record, as the sealed content of one, and as its sealed frame: the decoder
//! answers with an error or with rows that keep every promise.

#![no_main]

use hydrograph_proto::write_batch::{PushError, WriteBatchDecoder, WriteBatchEncoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut decoder = WriteBatchDecoder::new().expect("memory");
    check(&mut decoder, data);
    check(&mut decoder, &sealed(data.len(), &zstd::bulk::compress(data, 1).expect("memory")));
    if let Some((raw_len, frame)) = data.split_first_chunk() {
        check(&mut decoder, &sealed(u16::from_le_bytes(*raw_len).into(), frame));
    }
});

fn sealed(raw_len: usize, frame: &[u8]) -> Vec<u8> {
    let mut record = b"HGWB\0\0\0\0\x01\0\0\0".to_vec();
    record.extend_from_slice(&[0; 8]);
    record.extend_from_slice(&(raw_len as u32).to_le_bytes());
    record.extend_from_slice(frame);
    let crc = crc32c::crc32c(&record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    record
}

/// What was read can be gathered again, and is then the same.
fn check(decoder: &mut WriteBatchDecoder, record: &[u8]) {
    let Ok(batch) = decoder.decode(record) else { return };
    let mut encoder = WriteBatchEncoder::new().expect("memory");
    let mut rows = 0;
    for section in batch.sections() {
        for row in section.rows() {
            let string = |symbol| batch.symbol(symbol).to_owned();
            let labels: Vec<_> = row.labels.iter().map(|&(n, v)| (string(n), string(v))).collect();
            let samples: Vec<_> =
                row.timestamps.iter().copied().zip(row.values.iter().copied()).collect();
            let borrowed: Vec<_> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            match encoder.push(batch.symbol(section.tenant()), &borrowed, &samples) {
                Err(PushError::Full | PushError::TooLarge { .. }) => return,
                taken => taken.expect("a valid row"),
            }
            rows += 1;
        }
    }
    let samples = batch.samples();
    let mut again = Vec::new();
    encoder.finish(batch.receive_time_ms(), &mut again).expect("memory");
    let batch = decoder.decode(&again).expect("what was written is read");
    assert_eq!(batch.samples(), samples);
    assert_eq!(batch.sections().map(|section| section.rows().len()).sum::<usize>(), rows);
}
