//! The identity of a series while it is evaluated: its labels, and what has become of its name.
//!
//! Law: a name that a function took away is invisible at once, but the labels are not built
//! anew for it: most series end in an aggregation that never asks. With delayed name removal
//! such a name stays visible until the end of the evaluation.

use std::ops::Deref;

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::limits::Reservation;

/// What has become of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// It is part of the series.
    Kept,
    /// It is gone, though the labels still hold it.
    Hidden,
    /// It is visible, and goes at the end.
    Doomed,
}

/// One series of an operator.
#[derive(Clone, Debug)]
pub(crate) struct SeriesMeta {
    labels: Labels,
    name: Name,
}

/// Takes the names of all series away, now or at the end.
pub(crate) fn drop_names(series: &mut [SeriesMeta], delayed: bool) {
    for meta in series {
        meta.drop_name(delayed);
    }
}

/// Whether a label says what the metric is, so that it goes with the name.
pub(crate) fn is_metadata(label: &str) -> bool {
    matches!(label, METRIC_NAME | "__type__" | "__unit__")
}

impl SeriesMeta {
    /// A series with these labels.
    pub(crate) fn new(labels: Labels) -> Self {
        Self { labels, name: Name::Kept }
    }

    /// Takes the name away, now or at the end.
    pub(crate) fn drop_name(&mut self, delayed: bool) {
        self.name = match self.name {
            Name::Hidden => Name::Hidden,
            _ if delayed => Name::Doomed,
            _ => Name::Hidden,
        };
    }

    /// The series without its name, at once.
    pub(crate) fn without_name(&self) -> Self {
        Self { labels: self.labels.clone(), name: Name::Hidden }
    }

    /// The same fate of the name for other labels, which are the visible ones or made of them.
    pub(crate) fn with_labels(&self, labels: Labels) -> Self {
        let name = if self.name == Name::Doomed { Name::Doomed } else { Name::Kept };
        Self { labels, name }
    }

    /// Whether the name goes at the end.
    pub(crate) fn is_doomed(&self) -> bool {
        self.name == Name::Doomed
    }

    /// The visible value of a label, "" if there is none.
    pub(crate) fn get(&self, label: &str) -> &str {
        if self.name == Name::Hidden && is_metadata(label) {
            return "";
        }
        self.labels.get(label).unwrap_or("")
    }

    /// The visible labels in ascending order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let hidden = self.name == Name::Hidden;
        self.labels.iter().filter(move |(name, _)| !(hidden && is_metadata(name)))
    }

    /// Bytes of the labels' text.
    pub(crate) fn text_bytes(&self) -> usize {
        self.labels.text_bytes()
    }

    /// The visible labels.
    pub(crate) fn labels(&self) -> Labels {
        match self.name {
            Name::Hidden => strip_name(&self.labels),
            Name::Kept | Name::Doomed => self.labels.clone(),
        }
    }

    /// The labels at the end of the evaluation.
    pub(crate) fn into_final(self) -> Labels {
        match self.name {
            Name::Kept => self.labels,
            Name::Hidden | Name::Doomed => strip_name(&self.labels),
        }
    }
}

/// The labels without those that say what the metric is.
fn strip_name(labels: &Labels) -> Labels {
    if labels.iter().any(|(name, _)| is_metadata(name)) {
        labels.filter(|name| !is_metadata(name))
    } else {
        labels.clone()
    }
}

/// The series of an operator, charged to the query.
pub(crate) struct SeriesList {
    metas: Vec<SeriesMeta>,
    _memory: Reservation,
}

impl SeriesList {
    /// A list that holds its reservation.
    pub(crate) fn new(metas: Vec<SeriesMeta>, memory: Reservation) -> Self {
        Self { metas, _memory: memory }
    }
}

impl Deref for SeriesList {
    type Target = [SeriesMeta];

    fn deref(&self) -> &[SeriesMeta] {
        &self.metas
    }
}
