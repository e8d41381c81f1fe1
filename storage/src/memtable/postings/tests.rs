use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{LIST_MAX, LabelIndex, Sets};

proptest! {
    /// Sets grow into lists and bitmaps and shrink back, several in one place.
    #[test]
    fn an_index_is_a_map_of_sets(
        changes in prop::collection::vec((any::<bool>(), 0..3_u32, 0..90_u32), 0..800),
    ) {
        let (mut index, mut sets) = (LabelIndex::default(), Sets::default());
        let mut model: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (nth, (insert, value, series)) in changes.into_iter().enumerate() {
            // First more is put in than taken out, then the other way round.
            let insert = if nth < 500 { insert || nth % 3 == 0 } else { insert && nth % 3 == 0 };
            let members = model.entry(value).or_default();
            if insert && members.insert(series) {
                index.insert(&mut sets, value, series);
            } else if !insert && members.remove(&series) {
                index.remove(&mut sets, value, series);
            }
            model.retain(|_, members| !members.is_empty());
            let shown: BTreeMap<u32, BTreeSet<u32>> = index
                .iter()
                .map(|(value, set)| (value, sets.members(set).collect()))
                .collect();
            prop_assert_eq!(&shown, &model);
            prop_assert_eq!(index.len(), model.len());
        }
        prop_assert!(sets.sets.len() <= 3, "places of small sets are used again");
    }
}

#[test]
fn a_set_changes_its_form_at_the_limit_only() {
    let (mut index, mut sets) = (LabelIndex::default(), Sets::default());
    let numbers = 0..2 * LIST_MAX as u32;
    for series in numbers.clone() {
        index.insert(&mut sets, 7, series);
        assert!(sets.members(index.get(7).unwrap()).eq(0..=series));
    }
    for series in numbers {
        assert!(sets.members(index.get(7).unwrap()).eq(series..2 * LIST_MAX as u32));
        index.remove(&mut sets, 7, series);
    }
    assert!(index.is_empty());
}
