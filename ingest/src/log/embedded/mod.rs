//! The embedded log: partitions as folders of append-only segments on one machine.
//!
//! ```text
//! append ─▶ queue (bounded in bytes) ─▶ Writer: one thread per partition, group commit
//!                                          │ PartitionFiles: frames, segments, recovery
//!                                          ▼
//! next   ◀─ EmbeddedReader ◀─ memory ◀─── Tail        (older records: ◀─ files)
//! ```
//! Laws: an append is answered after the fdatasync that covers it; what was answered survives any
//! crash; one process owns the folder. The byte pictures are in storage/FORMAT.md.
//!
//! A full disk refuses appends until there is space again. A failed fdatasync poisons its
//! partition until the process restarts, since nobody can know what reached the disk.

mod disk;
mod format;
mod layout;
mod partition;
mod reader;
mod scan;
#[cfg(test)]
mod sim_disk;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use self::disk::{Disk, FileSystem, create_durably};
use self::layout::{FolderLock, LogLayout};
use self::partition::{PartitionFiles, partition_folder};
use self::reader::{EmbeddedReader, Shown};
use self::tail::Tail;
use self::writer::{Append, Command, Writer};
use super::{Log, LogError, LogReader};

/// Appends that may wait for one writer, whatever their size.
const QUEUE_APPENDS: usize = 1024;

/// How an embedded log is opened.
#[derive(Clone, Debug)]
pub struct EmbeddedLogConfig {
    /// Where it lives; made if it is not there.
    pub folder: PathBuf,
    /// The partition count that the folder must have; `None` takes what it was created with.
    pub partitions: Option<u32>,
    /// The partition count of a new folder if none is asked for.
    pub new_partitions: u32,
    /// A segment is followed by the next one before it would grow over this.
    pub segment_bytes: u64,
    /// Bytes of appends that may wait per partition.
    pub queue_bytes: usize,
    /// Bytes of the newest records kept in memory per partition.
    pub recent_bytes: usize,
}

impl EmbeddedLogConfig {
    /// The defaults for a log in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            partitions: None,
            new_partitions: 1,
            segment_bytes: 16 << 20,
            queue_bytes: 32 << 20,
            recent_bytes: 4 << 20,
        }
    }
}

/// Why a log's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("log folder is in use by another process, which holds {}", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// It was created with another partition count.
    #[error(
        "log was created with {found} partitions and cannot change to {asked}: start with --log.partitions={found}, or with a new data folder"
    )]
    Partitions {
        /// What was asked for.
        asked: u32,
        /// What it has.
        found: u32,
    },
    /// The layout is not what was written, though there are partitions.
    #[error("log layout {} is damaged: restore it from a backup of the folder", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
    },
    /// A segment was written by a newer binary.
    #[error("log segment {} has format version {version}, newer than this binary", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// There is a file that no log makes.
    #[error("log folder holds a file that is not a segment: {}", path.display())]
    Stranger {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused something.
    #[error("log cannot use {}", path.display())]
    Io {
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Stored bytes are not what was written.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A log in a folder of this machine.
pub struct EmbeddedLog {
    partitions: Vec<Partition>,
    queue_bytes: usize,
    /// Released last: fields are dropped in order.
    _lock: Option<FolderLock>,
}

/// The asking side of one partition.
struct Partition {
    commands: mpsc::Sender<Command>,
    queue: Arc<Semaphore>,
    shown: Shown,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedLog {
    /// Opens the log in a folder, or creates it. Blocks: it reads the last segment of each
    /// partition.
    pub fn open(config: &EmbeddedLogConfig) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: config.folder.clone(), source };
        create_durably(&config.folder).map_err(io)?;
        let lock = FolderLock::take(&config.folder)?;
        Self::open_on(&(Arc::new(FileSystem) as Arc<dyn Disk>), config, Some(lock))
    }

    fn open_on(
        disk: &Arc<dyn Disk>,
        config: &EmbeddedLogConfig,
        lock: Option<FolderLock>,
    ) -> Result<Self, OpenError> {
        let layout =
            LogLayout::open(&**disk, &config.folder, config.partitions, config.new_partitions)?;
        let open = |n| Partition::open(disk.clone(), config, PartitionId(n));
        let partitions = (0..layout.partitions).map(open).collect::<Result<_, _>>()?;
        Ok(Self { partitions, queue_bytes: config.queue_bytes.max(1), _lock: lock })
    }

    /// Finishes the appends that were asked for before and refuses those after. Dropping the log
    /// does the same and blocks meanwhile.
    pub async fn close(&self) {
        for partition in &self.partitions {
            // An error means that it is closed already.
            let _ = partition.commands.send(Command::Close).await;
        }
        for partition in &self.partitions {
            partition.commands.closed().await;
        }
    }

    fn partition(&self, partition: PartitionId) -> &Partition {
        &self.partitions[partition.0 as usize]
    }
}

impl Partition {
    fn open(
        disk: Arc<dyn Disk>,
        config: &EmbeddedLogConfig,
        partition: PartitionId,
    ) -> Result<Self, OpenError> {
        let files =
            PartitionFiles::open(disk.clone(), &config.folder, partition, config.segment_bytes)?;
        let tail = Arc::new(Tail::new(files.segments().clone(), config.recent_bytes));
        let (latest, shown_latest) = watch::channel(Offset(files.latest()));
        let (commands, queued) = mpsc::channel(QUEUE_APPENDS);
        let writer = Writer { files, commands: queued, tail: tail.clone(), latest };
        let folder = partition_folder(&config.folder, partition);
        let thread = std::thread::Builder::new()
            .name(format!("log-{partition}"))
            .spawn(move || writer.run())
            .map_err(|source| OpenError::Io { path: folder.clone(), source })?;
        Ok(Self {
            commands,
            queue: Arc::new(Semaphore::new(config.queue_bytes.max(1))),
            shown: Shown { disk, folder, partition, tail, latest: shown_latest },
            thread: Some(thread),
        })
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        let threads = self.partitions.drain(..).filter_map(|mut partition| partition.thread.take());
        for thread in threads.collect::<Vec<_>>() {
            // A writer that panicked has told so; there is nobody here to tell.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    fn partitions(&self) -> u32 {
        self.partitions.len() as u32
    }

    async fn append(&self, partition: PartitionId, record: Bytes) -> Result<Offset, LogError> {
        if record.len() > format::RECORD_BYTES_MAX {
            let (bytes, limit) = (record.len(), format::RECORD_BYTES_MAX);
            return Err(LogError::TooLarge { bytes, limit });
        }
        let partition = self.partition(partition);
        let share = record.len().clamp(1, self.queue_bytes) as u32;
        let permit = partition.queue.clone().acquire_many_owned(share).await;
        let permit = permit.map_err(|_ended| closed())?;
        let (answer, answered) = oneshot::channel();
        let append = Command::Append(Append { record, answer, permit });
        partition.commands.send(append).await.map_err(|_ended| closed())?;
        answered.await.map_err(|_ended| closed())?
    }

    async fn read(
        &self,
        partition: PartitionId,
        from: Offset,
    ) -> Result<Box<dyn LogReader>, LogError> {
        let shown = self.partition(partition).shown.clone();
        let latest = *shown.latest.borrow();
        if from > latest || from.0 < shown.tail.earliest() {
            return Err(shown.out_of_range(from));
        }
        Ok(Box::new(EmbeddedReader::new(shown, from)))
    }

    async fn earliest(&self, partition: PartitionId) -> Result<Offset, LogError> {
        Ok(Offset(self.partition(partition).shown.tail.earliest()))
    }

    async fn latest(&self, partition: PartitionId) -> Result<Offset, LogError> {
        Ok(*self.partition(partition).shown.latest.borrow())
    }

    async fn release(&self, partition: PartitionId, offset: Offset) -> Result<(), LogError> {
        let (answer, answered) = oneshot::channel();
        let release = Command::Release(offset, answer);
        self.partition(partition).commands.send(release).await.map_err(|_ended| closed())?;
        answered.await.map_err(|_ended| closed())?
    }
}

/// The answer to whoever asks a log that has ended.
fn closed() -> LogError {
    LogError::Unavailable { reason: "the log is closed".to_string(), source: None }
}

/// An error of the disk, as the caller of the log is to understand it.
fn unavailable(cause: io::Error) -> LogError {
    let reason = match cause.kind() {
        io::ErrorKind::StorageFull => "disk full",
        io::ErrorKind::QuotaExceeded => "disk quota used up",
        _ => "disk error",
    };
    LogError::Unavailable { reason: reason.to_string(), source: Some(cause) }
}
