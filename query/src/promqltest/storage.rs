//! What scripts are run over.

use std::sync::Arc;

use async_trait::async_trait;
use hydrograph_storage::source::Source;

use super::load::Load;
use crate::memory::MemorySource;

/// What of a load a storage cannot hold, or why it failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not held: {0}")]
pub struct NotHeld(pub String);

/// Holds the series of a script from one `clear` to the next; made empty.
#[async_trait]
pub trait Storage: Send {
    /// Adds series. On an error no eval passes until the next `clear`.
    async fn load(&mut self, load: &Load) -> Result<(), NotHeld>;

    /// Where queries see all that was loaded so far.
    async fn source(&self) -> Result<Arc<dyn Source>, NotHeld>;
}

/// A storage in memory, of floats only, with their start timestamps.
#[derive(Default)]
pub struct MemoryStorage(Arc<MemorySource>);

#[async_trait]
impl Storage for MemoryStorage {
    async fn load(&mut self, load: &Load) -> Result<(), NotHeld> {
        load.started_floats(|labels, t_ms, value, start_ms| {
            self.0.append_started(labels, t_ms, value, start_ms);
        })
    }

    async fn source(&self) -> Result<Arc<dyn Source>, NotHeld> {
        Ok(Arc::clone(&self.0) as Arc<dyn Source>)
    }
}
