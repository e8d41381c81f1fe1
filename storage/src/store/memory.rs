//! A store in memory for tests and the simulator, which can be told to fail and to lose answers.
//!
//! Law: the same calls and faults give the same answers.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{BlockFile, Created, Store, StoreError};

/// What shall go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the call works. (To let some calls pass before one that fails.)
    None,
    /// It does not happen.
    Refused,
    /// It happens, but the answer is lost.
    AnswerLost,
    /// No space is left, so it does not happen.
    Full,
}

/// Objects in memory. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Bytes>,
    faults: VecDeque<Fault>,
}

impl MemoryStore {
    /// No objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next calls meet these faults, one each, in this order.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().faults.extend(faults);
    }

    /// Loses an object, as a broken disk does. Whether it was there.
    pub fn forget(&self, name: &str) -> bool {
        self.inner().objects.remove(name).is_some()
    }

    /// All names, ascending.
    pub fn names(&self) -> Vec<String> {
        self.inner().objects.keys().cloned().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut BTreeMap<String, Bytes>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut inner = self.inner();
        let unavailable = || StoreError::Unavailable {
            name: name.to_owned(),
            source: Arc::new(io::Error::other("injected fault")),
        };
        match inner.faults.pop_front().unwrap_or(Fault::None) {
            Fault::None => change(&mut inner.objects),
            Fault::Refused => Err(unavailable()),
            Fault::AnswerLost => change(&mut inner.objects).and_then(|_| Err(unavailable())),
            Fault::Full => Err(StoreError::Full { name: name.to_owned() }),
        }
    }
}

fn found(objects: &BTreeMap<String, Bytes>, name: &str) -> Result<Bytes, StoreError> {
    objects.get(name).cloned().ok_or_else(|| StoreError::NotFound { name: name.to_owned() })
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, StoreError> {
        super::assert_name(name);
        self.call(name, |objects| {
            if objects.contains_key(name) {
                return Ok(Created::Exists);
            }
            objects.insert(name.to_owned(), bytes);
            Ok(Created::Yes)
        })
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        super::assert_name(name);
        self.call(name, |objects| {
            objects.insert(name.to_owned(), bytes);
            Ok(())
        })
    }

    async fn get(&self, name: &str) -> Result<Bytes, StoreError> {
        self.call(name, |objects| found(objects, name))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call(prefix, |objects| {
            let from = objects.range(prefix.to_owned()..);
            Ok(from.map(|(name, _)| name).take_while(|n| n.starts_with(prefix)).cloned().collect())
        })
    }

    async fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.call(name, |objects| {
            objects.remove(name);
            Ok(())
        })
    }

    fn open(&self, name: &str) -> Result<Arc<dyn BlockFile>, StoreError> {
        let bytes = self.call(name, |objects| found(objects, name))?;
        Ok(Arc::new(MemoryFile { name: name.to_owned(), bytes }))
    }
}

/// An object held in memory.
#[derive(Clone, Debug)]
pub struct MemoryFile {
    name: String,
    bytes: Bytes,
}

impl MemoryFile {
    /// An object of this name with these bytes, without a store.
    pub fn new(name: &str, bytes: Bytes) -> Self {
        Self { name: name.to_owned(), bytes }
    }
}

impl BlockFile for MemoryFile {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        if range.start > range.end || range.end > self.len() {
            return Err(StoreError::Corrupt {
                name: self.name.clone(),
                len: self.len(),
                start: range.start,
                end: range.end,
            });
        }
        Ok(self.bytes.slice(range.start as usize..range.end as usize))
    }
}
