//! Tests of the whole way from text to tree and back.

mod corpus;
