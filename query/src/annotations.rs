//! What a query's author should know about its answer, in the reference's words.
//!
//! Law: equal texts are one annotation; of several places the last in the query text is named.
//! The place is added only when the annotations are rendered, since merging ignores it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;
use std::fmt::Write as _;

use crate::functions::dates::rfc3339;
use crate::functions::go::{general, general_rounded};
use crate::promql::Span;
use crate::promql::format::quote;

/// How serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    /// The answer may be wrong.
    Warning,
    /// The query may not mean what it says.
    Info,
}

/// Where and when buckets of a classic histogram were not cumulative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Repair {
    /// The time of the step.
    pub(crate) t_ms: i64,
    /// The lowest bucket that was raised.
    pub(crate) bucket_min: f64,
    /// The highest bucket that was raised.
    pub(crate) bucket_max: f64,
    /// By how much at most.
    pub(crate) difference_max: f64,
}

/// One annotation before it has a place.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    severity: Severity,
    text: String,
    repair: Option<Repair>,
    /// How often it was made is told.
    counted: bool,
}

/// All annotations of a query.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    entries: BTreeMap<(Severity, String), Entry>,
    warnings: Kind,
    infos: Kind,
}

/// Of each kind no more different texts than this are kept.
const KEPT_MAX: usize = 100;

/// How many there are of one kind.
#[derive(Debug, Default)]
struct Kind {
    kept: usize,
    /// How often something was told that is not kept.
    omitted: usize,
}

#[derive(Debug)]
struct Entry {
    at: u32,
    /// How often it was made, if that is told.
    count: usize,
    repairs: Option<Repairs>,
}

#[derive(Debug)]
struct Repairs {
    first_ms: i64,
    last_ms: i64,
    worst: Repair,
    count: usize,
}

impl Annotation {
    fn warning(text: String) -> Self {
        Self { severity: Severity::Warning, text, repair: None, counted: false }
    }

    fn info(text: String) -> Self {
        Self { severity: Severity::Info, text, repair: None, counted: false }
    }

    /// A quantile outside of 0 to 1.
    pub(crate) fn invalid_quantile(q: f64) -> Self {
        let got = general(q);
        Self::warning(format!("quantile value should be between 0 and 1, got {got}"))
    }

    /// A ratio outside of −1 to 1.
    pub(crate) fn invalid_ratio(ratio: f64, cap: f64) -> Self {
        let (got, cap) = (general(ratio), general(cap));
        Self::warning(format!(
            "ratio value should be between -1 and 1, got {got}, capping to {cap}"
        ))
    }

    /// A bucket without a number in its label.
    pub(crate) fn bad_bucket_label(metric: &str, label: &str) -> Self {
        let label = quote(label.as_bytes());
        let text = format!("bucket label \"le\" is missing or has a malformed value of {label}");
        Self::warning(for_metric(text, metric))
    }

    /// `sort` in a range query.
    pub(crate) fn sort_in_range_query() -> Self {
        let text =
            "sort is ineffective for range queries since results are always ordered by labels";
        Self::warning(text.to_owned())
    }

    /// A rate of something that is not called like a counter.
    pub(crate) fn possible_non_counter(metric: &str) -> Self {
        let metric = quote(metric.as_bytes());
        Self::info(format!(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric}"
        ))
    }

    /// An operator that is not made for what it stands between.
    pub(crate) fn incompatible_types(left: &str, op: &str, right: &str) -> Self {
        Self::info(format!(
            "incompatible sample types encountered for binary operator {op:?}: {left} {op} {right}"
        ))
    }

    /// A sample that claims to have started before the one before it.
    pub(crate) fn start_overlap(metric: &str) -> Self {
        let metric = quote(metric.as_bytes());
        let text = format!(
            "sample has start time that overlaps with previous sample timestamp for metric {metric}"
        );
        Self { counted: true, ..Self::warning(text) }
    }

    /// Buckets that were not cumulative.
    pub(crate) fn forced_monotonicity(metric: &str, repair: Repair) -> Self {
        let text = "input to histogram_quantile needed to be fixed for monotonicity \
                    (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
        let text = for_metric(text.to_owned(), metric);
        Self { repair: Some(repair), ..Self::info(text) }
    }
}

fn for_metric(mut text: String, metric: &str) -> String {
    if !metric.is_empty() {
        let _ = write!(text, " for metric name {}", quote(metric.as_bytes()));
    }
    text
}

impl Annotations {
    /// Adds one that belongs to the part `span` of the query.
    pub(crate) fn add(&mut self, annotation: Annotation, span: Span) {
        let Annotation { severity, text, repair, counted } = annotation;
        let kind = match severity {
            Severity::Warning => &mut self.warnings,
            Severity::Info => &mut self.infos,
        };
        let entry = match self.entries.entry((severity, text)) {
            MapEntry::Occupied(known) => known.into_mut(),
            MapEntry::Vacant(_) if kind.kept == KEPT_MAX => {
                kind.omitted += 1;
                return;
            }
            MapEntry::Vacant(new) => {
                kind.kept += 1;
                new.insert(Entry { at: span.start, count: 0, repairs: None })
            }
        };
        entry.at = entry.at.max(span.start);
        entry.count += usize::from(counted);
        let Some(repair) = repair else { return };
        let repairs = entry.repairs.get_or_insert(Repairs {
            first_ms: repair.t_ms,
            last_ms: repair.t_ms,
            worst: repair,
            count: 0,
        });
        repairs.first_ms = repairs.first_ms.min(repair.t_ms);
        repairs.last_ms = repairs.last_ms.max(repair.t_ms);
        let worst = &mut repairs.worst;
        worst.bucket_min = worst.bucket_min.min(repair.bucket_min);
        worst.bucket_max = worst.bucket_max.max(repair.bucket_max);
        worst.difference_max = worst.difference_max.max(repair.difference_max);
        repairs.count += 1;
    }

    /// Warnings and infos, with their places in `query`.
    pub(crate) fn render(&self, query: &str) -> (Vec<String>, Vec<String>) {
        let (mut warnings, mut infos) = (Vec::new(), Vec::new());
        for ((severity, text), entry) in &self.entries {
            let (kind, list) = match severity {
                Severity::Warning => ("warning", &mut warnings),
                Severity::Info => ("info", &mut infos),
            };
            let mut line = format!("PromQL {kind}: {text}");
            if let Some(repairs) = &entry.repairs {
                repairs.describe(&mut line);
            }
            if entry.count > 1 {
                let _ = write!(line, " ({} occurrences)", entry.count);
            }
            let _ = write!(line, " ({})", place(query, entry.at));
            list.push(line);
        }
        self.warnings.describe("warning", &mut warnings);
        self.infos.describe("info", &mut infos);
        (warnings, infos)
    }
}

impl Kind {
    fn describe(&self, kind: &str, lines: &mut Vec<String>) {
        if self.omitted > 0 {
            lines
                .push(format!("PromQL {kind}: others were omitted ({} occurrences)", self.omitted));
        }
    }
}

impl Repairs {
    fn describe(&self, line: &mut String) {
        let _ = write!(
            line,
            ", from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            general(self.worst.bucket_min),
            general(self.worst.bucket_max),
            general_rounded(self.worst.difference_max, 2),
            self.count,
            rfc3339(self.first_ms.div_euclid(1000)),
            rfc3339(self.last_ms.div_euclid(1000)),
        );
    }
}

/// Line and column, both from 1, the column in bytes.
fn place(query: &str, at: u32) -> String {
    let Some(before) = query.as_bytes().get(..at as usize) else {
        return "invalid position".to_owned();
    };
    let mut lines = before.split(|&byte| byte == b'\n');
    let column = lines.next_back().map_or(0, <[u8]>::len) + 1;
    format!("{}:{column}", lines.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::{Annotation, Annotations, KEPT_MAX};
    use crate::promql::Span;

    #[test]
    fn there_are_not_too_many() {
        let mut annotations = Annotations::default();
        for n in 0..1_000 {
            annotations.add(Annotation::possible_non_counter(&n.to_string()), Span::default());
        }
        let (warnings, infos) = annotations.render("up");
        assert_eq!((warnings.len(), infos.len()), (0, KEPT_MAX + 1));
        assert_eq!(infos[KEPT_MAX], "PromQL info: others were omitted (900 occurrences)");
    }
}
