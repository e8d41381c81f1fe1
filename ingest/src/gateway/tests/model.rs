//! The gateway against a naive model: what of any request ends up in the log, and where.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;

use super::{Test, encode, series};
use crate::gateway::routing::Router;
use crate::gateway::{Spread, metric_family};

type Sent = (Vec<(String, String)>, Vec<(i64, f64)>);

fn any_series() -> impl Strategy<Value = Sent> {
    let name = prop_oneof![Just("__name__".to_string()), "[a-c]{0,2}"];
    let labels = prop::collection::vec((name, "[a-z_]{0,3}|[a-c]_(sum|bucket)"), 0..5);
    let time = prop_oneof![-100_i64..100, Just(600_000), Just(600_001), Just(-86_400_001)];
    let samples = prop::collection::vec((time, -1e3..1e3), 0..4);
    // Half of them have a name already.
    (any::<bool>(), labels, samples).prop_map(|(named, mut labels, samples)| {
        if named {
            labels.retain(|(name, _)| name != "__name__");
            labels.push(("__name__".to_string(), "up".to_string()));
        }
        (labels, samples)
    })
}

/// Partition, sorted labels and samples as they are to be stored; `None` for nothing.
fn model((labels, samples): &Sent, partitions: u32) -> Option<(u32, String)> {
    let map: BTreeMap<&str, &str> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let name = *map.get("__name__")?;
    if map.len() != labels.len() || map.contains_key("") || name.is_empty() {
        return None;
    }
    let in_time = |time: i64| (-86_400_000..=600_000).contains(&time);
    let samples: Vec<_> = samples.iter().filter(|(time, _)| in_time(*time)).collect();
    if samples.is_empty() {
        return None;
    }
    let solid: Vec<_> = map.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let text: Vec<String> = solid.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
    let router = Router::new("tenant", Spread::STATIC, partitions);
    let partition = router.partition(metric_family(name), &[]).0;
    Some((partition, format!("tenant {{{}}} {samples:?}", text.join(", "))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_valid_is_logged_and_nothing_else(
        requests in prop::collection::vec(prop::collection::vec(any_series(), 0..8), 1..4),
        partitions in 1_u32..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (logged, stored, rejected) = runtime.block_on(async {
            let test = Test::new(partitions, |_| {});
            let (mut stored, mut rejected) = (0, 0);
            for request in &requests {
                let all = request.iter().map(|(labels, samples)| {
                    let labels: Vec<_> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
                    series(&labels, samples)
                });
                let body = encode(all.collect());
                let outcome = test.gateway.write("tenant", &body).await.unwrap();
                stored += outcome.stored_samples;
                rejected += outcome.rejected.samples;
            }
            (test.logged(), stored, rejected)
        });
        let mut expected = String::new();
        for partition in 0..partitions {
            let mut offset = 0;
            for request in &requests {
                let valid = request.iter().filter_map(|sent| model(sent, partitions));
                let here: Vec<_> = valid.filter(|(place, _)| *place == partition).collect();
                for (_, line) in &here {
                    writeln!(expected, "{partition}/{offset} {line}").unwrap();
                }
                offset += usize::from(!here.is_empty());
            }
        }
        let sent: usize = requests.iter().flatten().map(|(_, samples)| samples.len()).sum();
        prop_assert_eq!(stored + rejected, sent as u64);
        prop_assert_eq!(logged, expected);
    }
}
