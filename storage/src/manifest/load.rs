//! Reading and committing with a store, for those who need not be sans-IO: one straight call,
//! without pauses, that gives up after a few attempts. Giving up is always safe.

use std::sync::Arc;

use super::{Change, Commit, CommitError, Manifest, ManifestError, Nonce, Step, decode};
use crate::engine::{Completion, StoreRequest, perform};
use crate::ids::PartitionId;
use crate::store::Store;

const ATTEMPTS: usize = 8;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The store did not answer, or not twice the same; try again later.
    #[error("manifests of partition {0} unavailable")]
    Unavailable(PartitionId),
    /// A manifest cannot be read.
    #[error("manifest {number} of partition {partition}")]
    Unreadable {
        /// Of which partition.
        partition: PartitionId,
        /// Which.
        number: u64,
        /// Why.
        #[source]
        source: ManifestError,
    },
    /// The manifest has no room for the change, which was not made.
    #[error("manifest of partition {partition} would grow to {bytes} bytes")]
    TooLarge {
        /// Of which partition.
        partition: PartitionId,
        /// The size that it would have.
        bytes: usize,
    },
    /// The change was not made and will not be.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The newest manifest; an empty one if there is none yet.
pub async fn load(store: &dyn Store, partition: PartitionId) -> Result<Arc<Manifest>, LoadError> {
    for _ in 0..ATTEMPTS {
        let number = match perform(store, partition, StoreRequest::ListManifests).await {
            Completion::Listed { highest: None, .. } => {
                return Ok(Arc::new(Manifest::empty(partition)));
            }
            Completion::Listed { highest: Some(number), .. } => number,
            _ => continue,
        };
        let request = StoreRequest::ReadManifest { number };
        if let Completion::Read(Some(bytes)) = perform(store, partition, request).await {
            return decode(&bytes).map(Arc::new).map_err(|source| LoadError::Unreadable {
                partition,
                number,
                source,
            });
        }
    }
    Err(LoadError::Unavailable(partition))
}

/// Makes `change` to `base` or what has followed it, and answers the manifest that has it.
pub async fn commit(
    store: &dyn Store,
    base: Arc<Manifest>,
    change: Change,
    nonce: Nonce,
) -> Result<Arc<Manifest>, LoadError> {
    let partition = base.partition;
    let (mut commit, mut step) = Commit::start(base, change, nonce);
    let mut repeated = 0;
    loop {
        let request = match step {
            Step::Ask(request) => request,
            Step::AskLater(request) => {
                if let Some(bytes) = commit.too_large() {
                    return Err(LoadError::TooLarge { partition, bytes });
                }
                repeated += 1;
                if repeated == ATTEMPTS {
                    return Err(LoadError::Unavailable(partition));
                }
                request
            }
            Step::Done(result) => return Ok(result?),
        };
        step = commit.answer(perform(store, partition, request).await);
    }
}
