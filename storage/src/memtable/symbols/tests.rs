use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{NO_SYMBOL, PAGE_BYTES, Symbols};

#[test]
fn equal_hashes_are_not_equal_texts() {
    let mut symbols = Symbols::default();
    let [a, b] = ["a", "b"].map(|text| symbols.intern(7, text));
    assert_ne!(a, b);
    assert_eq!((symbols.find(7, "a"), symbols.find(7, "b")), (a, b));
    assert_eq!(symbols.find(7, "c"), NO_SYMBOL);
    symbols.acquire(a);
    symbols.release(a);
    assert_eq!((symbols.find(7, "a"), symbols.find(7, "b")), (NO_SYMBOL, b));
}

/// A poor hash, so that texts meet.
fn hash(text: &str) -> u64 {
    text.len() as u64 % 5
}

proptest! {
    /// Texts come and go, some longer than a page; what is referred to stays readable under its
    /// number while the pages are compacted.
    #[test]
    fn symbols_are_a_map(
        changes in prop::collection::vec((0..25_usize, 0..3_u8), 0..300),
    ) {
        let mut symbols = Symbols::default();
        let mut model: BTreeMap<usize, (u32, u32)> = BTreeMap::new();
        let text = |nth: usize| nth.to_string().repeat(1 + nth * nth * 70);
        for (nth, change) in changes {
            match (change, model.get_mut(&nth)) {
                (0 | 1, known) => {
                    let id = symbols.intern(hash(&text(nth)), &text(nth));
                    symbols.acquire(id);
                    match known {
                        Some((number, references)) => {
                            prop_assert_eq!(id, *number);
                            *references += 1;
                        }
                        None => {
                            model.insert(nth, (id, 1));
                        }
                    }
                }
                (_, Some((number, references))) => {
                    symbols.release(*number);
                    *references -= 1;
                    if *references == 0 {
                        model.remove(&nth);
                    }
                }
                (_, None) => {
                    symbols.compact(3);
                }
            }
            for (&nth, &(number, _)) in &model {
                prop_assert_eq!(symbols.get(number), text(nth));
            }
            for nth in 0..25 {
                let number = model.get(&nth).map_or(NO_SYMBOL, |&(number, _)| number);
                prop_assert_eq!(symbols.find(hash(&text(nth)), &text(nth)), number);
            }
        }
        while symbols.compact(5) {}
        let live: usize = model.keys().map(|&nth| text(nth).len()).sum();
        let held: usize = symbols.pages.iter().map(|page| page.text.capacity()).sum();
        prop_assert!(held <= 3 * live + 3 * PAGE_BYTES, "{} for {}", held, live);
    }
}
