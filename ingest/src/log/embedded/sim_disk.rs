//! A disk that forgets: what was not synced is lost or half kept at a crash, syncs fail, space
//! runs out, and power goes at any operation. Everything follows from its seed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

#[derive(Clone)]
pub(super) struct SimDisk(Arc<Mutex<State>>);

struct State {
    random: StdRng,
    inodes: Vec<Inode>,
    files: BTreeMap<PathBuf, usize>,
    durable_files: BTreeMap<PathBuf, usize>,
    bytes_max: u64,
    sync_fails_once: bool,
    operations_left: Option<u32>,
}

#[derive(Default)]
struct Inode {
    content: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimDisk {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: StdRng::seed_from_u64(seed),
            inodes: Vec::new(),
            files: BTreeMap::new(),
            durable_files: BTreeMap::new(),
            bytes_max: u64::MAX,
            sync_fails_once: false,
            operations_left: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// From now on only `free` more bytes fit.
    pub(super) fn limit_space(&self, free: u64) {
        let mut state = self.state();
        state.bytes_max = state.bytes().saturating_add(free);
    }

    /// The next sync of a file fails.
    pub(super) fn fail_next_sync(&self) {
        self.state().sync_fails_once = true;
    }

    /// Power goes after so many more operations.
    pub(super) fn lose_power_after(&self, operations: u32) {
        self.state().operations_left = Some(operations);
    }

    pub(super) fn power_is_off(&self) -> bool {
        self.state().operations_left == Some(0)
    }

    /// The process is gone; what it wrote is in the page cache.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.operations_left = None;
        state.sync_fails_once = false;
        state.bytes_max = u64::MAX;
    }

    /// Power is gone: of what was not synced, anything may be lost.
    pub(super) fn crash(&self) {
        self.restart();
        self.state().forget();
    }
}

impl State {
    fn operate(&mut self) -> io::Result<()> {
        match &mut self.operations_left {
            Some(0) => return Err(io::Error::other("power is off")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.files.values().map(|inode| self.inodes[*inode].content.len() as u64).sum()
    }

    fn forget(&mut self) {
        let State { random, inodes, files, durable_files, .. } = self;
        let luck = [0.0, 0.5, 0.9, 1.0][random.random_range(0..4)];
        let mut kept = BTreeMap::new();
        for (path, inode) in files.iter().chain(durable_files.iter()) {
            let now = files.get(path);
            let before = durable_files.get(path);
            if now == before || now.is_none() == random.random_bool(1.0 - luck) {
                kept.insert(path.clone(), *inode);
            }
        }
        for inode in inodes.iter_mut() {
            inode.settle(random, luck);
            inode.content = inode.durable.clone();
        }
        *files = kept.clone();
        *durable_files = kept;
    }
}

impl Inode {
    /// Each sector of what was not synced reaches the disk or does not.
    fn settle(&mut self, random: &mut StdRng, luck: f64) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Length(length) if random.random_bool(luck) => {
                    self.durable.resize(length, 0);
                }
                Change::Length(_) => {}
                Change::Write(position, bytes) => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let to = (from + SECTOR - (position + from) % SECTOR).min(bytes.len());
                        if random.random_bool(luck) {
                            write(&mut self.durable, position + from, &bytes[from..to]);
                        }
                        from = to;
                    }
                }
            }
        }
    }
}

fn write(content: &mut Vec<u8>, position: usize, bytes: &[u8]) {
    let end = position + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[position..end].copy_from_slice(bytes);
}

impl Disk for SimDisk {
    fn create_folder(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let names = state.files.keys().filter(|path| path.parent() == Some(folder));
        Ok(names.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        state.operate()?;
        assert!(!state.files.contains_key(path), "{} is there already", path.display());
        state.inodes.push(Inode::default());
        let inode = state.inodes.len() - 1;
        state.files.insert(path.to_path_buf(), inode);
        if state.random.random_bool(0.3) {
            // The journal may write an entry long before it is asked to.
            state.durable_files.insert(path.to_path_buf(), inode);
        }
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.state().files.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        state.files.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let State { files, durable_files, .. } = &mut *state;
        durable_files.retain(|path, _| path.parent() != Some(folder));
        let inside = files.iter().filter(|(path, _)| path.parent() == Some(folder));
        durable_files.extend(inside.map(|(path, inode)| (path.clone(), *inode)));
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].content.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let content = &state.inodes[self.inode].content;
        let there = content.get(position as usize..).unwrap_or_default();
        let read = there.len().min(buffer.len());
        buffer[..read].copy_from_slice(&there[..read]);
        Ok(read)
    }

    fn write_all_at(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operate()?;
        let free = state.bytes_max.saturating_sub(state.bytes()) as usize;
        let inode = &mut state.inodes[self.inode];
        let grows = (position as usize + bytes.len()).saturating_sub(inode.content.len());
        let fits = bytes.len() - grows.saturating_sub(free);
        write(&mut inode.content, position as usize, &bytes[..fits]);
        inode.unsynced.push(Change::Write(position as usize, bytes[..fits].to_vec()));
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn set_bytes(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operate()?;
        let inode = &mut state.inodes[self.inode];
        inode.content.resize(bytes as usize, 0);
        inode.unsynced.push(Change::Length(bytes as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operate()?;
        let State { random, inodes, sync_fails_once, .. } = &mut *state;
        let inode = &mut inodes[self.inode];
        if std::mem::take(sync_fails_once) {
            // The page cache forgets that there was something to write.
            inode.settle(random, 0.5);
            return Err(io::Error::other("sync failed"));
        }
        inode.durable = inode.content.clone();
        inode.unsynced.clear();
        Ok(())
    }
}
