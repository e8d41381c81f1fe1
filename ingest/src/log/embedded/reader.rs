//! A position in one partition: reads from memory where it can, from the files where it must.
//!
//! Law: shows durable records only, each exactly once and in order; what is read from a file is
//! checked against its CRC. Waiting is by the writer's watch, never by polling.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use hydrograph_storage::ids::{Offset, PartitionId, Record};
use tokio::sync::watch;

use super::disk::{Disk, DiskFile};
use super::format::{FRAME_BYTES, FrameHead, HEADER_BYTES, RECORD_BYTES_MAX, SegmentHeader};
use super::partition::segment_path;
use super::tail::Tail;
use super::{closed, unavailable};
use crate::log::{LogError, LogReader};

/// A file is read in pieces between these.
const CHUNK_BYTES_MIN: usize = 64 << 10;
const CHUNK_BYTES_MAX: usize = 4 << 20;

/// A partition as its readers see it.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    pub(super) partition: PartitionId,
    pub(super) tail: Arc<Tail>,
    pub(super) latest: watch::Receiver<Offset>,
}

impl Shown {
    pub(super) fn out_of_range(&self, offset: Offset) -> LogError {
        LogError::OutOfRange {
            partition: self.partition,
            offset,
            earliest: Offset(self.tail.earliest()),
            latest: *self.latest.borrow(),
        }
    }
}

/// Reads on from an offset.
pub(super) struct EmbeddedReader {
    shown: Shown,
    next: Offset,
    place: Option<Place>,
}

/// Where in the files a reader is.
#[derive(Clone)]
pub(super) struct Place {
    segment: u64,
    position: u64,
    /// Offset of the frame that begins at the position.
    next: u64,
    file: Option<Arc<dyn DiskFile>>,
}

impl EmbeddedReader {
    pub(super) fn new(shown: Shown, next: Offset) -> Self {
        Self { shown, next, place: None }
    }

    fn next_from_memory(&mut self, max_bytes: usize) -> Option<Vec<Record>> {
        let recent = self.shown.tail.recent(self.next, max_bytes);
        let last = recent.last()?;
        self.next = last.record.offset.next();
        let file = self.place.take().filter(|place| place.segment == last.segment);
        self.place = Some(Place {
            segment: last.segment,
            position: last.end_position,
            next: self.next.0,
            file: file.and_then(|place| place.file),
        });
        Some(recent.into_iter().map(|recent| recent.record).collect())
    }
}

#[async_trait]
impl LogReader for EmbeddedReader {
    async fn next(&mut self, max_bytes: usize) -> Result<Vec<Record>, LogError> {
        let next = self.next;
        let latest = self.shown.latest.wait_for(|latest| *latest > next).await;
        let latest = *latest.map_err(|_ended| closed())?;
        if let Some(records) = self.next_from_memory(max_bytes) {
            return Ok(records);
        }
        let walk = Walk { shown: self.shown.clone(), latest: latest.0 };
        let place = self.place.clone();
        let read = move || walk.read(place, next.0, max_bytes);
        let read = tokio::task::spawn_blocking(read).await.map_err(|_ended| closed())?;
        let (records, place) = read?;
        self.next = Offset(place.next);
        self.place = Some(place);
        Ok(records)
    }
}

/// One blocking pass over the files.
pub(super) struct Walk {
    pub(super) shown: Shown,
    pub(super) latest: u64,
}

impl Walk {
    /// Reads at least one record from `offset` on, which is durable.
    pub(super) fn read(
        &self,
        place: Option<Place>,
        offset: u64,
        max_bytes: usize,
    ) -> Result<(Vec<Record>, Place), LogError> {
        let chunk_bytes = max_bytes.clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
        let mut place = place.unwrap_or(Place { segment: 0, position: 0, next: 0, file: None });
        let mut records = Vec::new();
        let mut left = max_bytes;
        loop {
            let span = self.shown.tail.segment_of(offset);
            let span = span.ok_or_else(|| self.shown.out_of_range(Offset(offset)))?;
            if place.position == 0 || place.segment != span.first {
                let position = HEADER_BYTES as u64;
                place = Place { segment: span.first, position, next: span.first, file: None };
            }
            let file = match place.file.take() {
                Some(file) => file,
                None => self.open(span.first, offset)?,
            };
            let end = span.end.unwrap_or(u64::MAX).min(self.latest);
            let chunk = Self::read_chunk(&*file, &place, chunk_bytes)?;
            place.file = Some(file);
            let mut rest = chunk.clone();
            while place.next < end {
                let is_first = rest.len() == chunk.len();
                let Some(head) = self.head_of(&rest, &place, is_first)? else { break };
                let record = rest.slice(FRAME_BYTES..head.frame_bytes());
                if place.next >= offset {
                    if !records.is_empty() && record.len() > left {
                        return Ok((records, place));
                    }
                    left = left.saturating_sub(record.len());
                    records.push(Record { offset: Offset(place.next), bytes: record });
                }
                rest = rest.slice(head.frame_bytes()..);
                place.position += head.frame_bytes() as u64;
                place.next += 1;
            }
            if !records.is_empty() {
                return Ok((records, place));
            }
        }
    }

    /// Opens a segment and checks that it is the one.
    fn open(&self, first: u64, offset: u64) -> Result<Arc<dyn DiskFile>, LogError> {
        let path = segment_path(&self.shown.folder, first);
        let file = match self.shown.disk.open(&path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let released = self.shown.tail.earliest() > offset;
                let place = Place { segment: first, position: 0, next: offset, file: None };
                return Err(if released {
                    self.shown.out_of_range(Offset(offset))
                } else {
                    self.corrupt(&place, "segment is missing")
                });
            }
            Err(cause) => return Err(unavailable(cause)),
        };
        let mut header = [0; HEADER_BYTES];
        let read = file.read_at(&mut header, 0).map_err(unavailable)?;
        let expected = SegmentHeader { partition: self.shown.partition.0, first };
        if SegmentHeader::decode(&header[..read]) != Ok(expected) {
            let place = Place { segment: first, position: 0, next: first, file: None };
            return Err(self.corrupt(&place, "bad segment header"));
        }
        Ok(file)
    }

    /// Bytes from the place on: a chunk, or the whole first frame if that is larger.
    fn read_chunk(
        file: &dyn DiskFile,
        place: &Place,
        chunk_bytes: usize,
    ) -> Result<Bytes, LogError> {
        let mut chunk = vec![0; chunk_bytes];
        let mut read = file.read_at(&mut chunk, place.position).map_err(unavailable)?;
        let first = FrameHead::decode(&chunk[..read]).map_or(0, |head| head.frame_bytes());
        if first > chunk_bytes && first <= FRAME_BYTES + RECORD_BYTES_MAX {
            chunk = vec![0; first];
            read = file.read_at(&mut chunk, place.position).map_err(unavailable)?;
        }
        chunk.truncate(read);
        Ok(chunk.into())
    }

    /// The head of the frame that stands at `place` and begins `rest`; `None` if a chunk of
    /// several frames ends within it.
    fn head_of(
        &self,
        rest: &[u8],
        place: &Place,
        is_first: bool,
    ) -> Result<Option<FrameHead>, LogError> {
        match FrameHead::decode(rest) {
            Some(head) if head.frame_bytes() <= rest.len() => {
                if head.offset == place.next && head.is_intact(rest) {
                    Ok(Some(head))
                } else {
                    Err(self.corrupt(place, "bad frame"))
                }
            }
            _ if is_first => Err(self.corrupt(place, "segment ends within a frame")),
            _ => Ok(None),
        }
    }

    fn corrupt(&self, place: &Place, what: &str) -> LogError {
        let path = segment_path(&self.shown.folder, place.segment);
        LogError::Corrupt {
            partition: self.shown.partition,
            offset: Offset(place.next),
            reason: format!("{what} at byte {} of {}", place.position, path.display()),
        }
    }
}
