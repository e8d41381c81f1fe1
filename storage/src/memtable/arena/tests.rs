use proptest::prelude::*;

use super::{Arena, BODY_ROOM, Position};

fn gathered(arena: &Arena, position: Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    arena.gather(position, &mut bytes);
    bytes
}

proptest! {
    /// Chains grow side by side; every position ever taken reads the same bytes at the end.
    #[test]
    fn chains_are_byte_strings(
        appends in prop::collection::vec((0..4_usize, 1..=BODY_ROOM), 0..200),
    ) {
        let mut arena = Arena::new();
        let mut chains = vec![(Position::default(), Vec::new()); 4];
        let mut taken = Vec::new();
        for (nth, (chain, len)) in appends.into_iter().enumerate() {
            let bytes: Vec<u8> = (0..len).map(|at| (nth * 7 + at) as u8).collect();
            let (position, model) = &mut chains[chain];
            arena.append(position, &bytes);
            model.extend_from_slice(&bytes);
            taken.push((*position, model.clone()));
        }
        for (position, model) in taken {
            prop_assert_eq!(gathered(&arena, position), model);
        }
    }
}

#[test]
fn chunks_do_not_cross_blocks() {
    let mut arena = Arena::new();
    let mut chains = vec![(Position::default(), Vec::new()); 3];
    for nth in 0..60_000_u32 {
        let (position, model) = &mut chains[nth as usize % 3];
        let bytes = nth.to_le_bytes();
        arena.append(position, &bytes[..=nth as usize % 4]);
        model.extend_from_slice(&bytes[..=nth as usize % 4]);
        if nth % 1_000 == 0 {
            // Odd heads move the pairs of units off their alignment.
            chains.push((Position::default(), Vec::new()));
            let last = chains.len() - 1;
            let (position, model) = &mut chains[last];
            arena.append(position, &[1]);
            model.push(1);
        }
    }
    for (position, model) in &chains {
        assert_eq!(&gathered(&arena, *position), model);
    }
    assert!(arena.bytes() > 1 << 17);
}
