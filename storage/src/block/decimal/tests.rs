use proptest::prelude::*;

use super::{DECIMAL_MAX, EXPONENT_MAX, Form, Kind, POWERS, choose};

/// The form of some values, and that it gives them back.
fn form(values: &[f64]) -> Form {
    let mut decimals = Vec::new();
    let form = choose(values, &mut decimals);
    if form.kind != Kind::Floats {
        for (&decimal, value) in decimals.iter().zip(values) {
            assert!(decimal.unsigned_abs() <= DECIMAL_MAX as u64);
            let back = decimal as f64 / POWERS[form.exponent as usize];
            assert_eq!(back.to_bits(), value.to_bits());
        }
    }
    form
}

fn check(values: &[f64], kind: Kind, exponent: u8, base: i64) {
    assert_eq!(form(values), Form { kind, exponent, base }, "{values:?}");
}

#[test]
fn the_smallest_column_that_is_exact() {
    check(&[0.0], Kind::Gauges, 0, 0);
    check(&[5.0, 5.0, 5.0], Kind::Gauges, 0, 5);
    check(&[1.0, 100.0, 2.0, 120.0], Kind::Gauges, 0, 1);
    check(&[1e6, 1e6 + 900.0, 1e6 + 1_900.0, 1e6 + 2_800.0], Kind::Gauges, 0, 1_000_000);
    let counter: Vec<f64> = (0..40).map(|nth| 1e6 + 900.0 * f64::from(nth)).collect();
    check(&counter, Kind::Steps, 0, 1_000_000);
    check(&[0.25, 0.5, -0.125], Kind::Gauges, 3, -125);
    check(&[0.1, 3.0], Kind::Gauges, 1, 1);
    check(&[1e15, -1e15, 1e15], Kind::Wide, 0, -1_000_000_000_000_000);
    check(&[0.0, 3e9, 4e9, 6e9, 7e9], Kind::Wide, 0, 0);
    check(&[0.0, 2e9, 4e9], Kind::Steps, 0, 0);
    check(&[1e-22], Kind::Gauges, 22, 1);
    check(&[9_007_199_254_740_992.0], Kind::Gauges, 0, 1 << 53);
    check(&[4_503_599_627_370_497.0], Kind::Gauges, 0, (1 << 52) + 1);
    check(&[-9_007_199_254_740_991.0], Kind::Gauges, 0, 1 - (1 << 53));
}

#[test]
fn the_rest_stays_floats() {
    let floats = [-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, crate::samples::stale_nan()];
    for value in floats.into_iter().chain([1e300, 1e-300, 0.1 + 0.2, 1e23]) {
        check(&[value], Kind::Floats, 0, 0);
        check(&[1.0, value], Kind::Floats, 0, 0);
    }
    // Each is exact by itself, both are not at one exponent.
    check(&[1e15, 0.001], Kind::Floats, 0, 0);
}

proptest! {
    #[test]
    fn decimals_are_found(
        digits in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 1..9),
        exponent in 0..=EXPONENT_MAX,
    ) {
        let values: Vec<f64> =
            digits.iter().map(|&d| d as f64 / POWERS[exponent as usize]).collect();
        let form = form(&values);
        prop_assert_ne!(form.kind, Kind::Floats);
        prop_assert!(form.exponent <= exponent);
    }

    #[test]
    fn any_bits_come_back(values in prop::collection::vec(any::<u64>(), 1..9)) {
        form(&values.into_iter().map(f64::from_bits).collect::<Vec<_>>());
    }
}
