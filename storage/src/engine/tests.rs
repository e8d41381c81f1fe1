use hydrograph_proto::write_batch::WriteBatchEncoder;

use super::*;
use crate::ids::{PartitionId, Record};

fn config(flush: bool) -> EngineConfig {
    EngineConfig::new(PartitionId(3), Duties { flush, answer: true })
}

fn record(offset: u64) -> Record {
    record_of(offset, "up")
}

fn record_of(offset: u64, metric: &str) -> Record {
    let mut encoder = WriteBatchEncoder::new().expect("memory");
    encoder.push("anonymous", &[("__name__", metric)], &[(offset as i64, 1.0)]).expect("it fits");
    let mut bytes = Vec::new();
    encoder.finish(7, &mut bytes).expect("memory");
    Record { offset: Offset(offset), bytes: bytes.into() }
}

/// The record with other bytes behind a checksum that is right.
fn forged(record: &Record, change: impl Fn(&mut [u8])) -> Record {
    let mut bytes = record.bytes.to_vec();
    change(&mut bytes);
    let crc = crc32c::crc32c(&bytes[8..]);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
    Record { offset: record.offset, bytes: bytes.into() }
}

fn damaged(record: &Record) -> Record {
    let mut bytes = record.bytes.to_vec();
    bytes[20] ^= 1;
    Record { offset: record.offset, bytes: bytes.into() }
}

/// A follower of a partition without manifests, and its first reading.
fn follower() -> (Engine, ReadingId) {
    let (mut engine, _) = Engine::open(config(false), 1);
    let listed = Completion::Listed { highest: None, boundary: 0 };
    let mut out = Vec::new();
    engine.handle(Input::Completed(EffectId(1), listed), &mut out);
    let [.., Effect::ReadLog { reading, from: Offset(0) }] = out[..] else { panic!("{out:?}") };
    (engine, reading)
}

/// What an engine that follows does about these records.
fn check(records: Vec<Record>, position: u64, expected: &[Effect]) {
    let (mut engine, reading) = follower();
    let mut out = Vec::new();
    engine.handle(Input::Records { reading, records }, &mut out);
    assert_eq!(out, expected);
    assert_eq!(engine.position(), Offset(position));
}

#[test]
fn an_owner_takes_a_new_epoch_before_it_reads() {
    let (mut engine, effects) = Engine::open(config(true), 1);
    let request = StoreRequest::ListManifests;
    assert_eq!(effects, [Effect::Store { id: EffectId(1), request }]);
    let mut out = Vec::new();
    let listed = Completion::Listed { highest: None, boundary: 0 };
    engine.handle(Input::Completed(EffectId(1), listed.clone()), &mut out);
    assert!(matches!(
        &out[..],
        [Effect::Store { request: StoreRequest::CreateManifest { number: 1, .. }, .. }]
    ));
    engine.handle(Input::Completed(EffectId(2), Completion::Created), &mut out);
    engine.handle(Input::Completed(EffectId(3), listed), &mut out);
    assert_eq!(engine.epoch(), Some(Epoch(1)));
    assert_eq!(
        out[2..],
        [
            Effect::Committed { number: 1 },
            Effect::ReleaseLog { before: Offset(0) },
            Effect::ReadLog { reading: ReadingId(1), from: Offset(0) },
        ]
    );
}

/// An owner of a new partition, and its first reading.
fn owner(config: EngineConfig) -> (Engine, ReadingId) {
    let (mut engine, _) = Engine::open(config, 1);
    let mut out = Vec::new();
    let listed = Completion::Listed { highest: None, boundary: 0 };
    for (id, completion) in [(1, listed.clone()), (2, Completion::Created), (3, listed)] {
        engine.handle(Input::Completed(EffectId(id), completion), &mut out);
    }
    let [.., Effect::ReadLog { reading, from: Offset(0) }] = out[..] else { panic!("{out:?}") };
    (engine, reading)
}

/// Encodes the block, and lets all requests succeed until there are none.
fn flush(engine: &mut Engine) {
    let mut out = Vec::new();
    while engine.wants_encoding() {
        engine.encode_slice(1_000, &mut out);
    }
    while let Some(at) = out.iter().position(|effect| matches!(effect, Effect::Store { .. })) {
        let Effect::Store { id, request } = out.swap_remove(at) else { unreachable!("it is one") };
        let completion = match request {
            StoreRequest::ListManifests => Completion::Listed { highest: None, boundary: 0 },
            _ => Completion::Created,
        };
        engine.handle(Input::Completed(id, completion), &mut out);
    }
}

#[test]
fn new_series_with_much_text_are_flushed_by_bytes() {
    let mut config = config(true);
    (config.flush_bytes_max, config.memory_bytes_max) = (1 << 20, 1 << 20);
    let (mut engine, reading) = owner(config);
    let metric = |offset: u64| format!("{offset}{}", "x".repeat(200_000));
    for offset in 0..40 {
        let records = vec![record_of(offset, &metric(offset))];
        engine.handle(Input::Records { reading, records }, &mut Vec::new());
        assert_eq!(engine.wants_records(), !engine.wants_encoding(), "full means flushing");
        flush(&mut engine);
        assert!(engine.wants_records(), "the catalogue stays, and is no reason to wait");
    }
    assert!((5..=10).contains(&engine.stats().commits), "{:?}", engine.stats());
}

#[test]
fn a_manifest_seen_during_a_commit_is_looked_for_afterwards() {
    let (mut engine, reading) = owner(config(true));
    let mut out = Vec::new();
    engine.handle(Input::Records { reading, records: vec![record(0)] }, &mut out);
    engine.handle(Input::Flush { ticket: FlushTicket(1), through: Offset(0) }, &mut out);
    while engine.wants_encoding() {
        engine.encode_slice(1_000, &mut out);
    }
    engine.handle(Input::Completed(EffectId(4), Completion::Created), &mut out);
    let mut newer = crate::manifest::Manifest::empty(PartitionId(3));
    (newer.number, newer.epoch) = (9, Epoch(1));
    let bytes = crate::manifest::encode(&newer).into();
    engine.handle(Input::ManifestSeen { number: 9, bytes }, &mut out);
    engine.handle(Input::Completed(EffectId(5), Completion::Created), &mut out);
    out.clear();
    let listed = Completion::Listed { highest: Some(2), boundary: 0 };
    engine.handle(Input::Completed(EffectId(6), listed), &mut out);
    assert_eq!(engine.committed(), Offset(1));
    let look = Effect::Store { id: EffectId(7), request: StoreRequest::ListManifests };
    assert!(out.contains(&look), "{out:?}");
}

#[test]
fn records_are_applied_once_and_in_order() {
    check(vec![record(0), record(1), record(0), record(2)], 3, &[]);
    let reason = StopReason::LogGap { wanted: Offset(1), found: Offset(2) };
    check(vec![record(0), record(2)], 0, &[Effect::Stopped { reason }]);
}

#[test]
fn a_damaged_record_is_read_again_and_then_stops_the_partition() {
    let again = Effect::ReadLog { reading: ReadingId(2), from: Offset(1) };
    check(vec![record(0), damaged(&record(1)), record(2)], 1, &[again]);
    let (mut engine, reading) = follower();
    let mut out = Vec::new();
    let records = vec![damaged(&record(0))];
    engine.handle(Input::Records { reading, records: records.clone() }, &mut out);
    engine.handle(Input::Records { reading, records: vec![record(0)] }, &mut out);
    assert_eq!(engine.position(), Offset(0), "an older reading is void");
    engine.handle(Input::Records { reading: ReadingId(2), records }, &mut out);
    let reason = StopReason::CorruptRecord(Offset(0));
    assert_eq!(out[1..], [Effect::Stopped { reason }]);
}

#[test]
fn a_record_of_a_newer_version_stops_the_partition() {
    let newer = forged(&record(1), |bytes| bytes[8] = 9);
    let reason = StopReason::NewerVersion { what: "record at offset 1".to_owned(), version: 9 };
    check(vec![record(0), newer], 0, &[Effect::Stopped { reason }]);
}

#[test]
fn a_meaningless_record_is_passed_over_by_a_follower() {
    let meaningless = forged(&record(1), |bytes| bytes[10] = 1);
    check(vec![record(0), meaningless, record(2)], 3, &[]);
}

#[test]
fn a_stopped_engine_answers_tickets_and_nothing_else() {
    let (mut engine, reading) = follower();
    let mut out = Vec::new();
    engine.handle(Input::Records { reading, records: vec![record(1)] }, &mut out);
    out.clear();
    engine.handle(Input::Records { reading, records: vec![record(0)] }, &mut out);
    engine.handle(Input::Tick { now_ms: 1 << 40 }, &mut out);
    assert_eq!(out, []);
    engine.handle(Input::Flush { ticket: FlushTicket(5), through: Offset(0) }, &mut out);
    assert!(matches!(out[..], [Effect::Flushed { ticket: FlushTicket(5), result: Err(_) }]));
    assert!(!engine.wants_records() && !engine.is_running());
}
