use proptest::prelude::*;

use super::{Cursor, State};
use crate::samples::STALE_NAN_BITS;

fn write(samples: &[(i64, u64)]) -> (Vec<u8>, u8) {
    let (mut bytes, mut state) = (Vec::new(), State::default());
    for &(t_ms, bits) in samples {
        if let Some(item) = state.push(t_ms, bits) {
            bytes.extend_from_slice(&item.bytes[..item.len]);
        }
    }
    (bytes, state.run)
}

fn read(bytes: &[u8], pending: u8) -> Vec<(i64, u64)> {
    let mut cursor = Cursor::default();
    std::iter::from_fn(|| cursor.next(bytes, pending)).collect()
}

fn check(samples: &[(i64, u64)]) {
    let (bytes, pending) = write(samples);
    assert_eq!(read(&bytes, pending), samples);
}

/// Every magnitude of time and value that the encoding treats in its own way.
const TIMES: [i64; 9] =
    [0, 1, -1, 15_000, 1_767_225_600_000, i32::MAX as i64, i32::MIN as i64 - 1, i64::MAX, i64::MIN];

fn values() -> Vec<u64> {
    let floats = [0.0, -0.0, 1.0, -1.0, 0.1, 255.0, 256.0, 1e15, 1.5e300, f64::MIN_POSITIVE / 4.0];
    let integers = [1_u64 << 40, (1 << 40) - 1, 1 << 53, (1 << 53) - 1, (1 << 53) + 2, 1 << 63];
    let bits = [STALE_NAN_BITS, u64::MAX, f64::NAN.to_bits(), f64::INFINITY.to_bits(), 1 << 56];
    let negatives = integers.iter().map(|&integer| -(integer as f64));
    let integers = integers.iter().map(|&integer| integer as f64);
    let all = floats.into_iter().chain(integers).chain(negatives).map(f64::to_bits);
    all.chain(bits).chain([f64::NEG_INFINITY.to_bits()]).collect()
}

#[test]
fn every_short_sequence_is_read_as_it_was_written() {
    let samples: Vec<(i64, u64)> =
        TIMES.iter().flat_map(|&t_ms| values().into_iter().map(move |bits| (t_ms, bits))).collect();
    for &first in &samples {
        check(&[first]);
        for &second in &samples {
            check(&[first, second, second]);
        }
    }
    for (nth, &first) in samples.iter().enumerate().step_by(7) {
        for &second in samples[nth % 5..].iter().step_by(5) {
            for &third in samples[nth % 3..].iter().step_by(3) {
                check(&[first, second, third, third, first]);
            }
        }
    }
}

#[test]
fn runs_of_every_length_are_read_as_they_were_written() {
    for length in 0..300 {
        let run: Vec<(i64, u64)> =
            (0..length).map(|nth| (1_000 + 15_000 * nth, 5.0_f64.to_bits())).collect();
        check(&run);
        check(&[&run[..], &[(7, 1)], &run[..]].concat());
    }
}

#[test]
fn a_steady_series_takes_little() {
    let counter: Vec<(i64, u64)> = (0..240)
        .map(|nth| (1_767_225_600_000 + nth * 15_000, ((nth * 37 + nth % 5) as f64).to_bits()))
        .collect();
    assert_eq!(write(&counter).0.len(), 488);
    let constant: Vec<(i64, u64)> =
        (0..240).map(|nth| (1_767_225_600_000 + nth * 15_000, 1.5_f64.to_bits())).collect();
    assert_eq!(write(&constant).0.len(), 17);
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), 0..20_i64, (0..40_i64).prop_map(|nth| nth * 15_000)]
}

fn any_bits() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        any::<f64>().prop_map(f64::to_bits),
        (-3000..3000_i64).prop_map(|integer| (integer as f64).to_bits()),
        any::<i64>().prop_map(|integer| (integer as f64).to_bits()),
        prop::sample::select(values()),
    ]
}

proptest! {
    #[test]
    fn any_sequence_is_read_as_it_was_written(
        samples in prop::collection::vec((any_time(), any_bits(), 1..70_usize), 0..40),
    ) {
        let repeated: Vec<(i64, u64)> = samples
            .iter()
            .flat_map(|&(t_ms, bits, times)| {
                (0..times as i64).map(move |nth| (t_ms.wrapping_add(nth * 1_000), bits))
            })
            .collect();
        let (bytes, pending) = write(&repeated);
        prop_assert_eq!(read(&bytes, pending), repeated);
    }

    /// A reader that keeps its place goes on where it stopped, although the writer went on too.
    #[test]
    fn a_prefix_is_fixed(
        samples in prop::collection::vec((any_time(), any_bits()), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(samples.len());
        let (before, pending) = write(&samples[..cut]);
        let (after, _) = write(&samples);
        prop_assert!(after.starts_with(&before));
        prop_assert_eq!(read(&after[..before.len()], pending), &samples[..cut]);
    }
}
