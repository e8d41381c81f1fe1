//! One request, decoded and validated, in a lane per partition; everything borrows from it.
//!
//! Law: nothing reaches a batch before the whole request has been read, so that a malformed one
//! leaves nothing behind, and a partition's batch is locked once per request.

use std::mem::take;

use hydrograph_storage::ids::PartitionId;

/// Labels whose room is kept from request to request, over all lanes; samples likewise.
const KEEP_MAX: usize = 1 << 16;

/// The series of a request by partition.
#[derive(Debug, Default)]
pub(super) struct Staged<'b> {
    lanes: Vec<Lane<'b>>,
}

/// The series for one partition, in the request's order.
#[derive(Debug, Default)]
pub(super) struct Lane<'b> {
    labels: Vec<(&'b str, &'b str)>,
    samples: Vec<(i64, f64)>,
    /// Where each series' labels and samples end.
    ends: Vec<(u32, u32)>,
}

/// Labels and samples of one series.
pub(super) type Series<'s, 'b> = (&'s [(&'b str, &'b str)], &'s [(i64, f64)]);

/// The room of a [`Staged`] between requests.
pub(super) type Room = Staged<'static>;

impl<'b> Staged<'b> {
    /// Takes a room for `partitions` lanes.
    pub(super) fn new(mut room: Room, partitions: u32) -> Self {
        let lanes = take(&mut room.lanes).into_iter().map(|lane| lane.recycle(KEEP_MAX));
        let mut lanes: Vec<Lane<'b>> = lanes.collect();
        lanes.resize_with(partitions as usize, Lane::default);
        Self { lanes }
    }

    /// Gives the room back.
    pub(super) fn into_room(self) -> Room {
        let keep = KEEP_MAX / self.lanes.len().max(1);
        Staged { lanes: self.lanes.into_iter().map(|lane| lane.recycle(keep)).collect() }
    }

    /// Adds those samples of a series that `keep` lets pass; answers how many.
    #[inline]
    pub(super) fn push(
        &mut self,
        partition: PartitionId,
        labels: &[(&'b str, &'b str)],
        samples: impl Iterator<Item = (i64, f64)>,
    ) -> usize {
        let lane = &mut self.lanes[partition.0 as usize];
        let before = lane.samples.len();
        lane.samples.extend(samples);
        let pushed = lane.samples.len() - before;
        if pushed > 0 {
            lane.labels.extend_from_slice(labels);
            lane.ends.push((lane.labels.len() as u32, lane.samples.len() as u32));
        }
        pushed
    }

    /// The partitions that got something.
    pub(super) fn lanes(&self) -> impl Iterator<Item = (PartitionId, &Lane<'b>)> {
        let lanes = (0..).map(PartitionId).zip(&self.lanes);
        lanes.filter(|(_, lane)| !lane.ends.is_empty())
    }
}

impl<'b> Lane<'b> {
    /// The series in order.
    pub(super) fn series(&self) -> impl Iterator<Item = Series<'_, 'b>> {
        let mut begin = (0, 0);
        self.ends.iter().map(move |&(labels, samples)| {
            let (first_label, first_sample) = begin;
            begin = (labels as usize, samples as usize);
            (&self.labels[first_label..begin.0], &self.samples[first_sample..begin.1])
        })
    }

    /// Empties a lane and changes the lifetime in its type; collecting in place keeps its room.
    fn recycle<'to>(mut self, keep: usize) -> Lane<'to> {
        self.labels.clear();
        self.labels.shrink_to(keep);
        self.samples.clear();
        self.samples.shrink_to(keep);
        self.ends.clear();
        self.ends.shrink_to(keep);
        let labels = self.labels.into_iter().map(|_| ("", "")).collect();
        Lane { labels, samples: self.samples, ends: self.ends }
    }
}
