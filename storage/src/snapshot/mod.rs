//! The answer of a query out of partition views: blocks and tail of each partition joined.
//!
//! Law: within a partition blocks come in ascending order of offsets and the tail last, so the
//! later record wins; a record that is both in a block and in the tail is the same sample twice.
//! Of two partitions with the same series the higher one wins. A named block that is missing is
//! an error: take new views once, then give up.
//!
//! Everything here may block the thread on the store.

mod blocks;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use blocks::BlockCache;

use crate::block::{Block, BlockEntry};
use crate::engine::PartitionView;
use crate::limits::Reservation;
use crate::manifest::Manifest;
use crate::matcher::Matcher;
use crate::samples::Samples;
use crate::source::{
    LabelQuestion, SampleReader, SelectRequest, Series, SeriesPart, SeriesSet, SourceError,
};
use crate::time_range::TimeRange;

/// What a selected series of a block takes besides its label text.
const SERIES_BYTES: usize = 64;

/// Answers the selectors of a request from one view per partition, ascending.
pub fn select(
    views: &[PartitionView],
    request: &SelectRequest,
    cache: &BlockCache,
) -> Result<Vec<SeriesSet>, SourceError> {
    for view in views {
        cache.seen(&view.manifest);
    }
    let answer = |nth: usize| {
        let mut sets = Vec::new();
        for view in views {
            let selector = &request.selectors[nth];
            for entry in entries(&view.manifest, &request.tenant, selector.range) {
                request.limits.check()?;
                let block = cache.open(entry)?;
                sets.push(of_block(block, request, &selector.matchers, selector.range)?);
            }
            sets.push(of_tail(view, nth));
        }
        Ok(SeriesSet::merge(sets))
    };
    (0..request.selectors.len()).map(answer).collect()
}

/// Distinct label names or values: those of the tails, and what the manifests' blocks have.
pub fn label_strings(
    tails: Vec<(Arc<Manifest>, BTreeSet<String>)>,
    request: &SelectRequest,
    question: &LabelQuestion,
    cache: &BlockCache,
) -> Result<Vec<String>, SourceError> {
    let everything: (&[Matcher], TimeRange) = (&[], TimeRange::ALL);
    let mut wanted: Vec<(&[Matcher], TimeRange)> =
        request.selectors.iter().map(|selector| (&*selector.matchers, selector.range)).collect();
    if wanted.is_empty() {
        wanted.push(everything);
    }
    let mut strings = BTreeSet::new();
    for (manifest, tail) in tails {
        cache.seen(&manifest);
        strings.extend(tail);
        for &(matchers, range) in &wanted {
            for entry in entries(&manifest, &request.tenant, range) {
                request.limits.check()?;
                let found = cache
                    .open(entry)?
                    .label_strings(&request.tenant, matchers, range, question)
                    .map_err(|error| blocks::source_error(&entry.name, error))?;
                strings.extend(found);
            }
        }
    }
    Ok(strings.into_iter().collect())
}

/// The blocks that may hold samples of a tenant inside a range, in the order of precedence.
fn entries<'a>(
    manifest: &'a Manifest,
    tenant: &'a str,
    range: TimeRange,
) -> impl Iterator<Item = &'a BlockEntry> {
    manifest.blocks.iter().filter(move |block| block.may_hold(tenant, range))
}

fn of_tail(view: &PartitionView, nth: usize) -> SeriesSet {
    let series = view.tail.series(nth).iter().map(|(labels, id)| {
        let reader = Arc::clone(&view.tail) as Arc<dyn SampleReader>;
        Series { labels: labels.clone(), parts: vec![SeriesPart { reader, id: *id }] }
    });
    SeriesSet { series: series.collect() }
}

fn of_block(
    block: Arc<Block>,
    request: &SelectRequest,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<SeriesSet, SourceError> {
    let found = block
        .select(&request.tenant, matchers, range)
        .map_err(|error| blocks::source_error(&block.entry().name, error))?;
    let text: usize = found.iter().map(|(labels, _)| labels.text_bytes()).sum();
    let kept = request.limits.reserve("block series", found.len() * SERIES_BYTES + text)?;
    let reader: Arc<dyn SampleReader> = Arc::new(OfBlock { block, _kept: kept });
    let series = found.into_iter().map(|(labels, id)| {
        let reader = Arc::clone(&reader);
        Series { labels, parts: vec![SeriesPart { reader, id }] }
    });
    Ok(SeriesSet { series: series.collect() })
}

/// A block, and the bytes that a query is charged for what it selected there.
struct OfBlock {
    block: Arc<Block>,
    _kept: Reservation,
}

impl SampleReader for OfBlock {
    fn read(&self, id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        self.block.read(id, range, out)
    }
}
