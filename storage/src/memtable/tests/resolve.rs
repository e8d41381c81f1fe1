//! Selector resolution against asking every matcher about every series.

use super::model::matches;
use super::world::{any_labels, any_tenant};
use super::*;

pub(super) fn any_matchers() -> impl Strategy<Value = Vec<Matcher>> {
    prop::collection::vec(any_matcher(), 0..4)
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    let ops = vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
    let names = vec!["A", "__name__", "unique", "none"];
    let values = vec!["", "0", "1", "2", "metric0", "metric1", "17", "x"];
    let patterns = vec![
        "",
        ".*",
        ".+",
        "|0",
        "0|1",
        "metric.*",
        "metric[01]|",
        "[0-4].?",
        "1.*",
        "nothing",
        "17|x",
    ];
    let name = prop::sample::select(names);
    let value = (prop::sample::select(values), prop::sample::select(patterns));
    (name, prop::sample::select(ops), value).prop_map(|(name, op, (value, pattern))| {
        let regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        Matcher::new(name, op, if regex { pattern } else { value }).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn resolution_is_a_filter(
        series in prop::collection::vec((any_tenant(), any_labels()), 0..400),
        queries in prop::collection::vec((any_tenant(), any_matchers()), 1..30),
    ) {
        let mut memtable = Memtable::new(MemtableConfig::default());
        let pushes: Vec<Push> =
            series.iter().map(|(tenant, pairs)| (*tenant, pairs.clone(), vec![(1, 1)])).collect();
        apply(&mut memtable, 0, &pushes);
        let all: BTreeSet<(&str, Labels)> = series
            .iter()
            .map(|(t, pairs)| (*t, Labels::from_pairs(pairs.iter().map(|(n, v)| (&**n, &**v)))))
            .collect();
        for (tenant, matchers) in &queries {
            let found: BTreeSet<Labels> = memtable
                .catalogue
                .resolve(tenant, matchers)
                .iter()
                .map(|series| memtable.catalogue.labels(series))
                .collect();
            let expected: BTreeSet<Labels> = all
                .iter()
                .filter(|(owner, labels)| owner == tenant && matches(matchers, labels))
                .map(|(_, labels)| labels.clone())
                .collect();
            prop_assert_eq!(found, expected, "{:?}", matchers);
        }
    }
}
