//! The index of a block: what it holds of whom, and where, without touching a Parquet page.
//!
//! Law: whatever can be asked of a tenant costs that tenant's sections only, and each section is
//! read once, when it is first needed.
//!
//! ```text
//! index = a tenant's symbols │ series │ rows │ postings of each label name │ …, directory
//! ```

pub(super) mod build;
pub(super) mod directory;
pub(super) mod postings;
pub(super) mod rows;
pub(super) mod series;
pub(super) mod symbols;
