use std::collections::HashSet;

use expect_test::{Expect, expect};

use super::*;

fn of(tenant: &str, labels: &[(&str, &str)]) -> Fingerprint {
    let hashes = labels.iter().map(|(name, value)| (symbol_hash(name), symbol_hash(value)));
    fingerprint(symbol_hash(tenant), hashes)
}

#[expect(clippy::needless_pass_by_value, reason = "expect-test's macro makes a value")]
fn check(tenant: &str, labels: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&format!("{:032x}", of(tenant, labels).0));
}

/// Every process must compute these, or a catalogue would not know its own series.
#[test]
fn is_fixed_for_all_time() {
    check("anonymous", &[], expect!["87cfc25787b1e68187b1e68187cfc257"]);
    check("anonymous", &[("__name__", "up")], expect!["b1868cdd12c4eca4230cdd92c919c4ca"]);
    check("t", &[("__name__", "up"), ("job", "node")], expect!["15e078137d5d302058ceb115648c9eb8"]);
}

#[test]
fn tells_near_series_apart() {
    let mut seen = HashSet::new();
    for tenant in ["", "a", "b"] {
        for name in ["a", "b", "c"] {
            for value in ["", "a", "b", "c"] {
                assert!(seen.insert(of(tenant, &[(name, value)])));
                for second in ["x", "y"] {
                    assert!(seen.insert(of(tenant, &[(name, value), (second, value)])));
                    assert!(seen.insert(of(tenant, &[(second, value), (name, value)])));
                }
            }
        }
    }
    let mut halves = HashSet::new();
    for number in 0..100_000 {
        let Fingerprint(whole) = of("t", &[("__name__", "m"), ("n", &number.to_string())]);
        assert!(halves.insert(whole as u64) && halves.insert((whole >> 64) as u64));
    }
}
