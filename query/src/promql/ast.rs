//! The syntax tree of a query: plain data, one node per construct, a byte range on every node.
//!
//! The law: a tree is never deeper than [`DEPTH_MAX`], save along the left operands of
//! [`Binary`], where `a + b + c + …` may be tens of thousands long. So code may recurse
//! anywhere except into `Binary::lhs`, which it walks in a loop (or by [`Expr::walk`], which
//! uses no stack at all). Cloning and dropping keep to that by themselves.
//!
//! A tree says what was written, with types checked. It knows nothing of evaluation: matchers
//! hold the text of a pattern, durations may still be expressions of step and range.

use super::duration::Duration;
use super::functions::Function;
use super::ops::{AggregateOp, BinaryOp, MatchOp, UnaryOp};

pub use super::span::Span;
pub use super::value_type::ValueType;

/// The deepest nesting that a tree may have (left operands of binary operators do not count).
pub const DEPTH_MAX: u16 = 500;

/// An expression.
#[derive(Clone)]
pub struct Expr {
    /// The construct.
    pub kind: ExprKind,
    /// Where it stands in the query text.
    pub range: Span,
    value_type: ValueType,
    depth: u16,
}

/// The constructs of the language.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `1.5`, `0x1f`, `5m`, `-3`.
    Number(Number),
    /// `"text"`; any bytes, not only UTF-8.
    String(Vec<u8>),
    /// `up{job="a"} offset 5m`.
    VectorSelector(Box<VectorSelector>),
    /// `up{job="a"}[5m] @ end()`.
    MatrixSelector(Box<MatrixSelector>),
    /// `rate(x[1m])[1h:5m]`.
    Subquery(Box<Subquery>),
    /// `rate(x[5m])`.
    Call(Box<Call>),
    /// `sum by (job) (x)`.
    Aggregate(Box<Aggregate>),
    /// `a + on (job) b`.
    Binary(Box<Binary>),
    /// `-x`; a sign before a number literal is part of the [`Number`].
    Unary(Box<Unary>),
    /// `(x)`.
    Paren(Box<Expr>),
}

/// A number literal with its sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The value; seconds if it was written as a duration.
    pub value: f64,
    /// Written as a duration (`5m`), and printed so.
    pub duration: bool,
}

/// One condition on a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Matcher {
    /// The label; `__name__` for the metric name.
    pub name: String,
    /// How to compare.
    pub op: MatchOp,
    /// The text or pattern to compare with (patterns are valid, see [`super::regex::check`]).
    pub value: String,
    /// Where it stands in the query text.
    pub span: Span,
}

/// The `@` modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// A time in milliseconds since the epoch.
    Time(i64),
    /// `start()` of the query.
    Start,
    /// `end()` of the query.
    End,
}

/// How a selector looks at samples around its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// `anchored`: takes the last sample before the range as the value at its start.
    Anchored,
    /// `smoothed`: interpolates at both ends of the range.
    Smoothed,
}

/// Chooses series; by itself it evaluates to the newest sample of each.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The metric name that stands before the braces.
    pub name: Option<String>,
    /// All conditions; `name` is among them, as the last.
    pub matchers: Vec<Matcher>,
    /// `offset`; `None` also for a literal zero.
    pub offset: Option<Duration>,
    /// `@`.
    pub at: Option<At>,
    /// `anchored` or `smoothed`.
    pub extension: Option<Extension>,
}

/// A selector with a range.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// What is selected; carries the modifiers, also those written behind the range.
    pub selector: VectorSelector,
    /// Where the part before the bracket stands.
    pub selector_span: Span,
    /// The length of the range.
    pub range: Duration,
}

/// An instant expression evaluated over a range.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// The length of the range.
    pub range: Duration,
    /// The distance of its steps, where given.
    pub step: Option<Duration>,
    /// `offset`; `None` also for a literal zero.
    pub offset: Option<Duration>,
    /// `@`.
    pub at: Option<At>,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function; arity and types of `args` agree with it.
    pub func: &'static Function,
    /// The arguments.
    pub args: Vec<Expr>,
}

/// An aggregation.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The operation.
    pub op: AggregateOp,
    /// The vector that is aggregated.
    pub expr: Expr,
    /// The parameter of `topk`, `quantile`, `count_values` and their like.
    pub param: Option<Expr>,
    /// The labels of `by` or `without`, as written.
    pub grouping: Vec<String>,
    /// `without` rather than `by`.
    pub without: bool,
}

/// A binary operation.
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The left operand: the one direction in which a tree may be very deep.
    pub lhs: Expr,
    /// The right operand.
    pub rhs: Expr,
    /// `bool`: a comparison answers 0 or 1 instead of filtering.
    pub bool_modifier: bool,
    /// How series are paired; present exactly if both operands are vectors.
    pub matching: Option<VectorMatching>,
}

/// A sign.
#[derive(Clone, Debug)]
pub struct Unary {
    /// Which.
    pub op: UnaryOp,
    /// What it stands before.
    pub expr: Expr,
}

/// How many series of one side may match one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// One to one.
    OneToOne,
    /// `group_left`.
    ManyToOne,
    /// `group_right`.
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// How the series of two vectors are paired.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorMatching {
    /// How many may match.
    pub card: Cardinality,
    /// The labels of `on` or `ignoring`, as written.
    pub labels: Vec<String>,
    /// `on` rather than `ignoring` (which is also what no clause at all means).
    pub on: bool,
    /// The labels that `group_left` or `group_right` copy from the "one" side.
    pub include: Vec<String>,
    /// Values in place of missing series.
    pub fill: Fill,
}

impl Default for VectorMatching {
    fn default() -> Self {
        Self {
            card: Cardinality::OneToOne,
            labels: Vec::new(),
            on: false,
            include: Vec::new(),
            fill: Fill::default(),
        }
    }
}

/// `fill`, `fill_left`, `fill_right`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fill {
    /// Stands in for a missing series of the left operand.
    pub left: Option<f64>,
    /// Stands in for a missing series of the right operand.
    pub right: Option<f64>,
}

impl Fill {
    /// Whether any side is filled.
    pub const fn is_set(&self) -> bool {
        self.left.is_some() || self.right.is_some()
    }
}

impl Expr {
    /// A node; its type and depth follow from its children.
    pub fn new(kind: ExprKind, range: Span) -> Self {
        let (value_type, depth) = kind.measure();
        Self { kind, range, value_type, depth }
    }

    /// What the expression evaluates to.
    pub const fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Levels below and including this node, not counting left operands.
    pub const fn depth(&self) -> u16 {
        self.depth
    }

    /// The innermost expression within parentheses.
    pub fn without_parens(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// The selector of a vector or matrix selector.
    pub fn selector(&self) -> Option<&VectorSelector> {
        match &self.kind {
            ExprKind::VectorSelector(v) => Some(v),
            ExprKind::MatrixSelector(m) => Some(&m.selector),
            _ => None,
        }
    }

    /// The selector of a vector or matrix selector, to be changed.
    pub fn selector_mut(&mut self) -> Option<&mut VectorSelector> {
        match &mut self.kind {
            ExprKind::VectorSelector(v) => Some(v),
            ExprKind::MatrixSelector(m) => Some(&mut m.selector),
            _ => None,
        }
    }
}

impl ExprKind {
    /// Type and depth, from what the children know of themselves.
    fn measure(&self) -> (ValueType, u16) {
        let above = |child: &Expr| child.depth.saturating_add(1);
        match self {
            Self::Number(_) => (ValueType::Scalar, 1),
            Self::String(_) => (ValueType::String, 1),
            Self::VectorSelector(_) => (ValueType::Vector, 1),
            Self::MatrixSelector(_) => (ValueType::Matrix, 1),
            Self::Subquery(s) => (ValueType::Matrix, above(&s.expr)),
            Self::Call(c) => (c.func.return_type, c.args.iter().map(above).max().unwrap_or(1)),
            Self::Aggregate(a) => {
                let param = a.param.as_ref().map_or(0, above);
                (ValueType::Vector, above(&a.expr).max(param))
            }
            Self::Binary(b) => {
                let scalars =
                    b.lhs.value_type == ValueType::Scalar && b.rhs.value_type == ValueType::Scalar;
                let value_type = if scalars { ValueType::Scalar } else { ValueType::Vector };
                (value_type, b.lhs.depth.max(above(&b.rhs)))
            }
            Self::Unary(u) => (u.expr.value_type, above(&u.expr)),
            Self::Paren(inner) => (inner.value_type, above(inner)),
        }
    }
}
