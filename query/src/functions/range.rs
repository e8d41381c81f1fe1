//! A window over the samples of one series, and the functions of such windows.
//!
//! A series is prepared once ([`Scan`]): what the function can know for all its windows is
//! found in one pass. Then it is asked window by window, in ascending order.

use crate::functions::{changes, extended, over_time, rate, regression, starts};
use crate::promql::ast::Extension;

/// The samples of one series within a range of time. The start is outside, the end is inside;
/// samples of an extended range may lie outside of both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    /// Ascending; never empty.
    pub(crate) times_ms: &'a [i64],
    /// One for each time; no staleness markers.
    pub(crate) values: &'a [f64],
    /// Where the range starts.
    pub(crate) start_ms: i64,
    /// Where the range ends.
    pub(crate) end_ms: i64,
    /// The time of the step.
    pub(crate) t_ms: i64,
    /// The number of the first sample among those of the series.
    pub(crate) first: usize,
    /// When the counters of the samples started; empty where that is unknown.
    pub(crate) starts_ms: &'a [i64],
    /// Samples around the range are there, too.
    pub(crate) extension: Option<Extension>,
}

/// What a function knows of a whole series.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The samples at which the series starts anew or changes, by the function's own measure.
    marks: Vec<usize>,
    /// The samples that claim a start at which another one was counting, for extrapolations.
    overlaps: Vec<usize>,
}

impl Scan {
    /// Finds the marks of a series.
    pub(crate) fn prepare(
        &mut self,
        function: RangeFunction,
        times_ms: &[i64],
        values: &[f64],
        starts_ms: &[i64],
    ) {
        self.marks.clear();
        self.overlaps.clear();
        let differs: fn(f64, f64) -> bool = match function {
            RangeFunction::Rate | RangeFunction::Increase | RangeFunction::Resets => {
                |before, now| now < before
            }
            RangeFunction::Changes => {
                |before, now| now != before && !(now.is_nan() && before.is_nan())
            }
            _ => return,
        };
        if starts_ms.is_empty() {
            let pairs = values.windows(2).enumerate();
            self.marks.extend(pairs.filter(|(_, p)| differs(p[0], p[1])).map(|(nth, _)| nth + 1));
            return;
        }
        for at in 1..values.len() {
            let stamp = |at: usize| (times_ms[at], starts_ms[at]);
            let (before, now) = (stamp(at - 1), stamp(at));
            if differs(values[at - 1], values[at]) || starts::is_reset(before, now) {
                self.marks.push(at);
            }
            if function.extrapolates() && starts::overlap(before, now) {
                self.overlaps.push(at);
            }
        }
    }

    /// Bytes of memory behind the marks.
    pub(crate) fn capacity_bytes(&self) -> usize {
        (self.marks.capacity() + self.overlaps.capacity()) * size_of::<usize>()
    }

    /// The marks behind the first sample of a window, as numbers within the series.
    pub(crate) fn inside(&self, window: &Window<'_>) -> &[usize] {
        behind_first(&self.marks, window)
    }

    /// Whether a start within a window lies where another sample was counting. Extended ranges
    /// do not look at starts.
    pub(crate) fn overlaps(&self, window: &Window<'_>) -> bool {
        window.extension.is_none() && !behind_first(&self.overlaps, window).is_empty()
    }
}

fn behind_first<'a>(marks: &'a [usize], window: &Window<'_>) -> &'a [usize] {
    if marks.is_empty() {
        return &[];
    }
    let from = marks.partition_point(|&mark| mark <= window.first);
    let end = window.first + window.times_ms.len();
    let count = marks[from..].partition_point(|&mark| mark < end);
    &marks[from..from + count]
}

/// A function of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RangeFunction {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Deriv,
    PredictLinear,
    Changes,
    Resets,
    DoubleExponentialSmoothing,
    Avg,
    Count,
    First,
    Last,
    Mad,
    Max,
    Min,
    Present,
    Quantile,
    Stddev,
    Stdvar,
    Sum,
    TimeOfFirst,
    TimeOfLast,
    TimeOfMax,
    TimeOfMin,
}

impl RangeFunction {
    /// The function called so.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "avg_over_time" => Self::Avg,
            "changes" => Self::Changes,
            "count_over_time" => Self::Count,
            "delta" => Self::Delta,
            "deriv" => Self::Deriv,
            "double_exponential_smoothing" => Self::DoubleExponentialSmoothing,
            "first_over_time" => Self::First,
            "idelta" => Self::Idelta,
            "increase" => Self::Increase,
            "irate" => Self::Irate,
            "last_over_time" => Self::Last,
            "mad_over_time" => Self::Mad,
            "max_over_time" => Self::Max,
            "min_over_time" => Self::Min,
            "predict_linear" => Self::PredictLinear,
            "present_over_time" => Self::Present,
            "quantile_over_time" => Self::Quantile,
            "rate" => Self::Rate,
            "resets" => Self::Resets,
            "stddev_over_time" => Self::Stddev,
            "stdvar_over_time" => Self::Stdvar,
            "sum_over_time" => Self::Sum,
            "ts_of_first_over_time" => Self::TimeOfFirst,
            "ts_of_last_over_time" => Self::TimeOfLast,
            "ts_of_max_over_time" => Self::TimeOfMax,
            "ts_of_min_over_time" => Self::TimeOfMin,
            _ => return None,
        })
    }

    /// Whether it extends the rise of a counter to the ends of the range.
    pub(crate) fn extrapolates(self) -> bool {
        matches!(self, Self::Rate | Self::Increase)
    }

    /// Whether start timestamps matter to it.
    pub(crate) fn looks_at_starts(self) -> bool {
        matches!(self, Self::Rate | Self::Increase | Self::Irate | Self::Resets)
    }

    /// Whether it can use the samples around a range.
    pub(crate) fn extends(self, extension: Extension) -> bool {
        match self {
            Self::Rate | Self::Increase | Self::Delta => true,
            Self::Changes | Self::Resets => extension == Extension::Anchored,
            _ => false,
        }
    }

    /// Whether the result is the same quantity as the samples, so that it keeps their name.
    pub(crate) fn keeps_name(self) -> bool {
        matches!(self, Self::First | Self::Last)
    }

    /// The value for a window, if it has one; an error where a parameter is unusable.
    pub(crate) fn apply(
        self,
        window: &Window<'_>,
        scan: &Scan,
        params: [f64; 2],
        scratch: &mut Vec<f64>,
    ) -> Result<Option<f64>, String> {
        if window.extension.is_some() {
            return Ok(self.apply_extended(window, scan));
        }
        let last = window.times_ms.len() - 1;
        let seconds = |t_ms: i64| t_ms as f64 / 1000.0;
        Ok(match self {
            Self::Rate => rate::counter_increase(window, scan).map(|v| v / window.seconds()),
            Self::Increase => rate::counter_increase(window, scan),
            Self::Delta => rate::delta(window),
            Self::Irate => rate::instant(window, true),
            Self::Idelta => rate::instant(window, false),
            Self::Deriv => regression::slope(window),
            Self::PredictLinear => regression::predict(window, params[0]),
            Self::Changes | Self::Resets => Some(changes::count(window, scan)),
            Self::DoubleExponentialSmoothing => {
                return regression::smooth(window, params[0], params[1]);
            }
            Self::Avg => Some(over_time::avg(window.values)),
            Self::Count => Some(window.values.len() as f64),
            Self::First => Some(window.values[0]),
            Self::Last => Some(window.values[last]),
            Self::Mad => Some(over_time::mad(window.values, scratch)),
            Self::Max => Some(window.values[over_time::extreme(window.values, |a, b| a > b)]),
            Self::Min => Some(window.values[over_time::extreme(window.values, |a, b| a < b)]),
            Self::Present => Some(1.0),
            Self::Quantile => Some(over_time::quantile_of(params[0], window.values, scratch)),
            Self::Stddev => Some(over_time::variance(window.values).sqrt()),
            Self::Stdvar => Some(over_time::variance(window.values)),
            Self::Sum => Some(over_time::sum(window.values)),
            Self::TimeOfFirst => Some(seconds(window.times_ms[0])),
            Self::TimeOfLast => Some(seconds(window.times_ms[last])),
            Self::TimeOfMax => {
                let at = over_time::extreme(window.values, |a, b| a >= b);
                Some(seconds(window.times_ms[at]))
            }
            Self::TimeOfMin => {
                let at = over_time::extreme(window.values, |a, b| a <= b);
                Some(seconds(window.times_ms[at]))
            }
        })
    }
}

impl RangeFunction {
    fn apply_extended(self, window: &Window<'_>, scan: &Scan) -> Option<f64> {
        match self {
            Self::Rate => extended::increase(window, true).map(|v| v / window.seconds()),
            Self::Increase => extended::increase(window, true),
            Self::Delta => extended::increase(window, false),
            Self::Changes | Self::Resets => {
                extended::from_anchor(window).map(|window| changes::count(&window, scan))
            }
            _ => unreachable!("refused while planning"),
        }
    }
}

impl Window<'_> {
    /// The length of the range.
    pub(crate) fn seconds(&self) -> f64 {
        let length_ms = self.end_ms.saturating_sub(self.start_ms);
        // Whole seconds and the rest apart, as the reference divides.
        (length_ms / 1000) as f64 + (length_ms % 1000) as f64 * 1e6 / 1e9
    }
}
