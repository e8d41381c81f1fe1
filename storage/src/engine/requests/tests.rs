use super::*;
use crate::engine::Duties;
use crate::ids::PartitionId;

/// How long each of these puts a request of this purpose off.
fn pauses(purpose: Purpose, times: usize, requests: &mut Requests) -> Vec<u64> {
    let config = EngineConfig::new(PartitionId(1), Duties { flush: true, answer: true });
    let pause = |_| {
        // The steps between two attempts succeed; the whole does not.
        requests.ask(purpose, StoreRequest::ListManifests, 0, &mut Vec::new());
        requests.answered(EffectId(requests.last_id));
        requests.ask_later(purpose, StoreRequest::ListManifests, 0, &config);
        requests.paused.pop().expect("it is put off").at_ms
    };
    (0..times).map(pause).collect()
}

#[test]
fn pauses_double_until_the_purpose_succeeds() {
    let mut requests = Requests::default();
    let commit = pauses(Purpose::Commit, 7, &mut requests);
    assert_eq!(commit, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    let block = pauses(Purpose::Block, 8, &mut requests);
    assert_eq!(block, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
    requests.succeeded(Purpose::Commit);
    assert_eq!(pauses(Purpose::Commit, 2, &mut requests), [100, 200]);
    assert_eq!(pauses(Purpose::Block, 1, &mut requests), [10_000]);
}
