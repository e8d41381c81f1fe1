//! What a query answers.
//!
//! Law: a vector stands in the order of the evaluation (`sort` and `topk` mean something), a
//! matrix in the order of labels. No two series of an answer have equal labels.

use hydrograph_storage::labels::Labels;
use hydrograph_storage::samples::Samples;

/// The value of one series at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Point {
    /// A float sample.
    Float(f64),
}

/// One element of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    /// Which series.
    pub labels: Labels,
    /// When.
    pub t_ms: i64,
    /// What.
    pub point: Point,
}

/// One series of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSeries {
    /// Which series.
    pub labels: Labels,
    /// Its float samples; never empty.
    pub floats: Samples,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar {
        /// When.
        t_ms: i64,
        /// What.
        value: f64,
    },
    /// A string literal; any bytes.
    String {
        /// When.
        t_ms: i64,
        /// What.
        text: Vec<u8>,
    },
    /// Series with one value each.
    Vector(Vec<VectorSample>),
    /// Series with a range of values each.
    Matrix(Vec<MatrixSeries>),
}
