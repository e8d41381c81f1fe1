//! The `load` command: a block of series, their points at equal distances from the epoch on.

use hydrograph_storage::labels::Labels;

use super::series::{LoadedSeries, SeriesLine, SeriesValue};
use super::storage::NotHeld;

/// Series to be added to a storage.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Point i of a series stands at i times this.
    pub interval_ms: i64,
    /// Classic histograms are to be added as native ones with custom buckets, too.
    pub with_custom_buckets: bool,
    /// The series; each label set once.
    pub series: Vec<LoadedSeries>,
}

impl Load {
    /// Reads the lines of a block; where a series stands twice the second counts.
    pub(super) fn parse_series<'a>(
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<LoadedSeries>, String> {
        let mut all: Vec<LoadedSeries> = Vec::new();
        let mut starts: Option<(Labels, Vec<Option<i64>>)> = None;
        for line in lines {
            match SeriesLine::parse(line)? {
                SeriesLine::Starts(labels, offsets) => {
                    if starts.replace((labels, offsets)).is_some() {
                        return Err(format!("no samples for the start timestamps before {line:?}"));
                    }
                }
                SeriesLine::Values(mut series) => {
                    if let Some((labels, offsets)) = starts.take() {
                        if labels != series.labels || offsets.len() != series.values.len() {
                            return Err(format!("start timestamps do not fit {line:?}"));
                        }
                        series.start_offsets_ms = offsets;
                    }
                    all.retain(|other| other.labels != series.labels);
                    all.push(series);
                }
            }
        }
        match starts {
            Some((labels, _)) => Err(format!("no samples for the start timestamps of {labels}")),
            None => Ok(all),
        }
    }

    /// Hands every point to `append`, for storages that know only floats without start
    /// timestamps; refuses before the first one if there is anything else.
    pub fn floats(&self, mut append: impl FnMut(&Labels, i64, f64)) -> Result<(), NotHeld> {
        for series in &self.series {
            if series.start_offsets_ms.iter().any(Option::is_some) {
                return Err(NotHeld(format!("start timestamps of {}", series.labels)));
            }
        }
        self.started_floats(|labels, t_ms, value, _| append(labels, t_ms, value))
    }

    /// Hands every point with its start timestamp (0 where it has none) to `append`, for
    /// storages that know only floats; refuses before the first one if there is anything else.
    pub fn started_floats(
        &self,
        mut append: impl FnMut(&Labels, i64, f64, i64),
    ) -> Result<(), NotHeld> {
        if self.with_custom_buckets {
            return Err(NotHeld("native histograms with custom buckets".to_owned()));
        }
        for series in &self.series {
            if series.values.iter().any(|v| matches!(v, SeriesValue::Histogram { .. })) {
                return Err(NotHeld(format!("native histograms of {}", series.labels)));
            }
        }
        for series in &self.series {
            for (at, value) in series.values.iter().enumerate() {
                if let SeriesValue::Float(value) = value {
                    let t_ms = (at as i64).saturating_mul(self.interval_ms);
                    let offset_ms = series.start_offsets_ms.get(at).copied().flatten();
                    let start_ms = offset_ms.map_or(0, |offset_ms| t_ms.saturating_add(offset_ms));
                    append(&series.labels, t_ms, *value, start_ms);
                }
            }
        }
        Ok(())
    }
}
