//! What queries read from in a process that has shards.
//!
//! Law: one view per query over all partitions, each a pair of manifest and tail. A block that
//! vanished under a view (merged or expired since, after the store's grace) means a new view
//! once, then an error. Blocks are opened on threads that may block.

use std::sync::Arc;

use async_trait::async_trait;
use hydrograph_storage::snapshot::{self, BlockCache};
use hydrograph_storage::source::{LabelQuestion, SelectRequest, SeriesSet, Source, SourceError};

use super::shards::Shards;

/// Tails and blocks of all partitions of this process' shards.
pub struct ShardsSource {
    shards: Arc<Shards>,
    blocks: Arc<BlockCache>,
}

impl ShardsSource {
    /// Reads the tails of these shards, and blocks of their store.
    pub fn new(shards: Arc<Shards>, blocks: Arc<BlockCache>) -> Self {
        Self { shards, blocks }
    }

    async fn try_select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, Failed> {
        let views = self.shards.snapshot(request).await.map_err(Failed::Tails)?;
        let (request, blocks) = (request.clone(), Arc::clone(&self.blocks));
        blocking(move || snapshot::select(&views, &request, &blocks)).await
    }

    async fn try_label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, Failed> {
        let tails = self.shards.label_strings(request, question).await.map_err(Failed::Tails)?;
        let (request, question) = (request.clone(), question.clone());
        let blocks = Arc::clone(&self.blocks);
        blocking(move || snapshot::label_strings(tails, &request, &question, &blocks)).await
    }
}

#[async_trait]
impl Source for ShardsSource {
    async fn select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        match self.try_select(request).await {
            Err(Failed::Blocks(SourceError::Unavailable(_))) => self.try_select(request).await,
            answer => answer,
        }
        .map_err(SourceError::from)
    }

    async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        match self.try_label_strings(request, question).await {
            Err(Failed::Blocks(SourceError::Unavailable(_))) => {
                self.try_label_strings(request, question).await
            }
            answer => answer,
        }
        .map_err(SourceError::from)
    }
}

/// Where an answer failed: a new view may help where a block is missing.
enum Failed {
    Tails(SourceError),
    Blocks(SourceError),
}

impl From<Failed> for SourceError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Tails(error) | Failed::Blocks(error) => error,
        }
    }
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, Failed> {
    match tokio::task::spawn_blocking(read).await {
        Ok(answer) => answer.map_err(Failed::Blocks),
        Err(gone) => match gone.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(Failed::Tails(SourceError::Unavailable("shutting down".into()))),
        },
    }
}
