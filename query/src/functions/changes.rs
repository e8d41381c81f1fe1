//! How often a series changes or starts anew within a window.

use crate::functions::range::{Scan, Window};

/// The marks of the series behind the window's first sample.
pub(crate) fn count(window: &Window<'_>, scan: &Scan) -> f64 {
    scan.inside(window).len() as f64
}
