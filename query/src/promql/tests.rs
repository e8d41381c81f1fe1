//! Tests of the whole way from text to tree and back. What is expected in the tables is what the
//! reference answered.

mod corpus;
mod depth;
mod options;
mod printed;
mod refused;
mod refused_times;
mod soup;
mod tree;

use super::{Options, parse};

/// What a query is printed as, or the message that refuses it.
fn answer(query: &str, options: Options) -> String {
    match parse(query, options) {
        Ok(expr) => expr.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Queries, and where and why they are refused.
fn check_refused(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        let found = match parse(query, Options::ALL) {
            Ok(expr) => format!("accepted as {expr}"),
            Err(error) => error.to_string().replacen("parse error: ", "", 1),
        };
        assert_eq!(found, *expected, "{query}");
    }
}

/// Queries, and what they are printed as.
fn check_printed(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(answer(query, Options::ALL), *expected, "{query}");
    }
}

/// Queries, and what they are printed as or refused with when all options are off.
fn check_without_options(cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(answer(query, Options::default()), *expected, "{query}");
    }
}
