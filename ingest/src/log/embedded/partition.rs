//! The files of one partition: synchronous, owned by one writer, without threads.
//!
//! ```text
//! <folder>/00000003/00000000000000000000.log    one folder per partition,
//!                   00000000000000001042.log    a segment is named by its first offset
//! ```
//! Law: `append` answers Ok only when every record of the group is on disk; after any error none
//! of the group is in the log, except after a failed sync, when nobody can know: that poisons the
//! partition. A segment is durable to its last byte before the next one is begun. Segments go
//! oldest first, one by one, so that what is left has no gap.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId};

use super::disk::{Disk, DiskFile};
use super::format::{FRAME_BYTES, HEADER_BYTES, SegmentHeader, push_frame};
use super::scan::{Rest, Scan, scan};
use super::{OpenError, unavailable};
use crate::log::LogError;

/// One partition's segments.
pub(super) struct PartitionFiles {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    partition: PartitionId,
    segment_bytes_max: u64,
    /// First offsets, ascending; the last one is being written.
    segments: VecDeque<u64>,
    active: Arc<dyn DiskFile>,
    /// Durable bytes of the active segment.
    active_bytes: u64,
    latest: u64,
    /// Everything before this may go.
    released: u64,
    poisoned: bool,
    buffer: Vec<u8>,
}

/// Where a group went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Offset of its first record.
    pub(super) first: u64,
    /// The segment that holds it.
    pub(super) segment: u64,
    /// Position of its first frame there.
    pub(super) position: u64,
    /// Whether the segment was made for it.
    pub(super) begins_segment: bool,
}

/// The folder of a partition.
pub(super) fn partition_folder(folder: &Path, partition: PartitionId) -> PathBuf {
    folder.join(format!("{:08}", partition.0))
}

/// The file of the segment that begins with `first`.
pub(super) fn segment_path(partition_folder: &Path, first: u64) -> PathBuf {
    partition_folder.join(format!("{first:020}.log"))
}

/// A segment that nobody needs is followed by the next one from this size on.
const SPENT_BYTES: u64 = 1 << 20;

impl PartitionFiles {
    /// Opens a partition, or creates it; cuts a torn tail, refuses a damaged segment.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        log_folder: &Path,
        partition: PartitionId,
        segment_bytes_max: u64,
    ) -> Result<Self, OpenError> {
        let folder = partition_folder(log_folder, partition);
        let io = |source| OpenError::Io { path: folder.clone(), source };
        disk.create_folder(&folder).map_err(io)?;
        disk.sync_folder(log_folder).map_err(io)?;
        let mut segments = VecDeque::new();
        for name in disk.list(&folder).map_err(io)? {
            let first = name.strip_suffix(".log").and_then(|first| first.parse().ok());
            segments
                .push_back(first.ok_or_else(|| OpenError::Stranger { path: folder.join(&name) })?);
        }
        segments.make_contiguous().sort_unstable();
        let first = segments.back().copied();
        let path = segment_path(&folder, first.unwrap_or(0));
        let active = match first {
            Some(_) => disk.open(&path).map_err(io)?,
            None => disk.create(&path).map_err(io)?,
        };
        let first = first.unwrap_or_else(|| {
            segments.push_back(0);
            0
        });
        let mut files = Self {
            disk,
            folder,
            partition,
            segment_bytes_max,
            segments,
            active,
            active_bytes: 0,
            latest: first,
            released: 0,
            poisoned: false,
            buffer: Vec::new(),
        };
        files.recover(&path)?;
        Ok(files)
    }

    /// Reads the last segment, cuts what a crash left unfinished, makes the rest durable.
    fn recover(&mut self, path: &Path) -> Result<(), OpenError> {
        let io = |source| OpenError::Io { path: path.to_path_buf(), source };
        let mut bytes = vec![0; self.active.bytes().map_err(io)? as usize];
        let read = self.active.read_at(&mut bytes, 0).map_err(io)?;
        bytes.truncate(read);
        let Scan { end, position, rest } = scan(&bytes, self.partition.0, self.latest);
        match rest {
            Rest::Nothing => {}
            Rest::Torn => {
                if !bytes.is_empty() {
                    tracing::warn!(
                        file = %path.display(), position, bytes = bytes.len() - position,
                        "log ends in an unfinished write, which was never acknowledged: cut off"
                    );
                }
                self.active.set_bytes(position as u64).map_err(io)?;
            }
            Rest::Version(version) => {
                return Err(OpenError::Version { path: path.to_path_buf(), version });
            }
            Rest::Damaged => return Err(self.damaged(end, path, position, "bad frame").into()),
            Rest::Misplaced(header) => {
                let what = format!("header of partition {} at {}", header.partition, header.first);
                return Err(self.damaged(end, path, 0, &what).into());
            }
        }
        self.active_bytes = position as u64;
        if position < HEADER_BYTES {
            let header = SegmentHeader { partition: self.partition.0, first: self.latest };
            self.active.write_all_at(&header.encode(), 0).map_err(io)?;
            self.active_bytes = HEADER_BYTES as u64;
        }
        // What a killed process left may be in the page cache only.
        self.active.sync().map_err(io)?;
        self.disk.sync_folder(&self.folder).map_err(io)?;
        self.latest = end;
        Ok(())
    }

    fn damaged(&self, offset: u64, path: &Path, position: usize, what: &str) -> LogError {
        LogError::Corrupt {
            partition: self.partition,
            offset: Offset(offset),
            reason: format!("{what} at byte {position} of {}", path.display()),
        }
    }

    /// First offsets of the segments.
    pub(super) fn segments(&self) -> &VecDeque<u64> {
        &self.segments
    }

    /// One past the last record.
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    /// Appends a group of records and makes it durable.
    pub(super) fn append(&mut self, group: &[Bytes]) -> Result<Placed, LogError> {
        if self.poisoned {
            return Err(self.poison());
        }
        let bytes: usize = group.iter().map(|record| FRAME_BYTES + record.len()).sum();
        let is_empty = self.active_bytes == HEADER_BYTES as u64;
        let is_full = self.active_bytes + bytes as u64 > self.segment_bytes_max;
        // Where nobody needs the active segment any more, the next release can delete it.
        let is_spent = self.released >= self.latest && self.active_bytes > SPENT_BYTES;
        if !is_empty && (is_full || is_spent) {
            self.append_to_new(group)
        } else {
            self.append_to_active(group)
        }
    }

    fn append_to_active(&mut self, group: &[Bytes]) -> Result<Placed, LogError> {
        let position = self.active_bytes;
        self.encode(group, position, &[]);
        if let Err(cause) = self.active.write_all_at(&self.buffer, position) {
            // The cut must be durable too: a later segment may follow this one.
            let cut = self.active.set_bytes(position).and_then(|()| self.active.sync());
            return Err(if cut.is_ok() { unavailable(cause) } else { self.poison() });
        }
        if self.active.sync().is_err() {
            // Which bytes reached the disk is unknown, and reading them back may lie. Cutting is
            // an attempt to keep them from the next process; the poison is what keeps the law.
            let _ = self.active.set_bytes(position);
            return Err(self.poison());
        }
        self.active_bytes += self.buffer.len() as u64;
        Ok(self.placed(group, position, false))
    }

    fn append_to_new(&mut self, group: &[Bytes]) -> Result<Placed, LogError> {
        let first = self.latest;
        let path = segment_path(&self.folder, first);
        let header = SegmentHeader { partition: self.partition.0, first }.encode();
        self.encode(group, 0, &header);
        let file = self.disk.create(&path).map_err(unavailable)?;
        if let Err(cause) = file.write_all_at(&self.buffer, 0) {
            // It must not come back after a crash when the segment before it has grown past it.
            let gone = self.disk.remove(&path).and_then(|()| self.disk.sync_folder(&self.folder));
            return Err(if gone.is_ok() { unavailable(cause) } else { self.poison() });
        }
        if file.sync().and_then(|()| self.disk.sync_folder(&self.folder)).is_err() {
            let _ = self.disk.remove(&path);
            return Err(self.poison());
        }
        self.segments.push_back(first);
        self.active = file;
        self.active_bytes = self.buffer.len() as u64;
        Ok(self.placed(group, HEADER_BYTES as u64, true))
    }

    fn encode(&mut self, group: &[Bytes], synced: u64, header: &[u8]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(header);
        for (offset, record) in (self.latest..).zip(group) {
            push_frame(&mut self.buffer, offset, synced, record);
        }
    }

    fn placed(&mut self, group: &[Bytes], position: u64, begins_segment: bool) -> Placed {
        let first = self.latest;
        self.latest += group.len() as u64;
        let segment = *self.segments.back().expect("never empty");
        Placed { first, segment, position, begins_segment }
    }

    fn poison(&mut self) -> LogError {
        if !self.poisoned {
            tracing::error!(
                partition = self.partition.0, folder = %self.folder.display(),
                "the disk did not confirm a write: nothing more is acknowledged until a restart"
            );
        }
        self.poisoned = true;
        LogError::Poisoned { partition: self.partition }
    }

    /// Whether the oldest segment is wholly below `offset`, and not the one being written.
    /// Everything before `offset` may go, by whole segments.
    pub(super) fn set_released(&mut self, offset: u64) {
        self.released = self.released.max(offset);
    }

    pub(super) fn may_release(&self, offset: u64) -> bool {
        self.segments.get(1).is_some_and(|second| *second <= offset)
    }

    /// Deletes the oldest segment.
    pub(super) fn release_oldest(&mut self) -> Result<(), LogError> {
        if self.poisoned {
            return Err(self.poison());
        }
        let path = segment_path(&self.folder, self.segments[0]);
        self.disk.remove(&path).map_err(unavailable)?;
        self.segments.pop_front();
        self.disk.sync_folder(&self.folder).map_err(|_unknown| self.poison())
    }
}
