//! The store in a local folder.
//!
//! Law: bytes are written to a file of their own under `.tmp`, synced, and only then get their
//! name, by link(2) for create-if-absent (it never replaces) or rename(2); then every folder up
//! to the root is synced, those too that someone else has just made. So a name is seen with all
//! its bytes or not at all, and `Ok` survives a power cut. One process owns the folder.
//!
//! Blocking calls run on tokio's blocking threads, so the asynchronous half needs its runtime.

use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::{BlockFile, Created, Store, StoreError};

const UNNAMED: &str = ".tmp";

/// Objects are files below one folder. Clones share it.
#[derive(Clone)]
pub struct LocalStore(Arc<Folder>);

struct Folder {
    root: PathBuf,
    next_unnamed: AtomicU64,
}

impl LocalStore {
    /// Makes the folder if it is absent, and throws away what a crash left without a name.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        let prepare = || {
            let existing = root.ancestors().find(|folder| folder.is_dir()).map(Path::to_path_buf);
            fs::create_dir_all(&root)?;
            match fs::remove_dir_all(root.join(UNNAMED)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => fs::create_dir(root.join(UNNAMED))?,
            }
            sync_up(&root, existing.as_deref().unwrap_or(&root))
        };
        prepare().map_err(|error| store_error(&root.to_string_lossy(), error))?;
        Ok(Self(Arc::new(Folder { root, next_unnamed: AtomicU64::new(0) })))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Folder, &str) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (folder, name) = (Arc::clone(&self.0), name.to_owned());
        let work = move || work(&folder, &name).map_err(|error| store_error(&name, error));
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer,
            Err(gone) => std::panic::resume_unwind(gone.into_panic()),
        }
    }
}

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        super::assert_name(name);
        self.root.join(name)
    }

    /// A synced file with these bytes, which has no name in the store yet.
    fn write_unnamed(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        loop {
            let number = self.next_unnamed.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(UNNAMED).join(number.to_string());
            let mut file = match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => file?,
            };
            let written = file.write_all(bytes).and_then(|()| file.sync_all());
            if let Err(error) = written {
                // It has no name, so a failure to remove it costs space until the next start.
                let _ = fs::remove_file(&path);
                return Err(error);
            }
            return Ok(path);
        }
    }

    /// Gives `bytes` a name with `publish`, then syncs the folders on the way to it.
    fn write<T>(
        &self,
        name: &str,
        bytes: &[u8],
        publish: impl FnOnce(&Path, &Path) -> io::Result<T>,
    ) -> io::Result<T> {
        let path = self.path(name);
        let unnamed = self.write_unnamed(bytes)?;
        let parent = path.parent().unwrap_or(&self.root);
        let published = fs::create_dir_all(parent).and_then(|()| publish(&unnamed, &path));
        if let Err(error) = fs::remove_file(&unnamed)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let published = published?;
        sync_up(parent, &self.root)?;
        Ok(published)
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut names = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(self.root.join(&folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let file = entry.file_name();
                let Some(file) = file.to_str().filter(|file| !file.starts_with('.')) else {
                    continue;
                };
                let slash = if folder.is_empty() { "" } else { "/" };
                let name = format!("{folder}{slash}{file}");
                if entry.file_type()?.is_dir() {
                    folders.push(name);
                } else if name.starts_with(prefix) {
                    names.push(name);
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, StoreError> {
        let link = |unnamed: &Path, path: &Path| match fs::hard_link(unnamed, path) {
            Ok(()) => Ok(Created::Yes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Exists),
            Err(error) => Err(error),
        };
        self.blocking(name, move |folder, name| folder.write(name, &bytes, link)).await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        let rename = |unnamed: &Path, path: &Path| fs::rename(unnamed, path);
        self.blocking(name, move |folder, name| folder.write(name, &bytes, rename)).await
    }

    async fn get(&self, name: &str) -> Result<Bytes, StoreError> {
        self.blocking(name, |folder, name| fs::read(folder.path(name)).map(Bytes::from)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.blocking(prefix, Folder::list).await
    }

    async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let remove = |folder: &Folder, name: &str| {
            let path = folder.path(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.and_then(|()| path.parent().map_or(Ok(()), sync_folder)),
            }
        };
        self.blocking(name, remove).await
    }

    fn open(&self, name: &str) -> Result<Arc<dyn BlockFile>, StoreError> {
        let open = || {
            let file = File::open(self.0.path(name))?;
            let len = file.metadata()?.len();
            Ok(LocalFile { name: name.to_owned(), file, len })
        };
        open().map(|file| Arc::new(file) as _).map_err(|error| store_error(name, error))
    }
}

struct LocalFile {
    name: String,
    file: File,
    len: u64,
}

impl BlockFile for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let outside = || StoreError::Corrupt {
            name: self.name.clone(),
            len: self.len,
            start: range.start,
            end: range.end,
        };
        if range.start > range.end || range.end > self.len {
            return Err(outside());
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        match self.file.read_exact_at(&mut bytes, range.start) {
            Ok(()) => Ok(Bytes::from(bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(outside()),
            Err(error) => Err(store_error(&self.name, error)),
        }
    }
}

/// Syncs `folder` and those above it, up to `last`.
fn sync_up(folder: &Path, last: &Path) -> io::Result<()> {
    for ancestor in folder.ancestors() {
        sync_folder(ancestor)?;
        if ancestor == last {
            break;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn store_error(name: &str, error: io::Error) -> StoreError {
    let name = name.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound { name },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { name },
        _ => StoreError::Unavailable { name, source: Arc::new(error) },
    }
}
