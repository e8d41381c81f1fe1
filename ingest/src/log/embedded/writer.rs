//! The thread of one partition: gathers all appends that wait into one write and one sync.
//!
//! Law: an append is answered after the sync that covers it, in the order of the queue; the queue
//! is bounded in bytes by permits that appends hold until they are answered.

use std::mem::take;
use std::sync::Arc;

use bytes::Bytes;
use hydrograph_storage::ids::{Offset, Record};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::format::FRAME_BYTES;
use super::partition::PartitionFiles;
use super::tail::{Recent, Tail};
use crate::log::LogError;

/// A group is written when it has this many bytes, even if more appends wait.
const GROUP_BYTES: usize = 8 << 20;

/// What the writer is asked.
pub(super) enum Command {
    /// Write a record.
    Append(Append),
    /// Delete the segments below an offset.
    Release(Offset, oneshot::Sender<Result<(), LogError>>),
    /// Finish what was asked before, then end.
    Close,
}

/// One append that waits.
pub(super) struct Append {
    pub(super) record: Bytes,
    pub(super) answer: oneshot::Sender<Result<Offset, LogError>>,
    /// Its share of the queue.
    pub(super) permit: OwnedSemaphorePermit,
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) files: PartitionFiles,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) tail: Arc<Tail>,
    pub(super) latest: watch::Sender<Offset>,
}

impl Writer {
    /// Serves until it is told to close or nobody is left to ask.
    pub(super) fn run(mut self) {
        let mut group = Vec::new();
        let mut group_bytes = 0;
        while let Some(first) = self.commands.blocking_recv() {
            let mut next = Ok(first);
            while let Ok(command) = next {
                match command {
                    Command::Append(append) => {
                        group_bytes += FRAME_BYTES + append.record.len();
                        group.push(append);
                    }
                    Command::Release(offset, answer) => {
                        self.commit(take(&mut group));
                        let _ = answer.send(self.release(offset));
                    }
                    Command::Close => return self.commit(group),
                }
                if group_bytes >= GROUP_BYTES {
                    break;
                }
                next = self.commands.try_recv();
            }
            self.commit(take(&mut group));
            group_bytes = 0;
        }
    }

    fn commit(&mut self, group: Vec<Append>) {
        if group.is_empty() {
            return;
        }
        let records: Vec<Bytes> = group.iter().map(|append| append.record.clone()).collect();
        let placed = match self.files.append(&records) {
            Ok(placed) => placed,
            Err(error) => {
                for append in group {
                    let _ = append.answer.send(Err(again(&error)));
                }
                return;
            }
        };
        if placed.begins_segment {
            self.tail.set_segments(self.files.segments().iter().copied());
        }
        let mut end_position = placed.position;
        self.tail.push((placed.first..).zip(records).map(|(offset, bytes)| {
            end_position += (FRAME_BYTES + bytes.len()) as u64;
            let record = Record { offset: Offset(offset), bytes };
            Recent { record, segment: placed.segment, end_position }
        }));
        self.latest.send_replace(Offset(self.files.latest()));
        for (offset, append) in (placed.first..).zip(group) {
            drop(append.permit);
            let _ = append.answer.send(Ok(Offset(offset)));
        }
    }

    fn release(&mut self, offset: Offset) -> Result<(), LogError> {
        self.files.set_released(offset.0);
        let mut released = Ok(());
        while released.is_ok() && self.files.may_release(offset.0) {
            // Readers look elsewhere before the file goes.
            self.tail.set_segments(self.files.segments().iter().copied().skip(1));
            released = self.files.release_oldest();
        }
        self.tail.set_segments(self.files.segments().iter().copied());
        released
    }
}

/// The same error for one more caller.
fn again(error: &LogError) -> LogError {
    match error {
        LogError::Unavailable { reason, source } => LogError::Unavailable {
            reason: reason.clone(),
            source: source.as_ref().map(|source| match source.raw_os_error() {
                Some(code) => std::io::Error::from_raw_os_error(code),
                None => source.kind().into(),
            }),
        },
        LogError::Poisoned { partition } => LogError::Poisoned { partition: *partition },
        other => LogError::Unavailable { reason: other.to_string(), source: None },
    }
}
