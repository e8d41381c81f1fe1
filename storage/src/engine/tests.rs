use super::*;
use crate::ids::PartitionId;

fn config(flush: bool) -> EngineConfig {
    EngineConfig::new(PartitionId(3), Duties { flush, answer: true })
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
    assert_eq!(engine.manifest().epoch, Epoch(1));
    assert_eq!(
        out[2..],
        [
            Effect::Committed { number: 1 },
            Effect::ReleaseLog { before: Offset(0) },
            Effect::ReadLog { reading: ReadingId(1), from: Offset(0) },
        ]
    );
}
