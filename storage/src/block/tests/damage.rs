use proptest::prelude::*;

use super::{Model, open, write};
use crate::block::{Block, BlockError};
use crate::labels::Labels;
use crate::matcher::{MatchOp, Matcher};
use crate::samples::Samples;
use crate::source::{LabelQuestion, SampleReader, SourceError};
use crate::time_range::TimeRange;

/// Everything that can be asked, as text.
fn ask(block: &Block) -> Result<Vec<String>, BlockError> {
    let mut answers = Vec::new();
    for row in block.scan() {
        let row = row?;
        let bits: Vec<u64> = row.samples.values.iter().map(|value| value.to_bits()).collect();
        answers.push(format!("{} {} {:?} {bits:?}", row.tenant, row.labels, row.samples.times_ms));
    }
    let matcher = Matcher::new("job", MatchOp::Regex, "[ab]|").expect("a regex");
    for (labels, id) in block.select("t", &[matcher], TimeRange::ALL)? {
        let mut samples = Samples::new();
        match block.read(id, TimeRange::ALL, &mut samples) {
            Err(SourceError::Corrupt(why)) => return Err(BlockError::Corrupt(why)),
            read => read.expect("no other error"),
        }
        answers.push(format!("{labels} {samples:?}"));
    }
    for question in [LabelQuestion::Names, LabelQuestion::Values("job".to_owned())] {
        answers.push(format!("{:?}", block.label_strings("t", &[], TimeRange::ALL, &question)?));
    }
    Ok(answers)
}

fn small() -> Vec<u8> {
    let mut model = Model::new();
    for job in ["a", "b", "c", ""] {
        for (nth, value) in [1.0, 0.1, 1e15, f64::INFINITY].into_iter().enumerate() {
            let nth = nth.to_string();
            let labels = Labels::from_pairs([("__name__", "up"), ("job", job), ("n", &*nth)]);
            let samples = (0..40i64).map(|t| (t * 1_000, ((t * t) as f64 * value).to_bits()));
            model.entry("t".to_owned()).or_default().insert(labels, samples.collect());
        }
    }
    write(&model, 0).bytes.to_vec()
}

/// The right answers or an error that says that the block is corrupt.
fn check_damaged(damaged: Vec<u8>, right: &[String]) {
    match open(damaged).and_then(|block| ask(&block)) {
        Ok(answers) => assert_eq!(answers, right),
        Err(BlockError::Corrupt(_) | BlockError::NewerVersion(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_flipped_byte_is_seen_by_verify_and_never_answers_wrong() {
    let whole = small();
    let block = open(whole.clone()).unwrap();
    block.verify().unwrap();
    let right = ask(&block).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        let verified = open(damaged.clone()).and_then(|block| block.verify());
        assert!(verified.is_err(), "byte {at} of {}", whole.len());
        check_damaged(damaged, &right);
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = small();
    for len in 0..whole.len() {
        assert!(matches!(open(whole[..len].to_vec()), Err(BlockError::Corrupt(_))), "{len}");
    }
}

proptest! {
    #[test]
    fn a_range_of_noise_never_answers_wrong(
        at in any::<prop::sample::Index>(), noise in prop::collection::vec(any::<u8>(), 1..300),
    ) {
        let whole = small();
        let right = ask(&open(whole.clone()).unwrap()).unwrap();
        let mut damaged = whole;
        let at = at.index(damaged.len());
        for (byte, noise) in damaged[at..].iter_mut().zip(noise) {
            *byte = noise;
        }
        check_damaged(damaged, &right);
    }

    #[test]
    fn any_bytes_are_not_a_block(bytes in prop::collection::vec(any::<u8>(), 0..9_000)) {
        prop_assert!(open(bytes).is_err());
    }
}
