//! A store in memory whose calls take their time, fail, succeed without an answer, and lie about
//! what exists. It watches the laws of manifests as they are created.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId};
use hydrograph_storage::manifest::{Manifest, decode};
use hydrograph_storage::names;
use hydrograph_storage::store::memory::MemoryFile;
use hydrograph_storage::store::{BlockFile, Created, Store, StoreError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub(super) const PARTITION: PartitionId = PartitionId(7);

#[derive(Clone)]
pub(super) struct SimStore(Arc<Mutex<Inner>>);

struct Inner {
    objects: BTreeMap<String, Bytes>,
    rng: StdRng,
    /// How likely a call goes wrong.
    trouble: f64,
    newest: Option<Manifest>,
}

enum Fault {
    Refused,
    AnswerLost,
    SaysExists,
}

impl SimStore {
    pub(super) fn new(seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self(Arc::new(Mutex::new(Inner {
            objects: BTreeMap::new(),
            rng,
            trouble: 0.0,
            newest: None,
        })))
    }

    pub(super) fn set_trouble(&self, trouble: f64) {
        self.inner().trouble = trouble;
    }

    /// The newest manifest that was ever created.
    pub(super) fn newest(&self) -> Manifest {
        self.inner().newest.clone().unwrap_or_else(|| Manifest::empty(PARTITION))
    }

    /// An object, without trouble.
    pub(super) fn object(&self, name: &str) -> Option<Bytes> {
        self.inner().objects.get(name).cloned()
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().expect("one thread")
    }

    fn fault(&self) -> Option<Fault> {
        let mut inner = self.inner();
        let trouble = inner.trouble;
        inner.rng.random_bool(trouble).then(|| match inner.rng.random_range(0..3) {
            0 => Fault::Refused,
            1 => Fault::AnswerLost,
            _ => Fault::SaysExists,
        })
    }
}

impl Inner {
    fn create(&mut self, name: &str, bytes: Bytes) -> Created {
        if self.objects.contains_key(name) {
            return Created::Exists;
        }
        if names::manifest_number(PARTITION, name).is_some() {
            self.watch(&bytes);
        }
        self.objects.insert(name.to_owned(), bytes);
        Created::Yes
    }

    /// The laws of DESIGN §3.3 and §3.5.
    fn watch(&mut self, bytes: &[u8]) {
        let next = decode(bytes).expect("a manifest that was created can be read");
        if let Some(newest) = &self.newest {
            let boundary = self.objects.keys().filter_map(|n| names::boundary_number(PARTITION, n));
            if next.number < boundary.max().unwrap_or(0) {
                return;
            }
            assert_eq!(next.number, newest.number + 1, "manifests are numbered without gaps");
            assert!(next.epoch >= newest.epoch, "epochs never go back");
            assert!(next.offset >= newest.offset, "offsets never go back");
            let moved = next.offset > newest.offset;
            assert!(!moved || next.epoch == newest.epoch, "opening does not move the offset");
        }
        for block in &next.blocks {
            assert!(self.objects.contains_key(&block.name), "a named block is durable");
            assert!(block.offsets.end <= next.offset, "a block holds what is committed");
        }
        for offset in next.skipped.iter().flat_map(|range| range.start.0..range.end.0) {
            let letter = names::dead_letter(PARTITION, Offset(offset));
            assert!(self.objects.contains_key(&letter), "what was skipped is kept before");
        }
        self.newest = Some(next);
    }
}

fn unavailable(name: &str) -> StoreError {
    let source = Arc::new(io::Error::other("simulated"));
    StoreError::Unavailable { name: name.to_owned(), source }
}

/// Comes back once, so that anything may happen in between.
struct Pause(bool);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let paused = std::mem::replace(&mut self.0, true);
        if paused { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn pause() {
    Pause(false).await;
}

#[async_trait]
impl Store for SimStore {
    async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, StoreError> {
        pause().await;
        let fault = self.fault();
        if matches!(fault, Some(Fault::Refused)) {
            return Err(unavailable(name));
        }
        if matches!(fault, Some(Fault::SaysExists)) {
            return Ok(Created::Exists);
        }
        let created = self.inner().create(name, bytes);
        pause().await;
        if fault.is_some() { Err(unavailable(name)) } else { Ok(created) }
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        pause().await;
        self.inner().objects.insert(name.to_owned(), bytes);
        Ok(())
    }

    async fn get(&self, name: &str) -> Result<Bytes, StoreError> {
        pause().await;
        if self.fault().is_some() {
            return Err(unavailable(name));
        }
        let object = self.object(name);
        pause().await;
        object.ok_or_else(|| StoreError::NotFound { name: name.to_owned() })
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        pause().await;
        if self.fault().is_some() {
            return Err(unavailable(prefix));
        }
        let found =
            self.inner().objects.keys().filter(|n| n.starts_with(prefix)).cloned().collect();
        pause().await;
        Ok(found)
    }

    async fn delete(&self, name: &str) -> Result<(), StoreError> {
        pause().await;
        if self.fault().is_some() {
            return Err(unavailable(name));
        }
        let mut inner = self.inner();
        if let Some(newest) = &inner.newest {
            assert!(newest.blocks.iter().all(|block| block.name != name), "a named block is kept");
        }
        inner.objects.remove(name);
        Ok(())
    }

    fn open(&self, name: &str) -> Result<Arc<dyn BlockFile>, StoreError> {
        match self.object(name) {
            Some(bytes) => Ok(Arc::new(MemoryFile::new(name, bytes))),
            None => Err(StoreError::NotFound { name: name.to_owned() }),
        }
    }
}
