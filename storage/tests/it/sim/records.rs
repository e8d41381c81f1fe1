//! Random records: several tenants, late, repeated and out-of-order samples, and nonsense.

use bytes::Bytes;
use hydrograph_proto::write_batch::WriteBatchEncoder;
use hydrograph_storage::samples::STALE_NAN_BITS;
use rand::RngExt;
use rand::rngs::StdRng;

pub(super) const TENANTS: [&str; 3] = ["anonymous", "b", "c"];
const WINDOW_MS: i64 = 2 * 3_600_000;

/// A sample as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) tenant: &'static str,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) t_ms: i64,
    pub(super) value: f64,
}

/// What a record means; `None`: nothing, it is a matter for the dead letters.
pub(super) type Content = Option<Vec<Sent>>;

pub(super) struct Records {
    encoder: WriteBatchEncoder,
    number: u64,
}

impl Records {
    pub(super) fn new() -> Self {
        Self { encoder: WriteBatchEncoder::new().expect("memory"), number: 0 }
    }

    /// The next record at this time.
    pub(super) fn next(&mut self, now_ms: i64, rng: &mut StdRng) -> (Bytes, Content) {
        self.number += 1;
        let mut sent = Vec::new();
        for _ in 0..rng.random_range(1..6) {
            let tenant = TENANTS[rng.random_range(0..TENANTS.len())];
            let name = ["up", "http_requests_total"][rng.random_range(0..2)].to_owned();
            let instance = rng.random_range(0..4).to_string();
            let labels = vec![("__name__", name), ("instance", instance)];
            let mut t_ms = match rng.random_range(0..20) {
                0 => now_ms - rng.random_range(0..40) * WINDOW_MS,
                1 => now_ms + rng.random_range(0..2) * WINDOW_MS,
                2..6 => now_ms - rng.random_range(0..60_000),
                _ => now_ms,
            };
            t_ms -= t_ms.rem_euclid(1_000);
            let samples: Vec<(i64, f64)> = (0..rng.random_range(1..5))
                .map(|nth| (t_ms + nth * rng.random_range(0..2_000), self.value(rng)))
                .collect();
            let pairs: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (*n, &**v)).collect();
            self.encoder.push(tenant, &pairs, &samples).expect("a small series fits");
            sent.extend(samples.into_iter().map(|(t_ms, value)| Sent {
                tenant,
                labels: labels.clone(),
                t_ms,
                value,
            }));
        }
        let mut record = Vec::new();
        self.encoder.finish(now_ms, &mut record).expect("memory");
        if rng.random_bool(0.02) {
            make_meaningless(&mut record);
            return (record.into(), None);
        }
        (record.into(), Some(sent))
    }

    fn value(&self, rng: &mut StdRng) -> f64 {
        match rng.random_range(0..12) {
            0 => f64::from_bits(STALE_NAN_BITS),
            1 => -0.0,
            2 => rng.random_range(0.0..1.0),
            _ => self.number as f64,
        }
    }
}

/// Sets a flag that does not exist, under a checksum that is right.
fn make_meaningless(record: &mut [u8]) {
    record[10] ^= 1;
    let crc = crc32c::crc32c(&record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}
