use proptest::prelude::*;

use super::{Positions, RowMeta, Rows, encode};
use crate::block::decimal::{Form, Kind};

fn row() -> impl Strategy<Value = RowMeta> {
    (0u32..9, 1u32..=1024, any::<i64>(), any::<u32>(), 0usize..4, 0u8..=22, any::<i64>()).prop_map(
        |(series, samples, first_ms, span_ms, kind, exponent, base)| RowMeta {
            series,
            samples,
            first_ms,
            span_ms,
            form: Form { kind: Kind::ALL[kind], exponent, base },
        },
    )
}

proptest! {
    #[test]
    fn rows_come_back_and_are_found_by_series(rows in prop::collection::vec(row(), 0..40)) {
        let at = Positions { times: 5, values: [1, 2, 3, 4] };
        let decoded = Rows::decode(&encode(&rows), (rows.len(), 9), at).unwrap();
        let mut expected = at;
        for (nth, row) in rows.iter().enumerate() {
            prop_assert_eq!(decoded.get(nth as u32), row);
            let value = expected.values[row.form.kind as usize];
            prop_assert_eq!(decoded.place(nth as u32), (expected.times, value));
            expected.advance(row.form.kind, row.samples);
        }
        for series in 0..9 {
            let found = decoded.of_series(series);
            let naive: Vec<u32> =
                (0..rows.len() as u32).filter(|&n| rows[n as usize].series == series).collect();
            prop_assert_eq!(found, naive);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_rows(
        bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0usize..20,
    ) {
        let _ = Rows::decode(&bytes, (count, 3), Positions::default());
    }
}
