//! What queries read from in a process that has shards.
//!
//! Law: one view per query over all partitions, each a pair of manifest and tail. Of two
//! partitions that hold the same series and timestamp the higher one wins.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hydrograph_storage::engine::PartitionView;
use hydrograph_storage::source::{
    LabelQuestion, SampleReader, SelectRequest, Series, SeriesPart, SeriesSet, Source, SourceError,
};

use super::shards::Shards;

/// Tails and blocks of all partitions of this process' shards.
pub struct ShardsSource {
    shards: Arc<Shards>,
}

impl ShardsSource {
    /// Reads through these shards.
    pub fn new(shards: Arc<Shards>) -> Self {
        Self { shards }
    }
}

#[async_trait]
impl Source for ShardsSource {
    async fn select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        let views = self.shards.snapshot(request).await?;
        let merged = |nth| SeriesSet::merge(views.iter().map(|view| selected(view, nth)).collect());
        Ok((0..request.selectors.len()).map(merged).collect())
    }

    async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        let answers = self.shards.label_strings(request, question).await?;
        let strings: BTreeSet<String> =
            answers.into_iter().flat_map(|(_manifest, strings)| strings).collect();
        Ok(strings.into_iter().collect())
    }
}

fn selected(view: &PartitionView, nth: usize) -> SeriesSet {
    let series = view.tail.series(nth).iter().map(|(labels, id)| {
        let reader = Arc::clone(&view.tail) as Arc<dyn SampleReader>;
        Series { labels: labels.clone(), parts: vec![SeriesPart { reader, id: *id }] }
    });
    SeriesSet { series: series.collect() }
}
