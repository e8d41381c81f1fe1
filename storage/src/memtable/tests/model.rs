//! The memtable as maps of maps.

use std::collections::BTreeMap;

use super::*;

type SeriesMap = BTreeMap<(String, Labels), BTreeMap<i64, u64>>;

#[derive(Debug)]
struct ModelGeneration {
    stats: GenerationStats,
    series: SeriesMap,
}

/// The series of an answer, those with samples.
pub(super) type Shown = Vec<(Labels, Vec<(i64, u64)>)>;

/// A row of a flush, in the order of its fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) tenant: String,
    pub(super) window_ms: (i64, i64),
    pub(super) metric: String,
    pub(super) labels: Labels,
    pub(super) samples: Vec<(i64, u64)>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) offset: u64,
    /// The active one last.
    generations: Vec<ModelGeneration>,
}

impl ModelGeneration {
    fn new(id: u64, at: u64) -> Self {
        let stats = GenerationStats {
            id: GenerationId(id),
            records: 0,
            first: Offset(at),
            end: Offset(at),
            samples: 0,
            series: 0,
            arena_bytes: 0,
            times_ms: None,
            newest_receive_ms: None,
        };
        Self { stats, series: BTreeMap::new() }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self { offset: 0, generations: vec![ModelGeneration::new(0, 0)] }
    }
}

pub(super) fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|m| m.matches(labels.get(&m.name).unwrap_or("")))
}

impl Model {
    /// Applies a record, which the tests give every second offset.
    pub(super) fn apply(&mut self, pushes: &[Push]) -> u64 {
        let offset = self.offset;
        self.offset += 2;
        let active = self.generations.last_mut().unwrap();
        let stats = &mut active.stats;
        if stats.records == 0 {
            stats.first = Offset(offset);
        }
        stats.end = Offset(offset + 1);
        stats.records += 1;
        stats.newest_receive_ms = Some(offset as i64);
        let mut count = 0;
        // A batch has a section for each tenant, but rows of one series keep their order.
        for (tenant, pairs, samples) in pushes {
            let labels = Labels::from_pairs(pairs.iter().map(|(n, v)| (&**n, &**v)));
            let series = active.series.entry(((*tenant).to_owned(), labels)).or_default();
            for &(t_ms, bits) in samples {
                series.insert(t_ms, bits);
                count += 1;
                let (min, max) = stats.times_ms.unwrap_or((t_ms, t_ms));
                stats.times_ms = Some((min.min(t_ms), max.max(t_ms)));
            }
        }
        stats.samples += count;
        stats.series = active.series.len() as u64;
        count
    }

    pub(super) fn freeze(&mut self) -> Option<GenerationId> {
        let GenerationStats { id, end, records, .. } = self.generations.last().unwrap().stats;
        if records == 0 {
            return None;
        }
        self.generations.push(ModelGeneration::new(id.0 + 1, end.0));
        Some(id)
    }

    pub(super) fn release(&mut self, nth: usize) -> Option<GenerationId> {
        let frozen = self.generations.len() - 1;
        (frozen > 0).then(|| self.generations.remove(nth % frozen).stats.id)
    }

    pub(super) fn stats(&self) -> Vec<GenerationStats> {
        self.generations.iter().map(|generation| generation.stats).collect()
    }

    pub(super) fn live_series(&self) -> usize {
        let keys = self.generations.iter().flat_map(|generation| generation.series.keys());
        keys.collect::<BTreeSet<_>>().len()
    }

    pub(super) fn select(&self, tenant: &str, selector: &Selector) -> Shown {
        let mut merged: BTreeMap<&Labels, BTreeMap<i64, u64>> = BTreeMap::new();
        for ((owner, labels), samples) in self.generations.iter().flat_map(|g| &g.series) {
            if owner == tenant && matches(&selector.matchers, labels) {
                let inside = samples.iter().filter(|&(&t_ms, _)| selector.range.contains(t_ms));
                let inside: Vec<_> = inside.map(|(&t_ms, &bits)| (t_ms, bits)).collect();
                if !inside.is_empty() {
                    merged.entry(labels).or_default().extend(inside);
                }
            }
        }
        let series = merged.into_iter();
        series.map(|(labels, samples)| (labels.clone(), samples.into_iter().collect())).collect()
    }

    pub(super) fn flush(&self, nth: usize, window_ms: i64) -> Option<(GenerationId, Vec<Row>)> {
        let frozen = self.generations.len() - 1;
        let generation = &self.generations[(frozen > 0).then(|| nth % frozen)?];
        let mut rows: Vec<Row> = Vec::new();
        for ((tenant, labels), samples) in &generation.series {
            let mut windows: BTreeMap<i128, Vec<(i64, u64)>> = BTreeMap::new();
            for (&t_ms, &bits) in samples {
                let window = i128::from(t_ms).div_euclid(i128::from(window_ms));
                windows.entry(window * i128::from(window_ms)).or_default().push((t_ms, bits));
            }
            for (start, samples) in windows {
                let clip = |t: i128| t.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
                rows.push(Row {
                    tenant: tenant.clone(),
                    window_ms: (clip(start), clip(start + i128::from(window_ms))),
                    metric: labels.metric_name().to_owned(),
                    labels: labels.clone(),
                    samples,
                });
            }
        }
        rows.sort();
        Some((generation.stats.id, rows))
    }

    pub(super) fn label_strings(
        &self,
        tenant: &str,
        selectors: &[Selector],
        question: &LabelQuestion,
    ) -> BTreeSet<String> {
        let everything = [selector(Vec::new(), TimeRange::ALL)];
        let selectors = if selectors.is_empty() { &everything[..] } else { selectors };
        let mut strings = BTreeSet::new();
        for ((owner, labels), samples) in self.generations.iter().flat_map(|g| &g.series) {
            let first_and_last = samples.first_key_value().zip(samples.last_key_value());
            let Some(((&min, _), (&max, _))) = first_and_last else { continue };
            let selected = selectors.iter().any(|selector| {
                matches(&selector.matchers, labels)
                    && !selector.range.is_empty()
                    && min < selector.range.end_ms
                    && selector.range.start_ms <= max
            });
            if owner == tenant && selected {
                match question {
                    LabelQuestion::Names => strings.extend(labels.iter().map(|(n, _)| n.into())),
                    LabelQuestion::Values(name) => strings.extend(labels.get(name).map(Into::into)),
                }
            }
        }
        strings
    }
}
