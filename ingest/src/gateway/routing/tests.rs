use proptest::prelude::*;

use super::{Router, Spread, metric_family};

#[test]
fn families_lose_one_suffix() {
    for (name, family) in [
        ("up", "up"),
        ("http_seconds_bucket", "http_seconds"),
        ("http_seconds_sum", "http_seconds"),
        ("http_seconds_count", "http_seconds"),
        ("requests_total", "requests_total"),
        ("a_count_sum", "a_count"),
        ("_sum", "_sum"),
        ("", ""),
    ] {
        assert_eq!(metric_family(name), family);
    }
}

/// Series of many families over the partitions: the fullest and the emptiest, and how many
/// partitions one family is on.
fn check(spread: Spread, partitions: u32, expected: (std::ops::Range<usize>, usize)) {
    let router = Router::new("tenant", spread, partitions);
    let mut filled = vec![0; partitions as usize];
    for family in 0..2000 {
        let mut used = std::collections::BTreeSet::new();
        for pod in 0..64 {
            let (name, pod) = (format!("metric_{family}_total"), format!("pod-{pod}"));
            let labels = [("__name__", name.as_str()), ("pod", pod.as_str())];
            used.insert(router.partition(&name, &labels));
        }
        assert!(used.len() <= expected.1, "a family is on {} partitions", used.len());
        for partition in used {
            filled[partition.0 as usize] += 1;
        }
    }
    let (least, most) = (filled.iter().min().unwrap(), filled.iter().max().unwrap());
    let range = expected.0;
    assert!(range.contains(least) && range.contains(most), "{least} to {most} families");
}

#[test]
fn families_spread_evenly() {
    check(Spread::STATIC, 1, (2000..2001, 1));
    check(Spread::STATIC, 2, (900..1100, 1));
    check(Spread::STATIC, 7, (220..350, 1));
    check(Spread::STATIC, 64, (12..55, 1));
    check(Spread { tenant_bits: 12, family_bits: 2 }, 16, (400..600, 4));
    check(Spread { tenant_bits: 1, family_bits: 0 }, 64, (0..1200, 1));
}

#[test]
fn a_small_tenant_is_on_few_partitions() {
    let router = Router::new("small", Spread { tenant_bits: 2, family_bits: 0 }, 64);
    let names = (0..500).map(|n| format!("metric_{n}"));
    let used: std::collections::BTreeSet<_> =
        names.map(|name| router.partition(&name, &[("__name__", &name)])).collect();
    assert_eq!(used.len(), 4);
}

proptest! {
    #[test]
    fn parts_of_a_histogram_stay_together(
        tenant in "[a-z]{1,8}",
        family in "[a-z_]{1,20}",
        partitions in 1_u32..300,
    ) {
        let router = Router::new(&tenant, Spread::STATIC, partitions);
        let of = |suffix: &str, label: (&str, &str)| {
            let name = format!("{family}{suffix}");
            router.partition(&name, &[("__name__", &name), label])
        };
        let bucket = of("_bucket", ("le", "0.1"));
        prop_assert!(bucket.0 < partitions);
        prop_assert_eq!(bucket, of("_bucket", ("le", "+Inf")));
        prop_assert_eq!(bucket, of("_sum", ("pod", "a")));
        prop_assert_eq!(bucket, of("_count", ("pod", "b")));
    }

    #[test]
    fn twice_the_partitions_move_a_series_by_the_old_count_or_not(
        name in "[a-z_]{1,20}",
        bits in 0_u32..9,
    ) {
        let labels = [("__name__", name.as_str())];
        let of = |partitions| Router::new("t", Spread::STATIC, partitions).partition(&name, &labels).0;
        let (before, after) = (of(1 << bits), of(2 << bits));
        prop_assert!(after == before || after == before + (1 << bits));
    }
}
