//! Series with all their samples in memory, and their order of arrival.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// Between two ticks; what falls between them arrives together, as from one scrape.
pub(crate) const TICK_MS: i64 = 15_000;

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Ascending by name.
    pub(crate) labels: Vec<(String, String)>,
    /// Ascending by time.
    pub(crate) samples: Vec<(i64, f64)>,
}

/// What is replayed.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub(crate) series: Vec<Series>,
}

#[derive(Deserialize)]
struct Line {
    labels: std::collections::BTreeMap<String, String>,
    t0: i64,
    dt: Vec<i64>,
    v: Vec<String>,
}

impl Dataset {
    /// Reads a recording: one JSON object a line, compressed with zstd.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        let lines = BufReader::new(zstd::Decoder::new(file)?).lines();
        let series = lines.map(|line| {
            let line: Line = serde_json::from_str(&line?)?;
            let times = std::iter::once(line.t0).chain(line.dt.iter().scan(line.t0, |t, dt| {
                *t += dt;
                Some(*t)
            }));
            let samples = times
                .zip(&line.v)
                .map(|(t_ms, text)| Ok((t_ms, text.parse()?)))
                .collect::<Result<_>>()?;
            Ok(Series { labels: line.labels.into_iter().collect(), samples })
        });
        Ok(Self { series: series.collect::<Result<_>>()? })
    }

    /// `copies` of each series, told apart by a label and by a shift of some milliseconds.
    pub(crate) fn copied(self, copies: u32) -> Self {
        let copy = |number: u32| {
            self.series.iter().map(move |one| {
                let shift_ms = i64::from(number) * 37 % 1_000;
                Series {
                    labels: with_label(&one.labels, "copy", &number.to_string()),
                    samples: one.samples.iter().map(|&(t, v)| (t + shift_ms, v)).collect(),
                }
            })
        };
        Self { series: (0..copies).flat_map(copy).collect() }
    }

    /// A recording of each second as 15 recordings of every 15th second.
    pub(crate) fn phases(self) -> Self {
        let phase = |number: usize| {
            self.series.iter().map(move |one| Series {
                labels: with_label(&one.labels, "copy", &number.to_string()),
                samples: one.samples.iter().copied().skip(number).step_by(15).collect(),
            })
        };
        Self { series: (0..15).flat_map(phase).filter(|one| !one.samples.is_empty()).collect() }
    }

    /// Drops what is older than `span_ms` before the newest sample.
    pub(crate) fn keep_newest(&mut self, span_ms: i64) {
        let Some((_, last_ms)) = self.span_ms() else { return };
        for one in &mut self.series {
            one.samples.retain(|&(t_ms, _)| t_ms > last_ms.saturating_sub(span_ms));
        }
        self.series.retain(|one| !one.samples.is_empty());
    }

    /// Moves all times so that the newest sample is at `end_ms`.
    pub(crate) fn rebase(&mut self, end_ms: i64) {
        let Some((_, last_ms)) = self.span_ms() else { return };
        for one in &mut self.series {
            for (t_ms, _) in &mut one.samples {
                *t_ms += end_ms - last_ms;
            }
        }
    }

    /// First and last time of all samples.
    pub(crate) fn span_ms(&self) -> Option<(i64, i64)> {
        let first = self.series.iter().filter_map(|one| one.samples.first()).map(|s| s.0).min()?;
        let last = self.series.iter().filter_map(|one| one.samples.last()).map(|s| s.0).max()?;
        Some((first, last))
    }

    /// The names of all metrics.
    pub(crate) fn metrics(&self) -> BTreeSet<&str> {
        let labels = self.series.iter().flat_map(|one| &one.labels);
        labels.filter(|(name, _)| name == "__name__").map(|(_, value)| &**value).collect()
    }

    /// Number of samples.
    pub(crate) fn samples(&self) -> u64 {
        self.series.iter().map(|one| one.samples.len() as u64).sum()
    }

    /// Number of ticks from the first to the last sample.
    pub(crate) fn ticks(&self) -> i64 {
        self.span_ms().map_or(0, |(first, last)| (last - first) / TICK_MS + 1)
    }
}

fn with_label(labels: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut all = labels.to_vec();
    all.push((name.to_owned(), value.to_owned()));
    all.sort();
    all
}
