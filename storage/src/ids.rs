//! Numbers that must not be mistaken for each other.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A partition of the log's topic, from 0.
    PartitionId(u32)
}
number! {
    /// The position of a record in its partition, from 0. As the end of a range it is exclusive.
    Offset(u64)
}
number! {
    /// Which opening of a partition by an owner wrote something; the higher one fences the lower.
    Epoch(u64)
}

impl Offset {
    /// The offset after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The tenant that owns a series when tenancy is off.
pub const ANONYMOUS_TENANT: &str = "anonymous";

/// One record of the log as it is handed to a partition engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands in its partition.
    pub offset: Offset,
    /// An encoded write batch (storage/FORMAT.md).
    pub bytes: bytes::Bytes,
}
