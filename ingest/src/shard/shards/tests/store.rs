//! A store in memory that keeps callers waiting.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::store::memory::MemoryStore;
use hydrograph_storage::store::{BlockFile, Created, Store, StoreError};
use tokio::sync::watch;

/// Calls about names that begin with the closed prefix wait until it is opened.
pub(super) struct GatedStore {
    inner: MemoryStore,
    closed: watch::Sender<Option<String>>,
}

impl GatedStore {
    pub(super) fn open() -> Self {
        Self { inner: MemoryStore::new(), closed: watch::Sender::new(None) }
    }

    pub(super) fn close(&self, prefix: &str) {
        self.closed.send_replace(Some(prefix.to_string()));
    }

    pub(super) fn let_all_pass(&self) {
        self.closed.send_replace(None);
    }

    /// Loses all objects whose names begin with `prefix`, as a broken disk does.
    pub(super) fn lose(&self, prefix: &str) {
        for name in self.inner.names().iter().filter(|name| name.starts_with(prefix)) {
            self.inner.forget(name);
        }
    }

    async fn pass(&self, name: &str) {
        let mut gate = self.closed.subscribe();
        let is_open =
            |closed: &Option<String>| closed.as_ref().is_none_or(|p| !name.starts_with(p));
        gate.wait_for(is_open).await.expect("the gate lives as long as its store");
    }
}

#[async_trait]
impl Store for GatedStore {
    async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, StoreError> {
        self.pass(name).await;
        self.inner.create(name, bytes).await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.pass(name).await;
        self.inner.put(name, bytes).await
    }

    async fn get(&self, name: &str) -> Result<Bytes, StoreError> {
        self.pass(name).await;
        self.inner.get(name).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.pass(prefix).await;
        self.inner.list(prefix).await
    }

    async fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.pass(name).await;
        self.inner.delete(name).await
    }

    fn open(&self, name: &str) -> Result<Arc<dyn BlockFile>, StoreError> {
        self.inner.open(name)
    }
}
