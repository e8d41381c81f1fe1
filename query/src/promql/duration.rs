//! Lengths of time in a query: fixed ones, and expressions of the query's step and range.
//!
//! A [`DurationExpr`] is stored flat, operands before their operator, so nothing here recurses
//! however long it is. It can be resolved once the query's step and range are known; what it
//! may not come to (zero, negative, infinite) is an error with its byte range, as text exactly
//! what the reference answers.

use super::ast::{Number, Span};
use std::fmt;

/// A length of time as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Duration {
    /// A literal, in nanoseconds as the reference keeps it.
    Fixed {
        /// Nanoseconds.
        nanos: i64,
    },
    /// Depends on the query's step and range, or has at least to be calculated.
    Expr(DurationExpr),
}

/// What duration expressions may ask of the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryTimes {
    /// What `step()` is, in milliseconds.
    pub step_ms: i64,
    /// What `range()` is, in milliseconds.
    pub range_ms: i64,
}

/// A duration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {fault}", span.start, span.end)]
pub struct DurationError {
    /// The expression at fault.
    pub span: Span,
    /// What is wrong.
    pub fault: DurationFault,
}

/// What is wrong with a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationFault {
    /// Neither a number nor finite.
    #[error("duration is NaN or infinite")]
    NotFinite,
    /// Zero or negative where a length is needed.
    #[error("duration must be greater than 0")]
    NotPositive,
    /// More than 292 years.
    #[error("duration is out of range")]
    OutOfRange,
    /// `x / 0`.
    #[error("division by zero")]
    DivisionByZero,
    /// `x % 0`.
    #[error("modulo by zero")]
    ModuloByZero,
}

impl Duration {
    /// The length of a literal that was written in seconds; not a number is the least of all.
    pub(super) fn from_seconds(seconds: f64) -> Self {
        let nanos = if seconds.is_nan() { i64::MIN } else { (seconds * 1e9).round() as i64 };
        Self::Fixed { nanos }
    }

    /// As the length of a range or a step, in milliseconds: greater than zero.
    pub fn length_ms(&self, times: QueryTimes) -> Result<i64, DurationError> {
        self.resolve(times, false)
    }

    /// As an offset, in milliseconds: of any sign.
    pub fn offset_ms(&self, times: QueryTimes) -> Result<i64, DurationError> {
        self.resolve(times, true)
    }

    fn resolve(&self, times: QueryTimes, any_sign: bool) -> Result<i64, DurationError> {
        match self {
            Self::Fixed { nanos } => Ok(nanos / 1_000_000),
            Self::Expr(expr) => expr.resolve(times, any_sign),
        }
    }
}

/// A calculated duration.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// Operands before operators; the last is the root. Never empty.
    pub(super) nodes: Vec<DurationNode>,
}

/// One operand or operator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DurationNode {
    pub(super) kind: DurationKind,
    pub(super) span: Span,
    /// Printed in parentheses.
    pub(super) wrapped: bool,
}

/// The place of a node in its expression.
pub(super) type NodeId = u32;

/// The constructs of a duration expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DurationKind {
    Number(Number),
    Step,
    Range,
    /// Keeps parentheses around a number; not printed itself.
    Plus(NodeId),
    Minus(NodeId),
    Binary(DurationOp, NodeId, NodeId),
}

/// The operators of two durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DurationOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    MaxOf,
    MinOf,
}

impl DurationOp {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::MaxOf => "max_of",
            Self::MinOf => "min_of",
        }
    }

    fn apply(self, left: f64, right: f64) -> Result<f64, DurationFault> {
        Ok(match self {
            Self::Add => left + right,
            Self::Sub => left - right,
            Self::Mul => left * right,
            Self::Div if right == 0.0 => return Err(DurationFault::DivisionByZero),
            Self::Div => left / right,
            Self::Mod if right == 0.0 => return Err(DurationFault::ModuloByZero),
            Self::Mod => left % right,
            Self::Pow => left.powf(right),
            Self::MaxOf | Self::MinOf if left.is_nan() || right.is_nan() => f64::NAN,
            Self::MaxOf => left.max(right),
            Self::MinOf => left.min(right),
        })
    }
}

impl DurationExpr {
    /// Where it stands in the query text.
    pub fn span(&self) -> Span {
        self.nodes.last().map_or_else(Span::default, |root| root.span)
    }

    fn resolve(&self, times: QueryTimes, any_sign: bool) -> Result<i64, DurationError> {
        let at_root = |fault| DurationError { span: self.span(), fault };
        let seconds = self.seconds(times)?;
        if !seconds.is_finite() {
            return Err(at_root(DurationFault::NotFinite));
        }
        if seconds <= 0.0 && !any_sign {
            return Err(at_root(DurationFault::NotPositive));
        }
        if out_of_range(seconds) {
            return Err(at_root(DurationFault::OutOfRange));
        }
        Ok((seconds * 1000.0) as i64)
    }

    /// The value of the root. Every operand stands before its operator, so one pass does it.
    fn seconds(&self, times: QueryTimes) -> Result<f64, DurationError> {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match node.kind {
                DurationKind::Number(number) => number.value,
                DurationKind::Step => seconds_of_ms(times.step_ms),
                DurationKind::Range => seconds_of_ms(times.range_ms),
                DurationKind::Plus(of) => values[of as usize],
                DurationKind::Minus(of) => -values[of as usize],
                DurationKind::Binary(op, left, right) => op
                    .apply(values[left as usize], values[right as usize])
                    .map_err(|fault| DurationError { span: node.span, fault })?,
            };
            values.push(value);
        }
        Ok(values.pop().unwrap_or_default())
    }
}

/// Whole seconds and the rest are converted apart, as the reference does, so that sums agree
/// to the bit.
fn seconds_of_ms(ms: i64) -> f64 {
    (ms / 1000) as f64 + (ms % 1000 * 1_000_000) as f64 / 1e9
}

/// Whether so many seconds do not fit 64 bits of nanoseconds.
pub(super) fn out_of_range(seconds: f64) -> bool {
    const LIMIT: f64 = 9_223_372_036.854_776;
    seconds.abs() > LIMIT
}

impl fmt::Display for DurationExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        enum Piece {
            Node(NodeId),
            Text(&'static str),
            Space(&'static str),
        }
        let root = self.nodes.len() as NodeId - 1;
        let mut pending = vec![Piece::Node(root)];
        while let Some(piece) = pending.pop() {
            let id = match piece {
                Piece::Text(text) => {
                    f.write_str(text)?;
                    continue;
                }
                Piece::Space(op) => {
                    write!(f, " {op} ")?;
                    continue;
                }
                Piece::Node(id) => id,
            };
            let node = &self.nodes[id as usize];
            if node.wrapped {
                f.write_str("(")?;
                pending.push(Piece::Text(")"));
            }
            match node.kind {
                DurationKind::Number(number) => write!(f, "{number}")?,
                DurationKind::Step => f.write_str("step()")?,
                DurationKind::Range => f.write_str("range()")?,
                DurationKind::Plus(of) => pending.push(Piece::Node(of)),
                DurationKind::Minus(of) => pending.extend([Piece::Node(of), Piece::Text("-")]),
                DurationKind::Binary(op, left, right) => match op {
                    DurationOp::MaxOf | DurationOp::MinOf => {
                        write!(f, "{}(", op.as_str())?;
                        let (left, right) = (Piece::Node(left), Piece::Node(right));
                        pending.extend([Piece::Text(")"), right, Piece::Text(", "), left]);
                    }
                    _ => {
                        let (left, right) = (Piece::Node(left), Piece::Node(right));
                        pending.extend([right, Piece::Space(op.as_str()), left]);
                    }
                },
            }
        }
        Ok(())
    }
}
