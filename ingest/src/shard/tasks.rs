//! What a shard has others do for it, on tokio: store requests, readings, releases of the log.
//!
//! Law: every task is owned by one tracker, ends when the shards are shut down, and answers, if
//! at all, through the shard's inbox.

use std::sync::Arc;

use hydrograph_storage::engine::{EffectId, Input, ReadingId, StoreRequest, perform};
use hydrograph_storage::ids::{Offset, PartitionId};
use hydrograph_storage::store::Store;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::feeder::Feeder;
use super::inbox::{Inbox, Message};
use crate::log::Log;

/// Starts tasks for one shard.
#[derive(Clone)]
pub(super) struct Tasks {
    pub(super) log: Arc<dyn Log>,
    pub(super) store: Arc<dyn Store>,
    pub(super) inbox: Inbox,
    pub(super) runtime: Handle,
    pub(super) tracker: TaskTracker,
    /// Ends them all.
    pub(super) ended: CancellationToken,
}

impl Tasks {
    /// Runs `task` until it is done or everything ends.
    pub(super) fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        let task = async move {
            ended.run_until_cancelled(task).await;
        };
        self.tracker.spawn_on(task, &self.runtime);
    }

    /// Carries out a request of the store.
    pub(super) fn ask_store(&self, partition: PartitionId, id: EffectId, request: StoreRequest) {
        let (store, inbox) = (Arc::clone(&self.store), self.inbox.clone());
        self.start(async move {
            let completion = perform(&*store, partition, request).await;
            let input = Input::Completed(id, completion);
            // A shard that has ended needs no answer.
            let _ = inbox.send(Message::Input { partition, input }).await;
        });
    }

    /// Begins a reading that lasts until `until` is cancelled.
    pub(super) fn read_log(
        &self,
        partition: PartitionId,
        reading: ReadingId,
        from: Offset,
        budget: Arc<Semaphore>,
        until: CancellationToken,
    ) {
        let (log, inbox) = (Arc::clone(&self.log), self.inbox.clone());
        let feeder = Feeder { partition, reading, from, log, inbox, budget };
        self.start(async move {
            until.run_until_cancelled(feeder.run()).await;
        });
    }

    /// Lets the log forget what is committed; the next commit tries again what fails.
    pub(super) fn release_log(&self, partition: PartitionId, before: Offset) {
        let log = Arc::clone(&self.log);
        self.start(async move {
            if let Err(error) = log.release(partition, before).await {
                let partition = partition.0;
                tracing::warn!(partition, %error, "log could not be released");
            }
        });
    }
}
