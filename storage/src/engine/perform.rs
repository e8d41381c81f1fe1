//! Carries out an engine's requests with a store: the one adapter between the two.

use bytes::{BufMut, BytesMut};

use super::{Completion, StoreRequest};
use crate::ids::PartitionId;
use crate::names;
use crate::store::{Created, Store, StoreError};

/// Does what an engine of `partition`, or a commit, asks for. Never fails: what went wrong is in
/// the answer. Dropping the future is the same as losing the answer.
pub async fn perform(
    store: &dyn Store,
    partition: PartitionId,
    request: StoreRequest,
) -> Completion {
    match request {
        StoreRequest::ListManifests => list(store, partition).await,
        StoreRequest::ReadManifest { number } => {
            match store.get(&names::manifest(partition, number)).await {
                Ok(bytes) => Completion::Read(Some(bytes)),
                Err(StoreError::NotFound { .. }) => Completion::Read(None),
                Err(_) => Completion::Unavailable,
            }
        }
        StoreRequest::CreateManifest { number, bytes } => {
            match store.create(&names::manifest(partition, number), bytes).await {
                Ok(Created::Yes) => Completion::Created,
                Ok(Created::Exists) => Completion::Exists,
                Err(_) => Completion::Unclear,
            }
        }
        StoreRequest::CreateBlock { name, bytes } => create(store, &name, bytes).await,
        StoreRequest::CreateDeadLetter { offset, reason, bytes } => {
            let mut letter = BytesMut::with_capacity(4 + reason.len() + bytes.len());
            letter.put_u32_le(reason.len() as u32);
            letter.put_slice(reason.as_bytes());
            letter.put_slice(&bytes);
            create(store, &names::dead_letter(partition, offset), letter.freeze()).await
        }
    }
}

async fn list(store: &dyn Store, partition: PartitionId) -> Completion {
    match store.list(&names::manifests(partition)).await {
        Ok(found) => Completion::Listed {
            highest: found.iter().filter_map(|n| names::manifest_number(partition, n)).max(),
            boundary: found
                .iter()
                .filter_map(|n| names::boundary_number(partition, n))
                .max()
                .unwrap_or(0),
        },
        Err(_) => Completion::Unavailable,
    }
}

/// Creates an object whose name says its content, so that one that exists is the same. Some
/// stores say that one exists when they mean a conflict, so it is looked for.
async fn create(store: &dyn Store, name: &str, bytes: bytes::Bytes) -> Completion {
    match store.create(name, bytes).await {
        Ok(Created::Yes) => Completion::Created,
        Ok(Created::Exists) => match store.list(name).await {
            Ok(found) if found.iter().any(|n| n == name) => Completion::Created,
            Ok(_) => Completion::Unclear,
            Err(_) => Completion::Unavailable,
        },
        Err(_) => Completion::Unclear,
    }
}
