//! The plan of a query: what will be evaluated, with every time, duration and name resolved.
//!
//! Law: a plan is built from the syntax tree alone, before anything is read. It gathers all
//! selectors of the query, each with the exact range of time that it can need, so that one
//! selection answers them. Faults of a query that show before it runs are found here.

mod build;
mod calls;
mod info;
mod invariant;
mod ranges;
mod steps;

use hydrograph_storage::labels::Labels;
use hydrograph_storage::matcher::Matcher;
use hydrograph_storage::source::Selector;
use hydrograph_storage::time_range::TimeRange;

use crate::functions::dates::DateField;
use crate::functions::math::Elementwise;
use crate::functions::range::RangeFunction;
use crate::operators::Clash;
use crate::promql::Span;
use crate::promql::ast::{Extension, VectorMatching};
use crate::promql::ops::BinaryOp;

pub(crate) use build::{PlanOptions, build};
pub(crate) use steps::Steps;

/// A planned query.
pub(crate) struct Plan {
    /// Answered by one selection; plans name them by their place.
    pub(crate) selectors: Vec<Selector>,
    pub(crate) steps: Steps,
    pub(crate) root: Root,
}

/// What a query evaluates to.
pub(crate) enum Root {
    Scalar(ScalarPlan),
    String(Vec<u8>),
    Vector(VectorPlan),
    Matrix(RangePlan),
}

/// A number at each step.
pub(crate) enum ScalarPlan {
    Constant(f64),
    /// The time of the step in seconds.
    Time,
    /// A part of the date of the step.
    Date(DateField),
    Negate(Box<ScalarPlan>),
    Binary {
        op: BinaryOp,
        left: Box<ScalarPlan>,
        right: Box<ScalarPlan>,
    },
    OfTwo {
        function: fn(f64, f64) -> f64,
        left: Box<ScalarPlan>,
        right: Box<ScalarPlan>,
    },
    OfVector(Box<VectorPlan>),
    /// Evaluated at the first step, the same at all others.
    Repeat(Box<ScalarPlan>),
}

/// Series with at most one value at each step.
pub(crate) enum VectorPlan {
    Selector(SelectorPlan),
    Range(Box<RangeFunctionPlan>),
    Absent(Box<AbsentPlan>),
    Elementwise(Box<ElementwisePlan>),
    OfScalar(Box<ScalarPlan>),
    /// Evaluated at the first step, the same at all others.
    Repeat(Box<VectorPlan>),
    /// Series whose labels may have become equal are joined.
    Unique(Box<VectorPlan>, Clash),
    VectorScalar(Box<VectorScalarPlan>),
    Binary(Box<BinaryPlan>),
    Set(Box<SetPlan>),
    Aggregate(Box<AggregatePlan>),
    Top(Box<TopPlan>),
    Labels(Box<LabelsPlan>),
    Buckets(Box<BucketsPlan>),
    Sort(Box<SortPlan>),
    Info(Box<InfoPlan>),
}

/// The newest samples of selected series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SelectorPlan {
    /// The place among the selectors.
    pub(crate) set: usize,
    /// All samples that it can need.
    pub(crate) range: TimeRange,
    pub(crate) offset_ms: i64,
    /// The one time that it looks from, whatever the step.
    pub(crate) at_ms: Option<i64>,
    pub(crate) want: Want,
}

/// What is asked of the samples of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// The newest value.
    Value,
    /// The time of the newest value, in seconds.
    Time,
    /// When the counter of the newest value started, in seconds.
    Start,
    /// The value on a line through the samples around the step.
    Smoothed,
}

impl SelectorPlan {
    /// The time that a step looks from.
    pub(crate) fn at(&self, t_ms: i64) -> i64 {
        self.at_ms.unwrap_or(t_ms).saturating_sub(self.offset_ms)
    }
}

/// The range that a step looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RangeWindow {
    pub(crate) length_ms: i64,
    pub(crate) offset_ms: i64,
    /// The one time that it looks from, whatever the step.
    pub(crate) at_ms: Option<i64>,
    pub(crate) reach: Reach,
}

impl RangeWindow {
    /// The start, which is outside, and the end, which is inside.
    pub(crate) fn bounds(&self, t_ms: i64) -> (i64, i64) {
        let end_ms = self.at_ms.unwrap_or(t_ms).saturating_sub(self.offset_ms);
        (end_ms.saturating_sub(self.length_ms), end_ms)
    }
}

/// How far a range looks beyond its ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) extension: Option<Extension>,
    pub(crate) before_ms: i64,
    pub(crate) after_ms: i64,
}

/// Series with a range of samples at each step.
pub(crate) struct RangePlan {
    pub(crate) input: RangeInput,
    pub(crate) window: RangeWindow,
    /// Where annotations point; a subquery has no place of its own.
    pub(crate) span: Span,
}

/// Where the samples of a range come from.
pub(crate) enum RangeInput {
    Selector { set: usize, range: TimeRange },
    Subquery { plan: Box<VectorPlan>, steps: Steps },
}

/// A function of ranges.
pub(crate) struct RangeFunctionPlan {
    pub(crate) function: RangeFunction,
    pub(crate) range: RangePlan,
    pub(crate) params: Vec<ScalarPlan>,
    pub(crate) param_span: Span,
    /// It looks at start timestamps.
    pub(crate) starts: bool,
}

/// `absent`, with the labels that its answer has.
pub(crate) struct AbsentPlan {
    pub(crate) input: VectorPlan,
    pub(crate) labels: Labels,
}

/// A function of each value by itself.
pub(crate) struct ElementwisePlan {
    pub(crate) function: Elementwise,
    pub(crate) params: Vec<ScalarPlan>,
    pub(crate) input: VectorPlan,
}

/// An operator between a vector and a scalar.
pub(crate) struct VectorScalarPlan {
    pub(crate) op: BinaryOp,
    pub(crate) vector: VectorPlan,
    pub(crate) scalar: ScalarPlan,
    pub(crate) scalar_is_left: bool,
    pub(crate) return_bool: bool,
    pub(crate) span: Span,
}

/// `and`, `or`, `unless`.
pub(crate) struct SetPlan {
    pub(crate) op: BinaryOp,
    pub(crate) left: VectorPlan,
    pub(crate) right: VectorPlan,
    pub(crate) matching: VectorMatching,
}

/// An operator between the series of two vectors.
pub(crate) struct BinaryPlan {
    pub(crate) left: VectorPlan,
    pub(crate) right: VectorPlan,
    pub(crate) join: Join,
}

/// How two series become one.
#[derive(Clone)]
pub(crate) struct Join {
    pub(crate) op: BinaryOp,
    pub(crate) matching: VectorMatching,
    pub(crate) return_bool: bool,
    pub(crate) span: Span,
}

/// Which labels of a series its group has.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) labels: Vec<String>,
    /// All but these.
    pub(crate) without: bool,
}

/// An aggregation into one series for each group.
pub(crate) struct AggregatePlan {
    pub(crate) op: Aggregation,
    pub(crate) input: VectorPlan,
    pub(crate) grouping: Grouping,
    pub(crate) param_span: Span,
}

/// What becomes of the values of a group.
pub(crate) enum Aggregation {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Quantile(ScalarPlan),
    /// The label that values are written to.
    CountValues(String),
}

/// An aggregation that lets some series of each group through.
pub(crate) struct TopPlan {
    pub(crate) op: TopOp,
    pub(crate) param: ScalarPlan,
    pub(crate) param_span: Span,
    pub(crate) input: VectorPlan,
    pub(crate) grouping: Grouping,
}

/// Which series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopOp {
    /// The greatest.
    Top,
    /// The least.
    Bottom,
    /// The first.
    Limit,
    /// A share, by the hash of their labels.
    Ratio,
}

/// A change of labels.
pub(crate) struct LabelsPlan {
    pub(crate) input: VectorPlan,
    /// The label that is written.
    pub(crate) target: String,
    pub(crate) how: Relabeling,
}

/// What is written.
pub(crate) enum Relabeling {
    /// Where the pattern matches the source's value.
    Replace { source: String, pattern: regex::Regex, replacement: String },
    /// The sources' values, joined.
    Join { sources: Vec<String>, separator: String },
}

/// A function of classic histograms.
pub(crate) struct BucketsPlan {
    pub(crate) function: BucketsFunction,
    pub(crate) params: Vec<ScalarPlan>,
    pub(crate) param_spans: Vec<Span>,
    pub(crate) input: VectorPlan,
    /// Where the histograms come from.
    pub(crate) span: Span,
}

/// What is asked of a histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BucketsFunction {
    Quantile,
    /// Several quantiles, told apart by this label.
    Quantiles(String),
    Fraction,
}

/// Adds labels of info series.
pub(crate) struct InfoPlan {
    pub(crate) input: VectorPlan,
    /// The times of the newest samples of info series.
    pub(crate) infos: SelectorPlan,
    /// What has such a name is an info series itself.
    pub(crate) names: Vec<Matcher>,
    /// The labels that are added; all, where empty.
    pub(crate) labels: Vec<String>,
    /// Series that no info series tells of are left out.
    pub(crate) required: bool,
}

/// Puts series in order.
pub(crate) struct SortPlan {
    pub(crate) order: SortOrder,
    pub(crate) input: VectorPlan,
    pub(crate) span: Span,
}

/// Which order.
pub(crate) enum SortOrder {
    Ascending,
    Descending,
    ByLabels(Vec<String>),
    ByLabelsDescending(Vec<String>),
}
