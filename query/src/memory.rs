//! A source that holds all that it is given, for tests and test scripts.
//!
//! It knows no tenants: every query sees every series. Appending again at a time replaces what
//! was there, as everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use hydrograph_storage::labels::Labels;
use hydrograph_storage::samples::Samples;
use hydrograph_storage::source::{
    LabelQuestion, SampleReader, SelectRequest, Selector, Series, SeriesPart, SeriesSet, Source,
    SourceError,
};
use hydrograph_storage::time_range::TimeRange;

/// Series in memory.
#[derive(Default)]
pub struct MemorySource {
    series: RwLock<BTreeMap<Labels, Arc<Samples>>>,
}

impl MemorySource {
    /// A source without series.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one sample, in any order of time.
    pub fn append(&self, labels: &Labels, t_ms: i64, value: f64) {
        self.append_started(labels, t_ms, value, 0);
    }

    /// Adds one sample of a counter that started at `start_ms`; 0 where that is unknown.
    pub fn append_started(&self, labels: &Labels, t_ms: i64, value: f64, start_ms: i64) {
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let samples = Arc::make_mut(series.entry(labels.clone()).or_default());
        if samples.times_ms.last().is_none_or(|&last| last < t_ms) {
            samples.push_started(t_ms, value, start_ms);
        } else {
            let mut newer = Samples::new();
            newer.push_started(t_ms, value, start_ms);
            samples.merge_newer(&newer);
        }
    }

    fn matching(&self, selector: &Selector) -> Vec<(Labels, Arc<Samples>)> {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let matches = |labels: &Labels| {
            selector.matchers.iter().all(|m| m.matches(labels.get(&m.name).unwrap_or("")))
        };
        series.iter().filter(|(l, _)| matches(l)).map(|(l, s)| (l.clone(), s.clone())).collect()
    }
}

#[async_trait]
impl Source for MemorySource {
    async fn select(&self, request: &SelectRequest) -> Result<Vec<SeriesSet>, SourceError> {
        let answer = |selector| {
            let series = self.matching(selector).into_iter().map(|(labels, samples)| Series {
                labels,
                parts: vec![SeriesPart { reader: Arc::new(Copy(samples)), id: 0 }],
            });
            SeriesSet { series: series.collect() }
        };
        Ok(request.selectors.iter().map(answer).collect())
    }

    async fn label_strings(
        &self,
        request: &SelectRequest,
        question: &LabelQuestion,
    ) -> Result<Vec<String>, SourceError> {
        let everything = [Selector { matchers: Vec::new(), range: TimeRange::ALL }];
        let selectors =
            if request.selectors.is_empty() { &everything[..] } else { &request.selectors };
        let mut strings = BTreeSet::new();
        for (labels, _) in selectors.iter().flat_map(|selector| self.matching(selector)) {
            match question {
                LabelQuestion::Names => strings.extend(labels.iter().map(|(n, _)| n.to_owned())),
                LabelQuestion::Values(name) => {
                    strings.extend(labels.get(name).map(str::to_owned));
                }
            }
        }
        Ok(strings.into_iter().collect())
    }
}

/// One series as it was at the selection.
struct Copy(Arc<Samples>);

impl SampleReader for Copy {
    fn read(&self, _id: u32, range: TimeRange, out: &mut Samples) -> Result<(), SourceError> {
        let from = self.0.times_ms.partition_point(|&t| t < range.start_ms);
        let to = self.0.times_ms.partition_point(|&t| t < range.end_ms).max(from);
        out.extend_from(&self.0, from..to);
        Ok(())
    }
}
