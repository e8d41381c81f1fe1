//! What the gateway takes: Prometheus' rules for labels and times, in Prometheus' words.
//!
//! Law: decided once, from the bytes of the request and its receive time; whoever replays the log
//! decides nothing again. What is accepted has names that ascend, no empty name or value, and a
//! metric name.

use std::fmt::Write;

use hydrograph_storage::labels::METRIC_NAME;

/// Longest description of one refusal.
const REASON_BYTES_MAX: usize = 512;
/// Longest tenant name.
const TENANT_BYTES_MAX: usize = 150;

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidationLimits {
    /// Most labels of a series, its name among them.
    pub labels_max: usize,
    /// Longest label name.
    pub name_bytes_max: usize,
    /// Longest label value.
    pub value_bytes_max: usize,
    /// How far ahead of the receive time a sample may be.
    pub future_grace_ms: i64,
    /// How old a sample may be; `None` for any age.
    pub retention_ms: Option<i64>,
}

impl Default for ValidationLimits {
    fn default() -> Self {
        Self {
            labels_max: 60,
            name_bytes_max: 1024,
            value_bytes_max: 2048,
            future_grace_ms: 10 * 60 * 1000,
            retention_ms: None,
        }
    }
}

/// Why a series or a sample is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault<'b> {
    /// No metric name, or a label without a name.
    Labels,
    /// A name stands twice.
    Duplicate(&'b str),
    /// More labels than allowed.
    LabelCount(usize),
    /// A name is too long.
    NameLength(&'b str),
    /// A value is too long.
    ValueLength(&'b str, &'b str),
    /// A sample is ahead of the receive time by more than the grace.
    Future(i64),
    /// A sample is older than the retention.
    TooOld(i64),
}

/// The labels of an accepted series.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted<'s, 'b> {
    /// Sorted, without empty values.
    pub(super) labels: &'s [(&'b str, &'b str)],
    /// The metric's name.
    pub(super) metric: &'b str,
}

/// The times that are accepted, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeBounds {
    min_ms: i64,
    max_ms: i64,
}

impl TimeBounds {
    #[inline]
    pub(super) fn check(&self, timestamp_ms: i64) -> Result<(), Fault<'static>> {
        if timestamp_ms > self.max_ms {
            Err(Fault::Future(timestamp_ms))
        } else if timestamp_ms < self.min_ms {
            Err(Fault::TooOld(timestamp_ms))
        } else {
            Ok(())
        }
    }
}

impl ValidationLimits {
    /// The times accepted in a request that was received then.
    pub(super) fn times(&self, receive_time_ms: i64) -> TimeBounds {
        let oldest = |retention| receive_time_ms.saturating_sub(retention);
        TimeBounds {
            min_ms: self.retention_ms.map_or(i64::MIN, oldest),
            max_ms: receive_time_ms.saturating_add(self.future_grace_ms),
        }
    }

    /// Checks the labels of one series as they were sent; `room` is for those that need sorting.
    #[inline]
    pub(super) fn labels<'s, 'b>(
        &self,
        sent: &'s [(&'b str, &'b str)],
        room: &'s mut Vec<(&'b str, &'b str)>,
    ) -> Result<Accepted<'s, 'b>, Fault<'b>> {
        let (mut ascending, mut metric, mut previous) = (true, "", "");
        for &(name, value) in sent {
            self.sizes(name, value)?;
            // An empty name fails here too: nothing is below it.
            ascending &= precedes(previous, name) && !value.is_empty();
            previous = name;
            if name == METRIC_NAME {
                metric = value;
            }
        }
        let mut labels = sent;
        if !ascending {
            room.clear();
            room.extend_from_slice(sent);
            room.sort_unstable_by_key(|(name, _)| *name);
            if room.first().is_some_and(|(name, _)| name.is_empty()) {
                return Err(Fault::Labels);
            }
            if let Some(pair) = room.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(Fault::Duplicate(pair[0].0));
            }
            room.retain(|(_, value)| !value.is_empty());
            labels = room;
        }
        if metric.is_empty() {
            return Err(Fault::Labels);
        }
        if labels.len() > self.labels_max {
            return Err(Fault::LabelCount(labels.len()));
        }
        Ok(Accepted { labels, metric })
    }

    #[inline]
    fn sizes<'b>(&self, name: &'b str, value: &'b str) -> Result<(), Fault<'b>> {
        if name.len() > self.name_bytes_max {
            return Err(Fault::NameLength(name));
        }
        if value.len() > self.value_bytes_max {
            return Err(Fault::ValueLength(name, value));
        }
        Ok(())
    }

    /// A fault in words, with the series that has it.
    pub(super) fn describe(&self, fault: Fault<'_>, labels: &[(&str, &str)]) -> String {
        let metric = labels.iter().find(|(name, _)| *name == METRIC_NAME);
        let metric = metric.map_or("", |(_, value)| value);
        let text = match fault {
            Fault::Labels => format!("invalid metric name or labels, got {}", series(labels)),
            Fault::Duplicate(name) => format!(
                "invalid labels for series, labels {}, duplicated label {name}",
                series(labels)
            ),
            Fault::LabelCount(count) => format!(
                "label_limit exceeded (metric: {metric:.50}, number of labels: {count}, limit: {})",
                self.labels_max
            ),
            Fault::NameLength(name) => format!(
                "label_name_length_limit exceeded (metric: {metric:.50}, label name: {name:.50}, length: {}, limit: {})",
                name.len(),
                self.name_bytes_max
            ),
            Fault::ValueLength(name, value) => format!(
                "label_value_length_limit exceeded (metric: {metric:.50}, label name: {name:.50}, value: {:?}, length: {}, limit: {})",
                cut(value, 50),
                value.len(),
                self.value_bytes_max
            ),
            Fault::Future(timestamp) => format!(
                "out of bounds: timestamp is too far in the future (timestamp: {timestamp}, series: {})",
                series(labels)
            ),
            Fault::TooOld(timestamp) => format!(
                "out of bounds: timestamp is older than the retention (timestamp: {timestamp}, series: {})",
                series(labels)
            ),
        };
        cut(&text, REASON_BYTES_MAX).to_string()
    }
}

/// `a < b`, which the first bytes mostly decide.
#[inline]
fn precedes(a: &str, b: &str) -> bool {
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(first_of_a), Some(first_of_b)) if first_of_a != first_of_b => first_of_a < first_of_b,
        _ => a < b,
    }
}

/// Labels as Prometheus prints them, as many as a description has room for.
fn series(labels: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (nth, (name, value)) in labels.iter().enumerate() {
        if text.len() > REASON_BYTES_MAX {
            break;
        }
        let comma = if nth == 0 { "" } else { ", " };
        let (name, value) = (cut(name, REASON_BYTES_MAX), cut(value, REASON_BYTES_MAX));
        write!(text, "{comma}{name}={value:?}").expect("a string takes everything");
    }
    text + "}"
}

/// The beginning of a text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether a tenant may have this name: 1 to 150 letters, digits and `!-_.*'()`, which a store's
/// object names can hold.
pub fn is_valid_tenant(tenant: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte);
    (1..=TENANT_BYTES_MAX).contains(&tenant.len())
        && tenant.bytes().all(allowed)
        && tenant != "."
        && tenant != ".."
}

#[cfg(test)]
mod tests;
