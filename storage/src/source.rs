//! What a query reads from. An engine's snapshot, a block and a remote querier each implement
//! [`Source`]; so does whatever joins several of them.
//!
//! Law: one call of [`Source::select`] is one consistent view: every sample of its answer was
//! there at one position of each partition, each sample once, and reading the answer later
//! shows the same samples. Labels are known before the first sample is read.

use std::sync::Arc;

use async_trait::async_trait;

use crate::labels::Labels;
use crate::limits::{QueryLimits, Stopped};
use crate::matcher::Matcher;
use crate::samples::Samples;
use crate::time_range::TimeRange;

/// Why a source could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The query was stopped: budget, deadline or cancellation.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// Stored bytes are not what was written.
    #[error("corrupt data: {0}")]
    Corrupt(String),
    /// A part of the data cannot be reached now.
    #[error("data unavailable: {0}")]
    Unavailable(String),
}

/// The series and the time that one selector of a query asks for.
#[derive(Clone, Debug)]
pub struct Selector {
    /// All must match. A label that is absent has the value "".
    pub matchers: Vec<Matcher>,
    /// Samples outside are never returned; series without samples inside need not be.
    pub range: TimeRange,
}

/// Everything that a query selects, so that one view serves all of it.
#[derive(Clone)]
pub struct SelectRequest {
    /// Whose series.
    pub tenant: Arc<str>,
    /// Answered in this order.
    pub selectors: Vec<Selector>,
    /// Charged with what the answer keeps in memory.
    pub limits: QueryLimits,
}

/// What a metadata request wants to know of the matching series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelQuestion {
    /// All label names.
    Names,
    /// All values of one label name.
    Values(String),
}

/// Series and samples of all tenants.
#[async_trait]
pub trait Source: Send + Sync {
    /// Takes one consistent view and answers every selector from it.
    async fn select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError>;

    /// Distinct label names or values of the series that any of the request's selectors matches
    /// (of all series where there is no selector), ascending.
    async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError>;
}

/// The answer to one selector: series in ascending order of labels, each once.
#[derive(Default)]
pub struct SeriesSet {
    /// The series.
    pub series: Vec<Series>,
}

/// One selected series: its labels, and where its samples are.
pub struct Series {
    /// Its whole label set, the name included.
    pub labels: Labels,
    /// In ascending precedence: where two hold the same timestamp, the later one wins.
    pub parts: Vec<SeriesPart>,
}

/// The samples of one series in one place.
#[derive(Clone)]
pub struct SeriesPart {
    /// The place: a copy of a tail, or a block.
    pub reader: Arc<dyn SampleReader>,
    /// The series' number in that place.
    pub id: u32,
}

/// A place that holds samples of many series and that does not change. Reading may block the
/// thread on a disk or a network, so it happens on threads that may block.
pub trait SampleReader: Send + Sync {
    /// Appends the samples of series `id` inside `range`, strictly ascending, to `out`, which the
    /// caller has cleared.
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError>;
}

impl Series {
    /// Replaces `out` by the samples inside `range`, all parts merged. `scratch` is working space.
    pub fn read(
        &self,
        range: TimeRange,
        out: &mut Samples,
        scratch: &mut Samples,
    ) -> Result<(), SourceError> {
        out.clear();
        for (nth, part) in self.parts.iter().enumerate() {
            if nth == 0 {
                part.reader.read(part.id, range, out)?;
            } else {
                scratch.clear();
                part.reader.read(part.id, range, scratch)?;
                out.merge_newer(scratch);
            }
        }
        Ok(())
    }
}

impl SeriesSet {
    /// Joins answers of several places into one; where labels are equal, the parts of a later
    /// set take precedence over those of an earlier one.
    pub fn merge(sets: Vec<SeriesSet>) -> SeriesSet {
        let mut series: Vec<Series> = sets.into_iter().flat_map(|set| set.series).collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut merged: Vec<Series> = Vec::with_capacity(series.len());
        for next in series {
            match merged.last_mut() {
                Some(last) if last.labels == next.labels => last.parts.extend(next.parts),
                _ => merged.push(next),
            }
        }
        SeriesSet { series: merged }
    }
}
