//! The object store: immutable objects by name, behind one small trait.
//!
//! Law: whatever answered `Ok` survives a crash. [`Store::create`] never replaces an object, and
//! an object is seen whole or not at all. After an error nobody knows whether it happened; the
//! caller reads and finds out.

pub mod local;
pub mod memory;

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No object has this name.
    #[error("no object {name}")]
    NotFound {
        /// The name asked for.
        name: String,
    },
    /// No space is left.
    #[error("no space left for {name}")]
    Full {
        /// The name that was to be written.
        name: String,
    },
    /// The object is shorter than what was asked of it.
    #[error("object {name} has {len} bytes, not the asked {start}..{end}")]
    Corrupt {
        /// The object.
        name: String,
        /// Its length.
        len: u64,
        /// First byte asked for.
        start: u64,
        /// End of the bytes asked for.
        end: u64,
    },
    /// The store cannot be reached or refuses now.
    #[error("store unavailable for {name}")]
    Unavailable {
        /// The object.
        name: String,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
}

/// What came of creating an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there now, with these bytes.
    Yes,
    /// An object of this name was there before and stays as it was.
    Exists,
}

/// Objects by name: `folder/folder/file`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Creates an object unless one of this name exists.
    async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, StoreError>;

    /// Creates or replaces an object.
    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError>;

    /// The whole of an object.
    async fn get(&self, name: &str) -> Result<Bytes, StoreError>;

    /// Names that begin with `prefix`, ascending.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// Removes an object; one that is absent is fine.
    async fn delete(&self, name: &str) -> Result<(), StoreError>;

    /// Opens an object for reading pieces of it. May block the thread.
    fn open(&self, name: &str) -> Result<Arc<dyn BlockFile>, StoreError>;
}

/// An open object. It can be read to its end even after it was deleted.
pub trait BlockFile: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there is no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`. May block the thread.
    fn read_at(&self, range: Range<u64>) -> Result<Bytes, StoreError>;
}

/// Names come from [`crate::names`], so one that leaves the store is a bug.
fn assert_name(name: &str) {
    let fine = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
    assert!(name.split('/').all(fine), "object name {name:?} is made of folders and a file");
}

#[cfg(test)]
mod tests;
