//! What holds for a log's whole folder: its owner and its partition count.
//!
//! ```text
//! layout  magic "HYDROLAY" │ version u32 │ partitions u32 │ crc u32     little-endian, CRC32C
//! lock    empty; its owner holds an exclusive flock on it
//! ```
//! Law: one process owns the folder; the partition count never changes after creation, since a
//! series' partition follows from it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::OpenError;
use super::disk::Disk;

const LAYOUT_NAME: &str = "layout";
const MAGIC: &[u8; 8] = b"HYDROLAY";
const VERSION: u32 = 1;
const LAYOUT_BYTES: usize = 20;

/// The shape of a log, fixed when its folder is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogLayout {
    pub(super) partitions: u32,
}

impl LogLayout {
    /// Reads the layout of `folder`, or writes it where there is none yet. `asked` must agree
    /// with what stands there; a new folder gets `asked`, else `new_partitions`.
    pub(super) fn open(
        disk: &dyn Disk,
        folder: &Path,
        asked: Option<u32>,
        new_partitions: u32,
    ) -> Result<Self, OpenError> {
        let path = folder.join(LAYOUT_NAME);
        let io = |source| OpenError::Io { path: path.clone(), source };
        let names = disk.list(folder).map_err(io)?;
        let mut found = None;
        if names.iter().any(|name| name == LAYOUT_NAME) {
            let file = disk.open(&path).map_err(io)?;
            let mut bytes = [0; LAYOUT_BYTES];
            let read = file.read_at(&mut bytes, 0).map_err(io)?;
            found = Self::decode(&bytes[..read]);
            // The layout is durable before the first partition's folder is made.
            if found.is_none() && names.iter().any(|name| name.parse::<u32>().is_ok()) {
                return Err(OpenError::Layout { path });
            }
        }
        match (found, asked) {
            (Some(found), Some(asked)) if asked != found.partitions => {
                Err(OpenError::Partitions { asked, found: found.partitions })
            }
            (Some(found), _) => Ok(found),
            (None, asked) => {
                let layout = Self { partitions: asked.unwrap_or(new_partitions).max(1) };
                layout
                    .write(disk, folder, names.iter().any(|name| name == LAYOUT_NAME))
                    .map_err(io)?;
                Ok(layout)
            }
        }
    }

    fn write(self, disk: &dyn Disk, folder: &Path, exists: bool) -> io::Result<()> {
        let path = folder.join(LAYOUT_NAME);
        let file = if exists { disk.open(&path)? } else { disk.create(&path)? };
        file.set_bytes(0)?;
        file.write_all_at(&self.encode(), 0)?;
        file.sync()?;
        disk.sync_folder(folder)
    }

    fn encode(self) -> [u8; LAYOUT_BYTES] {
        let mut bytes = [0; LAYOUT_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.partitions.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..16]);
        bytes[16..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let partitions = u32::from_le_bytes(bytes.get(12..16)?.try_into().ok()?);
        let layout = Self { partitions };
        (partitions > 0 && bytes == layout.encode()).then_some(layout)
    }
}

/// Holds the folder for this process until it is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, which must exist, or says that another process has it.
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| OpenError::Io { path: path.clone(), source })?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::Locked { path }),
            Err(errno) => Err(OpenError::Io { path, source: errno.into() }),
        }
    }
}
