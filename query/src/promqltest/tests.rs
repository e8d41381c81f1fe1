//! The harness itself is tested: what a script rightly expects passes, what it wrongly expects
//! fails.

mod answers;
mod corpus;
mod harness;
mod language;
mod rules;
