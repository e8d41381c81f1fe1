use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{BlockOptions, Model, model, open, pushes, write};
use crate::labels::Labels;
use crate::matcher::{MatchOp, Matcher};
use crate::source::LabelQuestion;
use crate::time_range::TimeRange;

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop::sample::select(
        &[MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex][..],
    );
    let value = prop::sample::select(
        &[
            "", "a", "b", "ab", "metric", "é", "a|b", "a.*", ".*", ".+", "", "(a|b)*c?", "[^a]+",
            "x",
        ][..],
    );
    ("[A-Zm-o]|zone|__name__|none", op, value)
        .prop_map(|(name, op, value)| Matcher::new(&name, op, value).expect("a matcher"))
}

/// The series that match and have a row that overlaps the range.
fn naive(model: &Model, tenant: &str, matchers: &[Matcher], range: TimeRange) -> Vec<Labels> {
    let rows = pushes(model, BlockOptions::for_level(0).window_ms).into_iter();
    let rows = rows.filter(|(of, ..)| of == tenant);
    let near = rows.filter(|(_, _, labels, samples)| {
        samples
            .times_ms
            .chunks(1_024)
            .any(|times| TimeRange::closed(times[0], times[times.len() - 1]).overlaps(&range))
            && matchers.iter().all(|m| m.matches(labels.get(&m.name).unwrap_or("")))
    });
    near.map(|(_, _, labels, _)| labels).collect::<BTreeSet<_>>().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn selecting_is_filtering(
        model in model(),
        matchers in prop::collection::vec(matcher(), 0..3),
        start in -40_000_000i64..20_000_000, len in 0i64..30_000_000, all in any::<bool>(),
    ) {
        let range = if all { TimeRange::ALL } else { TimeRange::new(start, start + len) };
        let block = open(write(&model, 0).bytes).unwrap();
        for tenant in ["a", "anonymous", "nobody"] {
            let expected = naive(&model, tenant, &matchers, range);
            let found = block.select(tenant, &matchers, range).unwrap();
            let labels: Vec<Labels> = found.into_iter().map(|(labels, _)| labels).collect();
            prop_assert_eq!(&labels, &expected);

            let names: BTreeSet<String> =
                expected.iter().flatten().map(|(name, _)| name.to_owned()).collect();
            let ask = |question| block.label_strings(tenant, &matchers, range, &question).unwrap();
            prop_assert_eq!(ask(LabelQuestion::Names), names);
            let of = |labels: &Labels| labels.get("zone").map(str::to_owned);
            let zones: BTreeSet<String> = expected.iter().filter_map(of).collect();
            prop_assert_eq!(ask(LabelQuestion::Values("zone".to_owned())), zones);
        }
    }
}

/// Enough values for a regex to become an automaton.
#[test]
fn a_regex_is_walked_over_many_values() {
    let mut model = Model::new();
    for nth in 0..3_000u32 {
        let pod = if nth % 5 == 0 { String::new() } else { format!("pod-{nth}-é\n") };
        let labels =
            Labels::from_pairs([("__name__", "up"), ("pod", &*pod), ("n", &*nth.to_string())]);
        model.entry("t".to_owned()).or_default().insert(labels, [(0, 0)].into());
    }
    let block = open(write(&model, 0).bytes).unwrap();
    for pattern in [
        "pod-1.*",
        ".*",
        ".+",
        "",
        "pod-[0-9]+-\\w\\s",
        "pod-(1|2)7.*|",
        "(?i)POD-.*5.*",
        ".*9-é\n",
        "x",
    ] {
        for op in [MatchOp::Regex, MatchOp::NotRegex] {
            let matchers = [Matcher::new("pod", op, pattern).unwrap()];
            let found = block.select("t", &matchers, TimeRange::ALL).unwrap();
            let labels: Vec<Labels> = found.into_iter().map(|(labels, _)| labels).collect();
            assert_eq!(labels, naive(&model, "t", &matchers, TimeRange::ALL), "{matchers:?}");
        }
    }
}
