//! Functions of one number, and the operators between two.

use crate::functions::dates::DateField;
use crate::functions::go;
use crate::promql::ops::BinaryOp;

/// A function of each value of a vector by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Elementwise {
    /// One number in, one out.
    Plain(fn(f64) -> f64),
    /// A part of the date that the number stands for.
    Date(DateField),
    /// Not below the first and not above the second parameter; nothing where they cross.
    Clamp,
    /// Not below the parameter.
    ClampMin,
    /// Not above the parameter.
    ClampMax,
    /// The nearest multiple of the parameter.
    Round,
    /// No value for any: what is asked of native histograms is not asked of floats.
    Nothing,
    /// The time of the step in seconds, whatever the value.
    StepTime,
}

impl Elementwise {
    /// The function of one number called so.
    pub(crate) fn plain(name: &str) -> Option<Self> {
        let function: fn(f64) -> f64 = match name {
            "abs" => f64::abs,
            "acos" => f64::acos,
            "acosh" => f64::acosh,
            "asin" => f64::asin,
            "asinh" => f64::asinh,
            "atan" => f64::atan,
            "atanh" => f64::atanh,
            "ceil" => f64::ceil,
            "cos" => f64::cos,
            "cosh" => f64::cosh,
            "deg" => |x| x * 180.0 / std::f64::consts::PI,
            "exp" => f64::exp,
            "floor" => f64::floor,
            "ln" => f64::ln,
            "log10" => f64::log10,
            "log2" => f64::log2,
            "rad" => |x| x * std::f64::consts::PI / 180.0,
            "sgn" => sign,
            "sin" => f64::sin,
            "sinh" => f64::sinh,
            "sqrt" => f64::sqrt,
            "tan" => f64::tan,
            "tanh" => f64::tanh,
            _ => return None,
        };
        Some(Self::Plain(function))
    }
}

fn sign(x: f64) -> f64 {
    if x < 0.0 {
        -1.0
    } else if x > 0.0 {
        1.0
    } else {
        x
    }
}

/// Not below `low` and not above `high`.
pub(crate) fn clamp(x: f64, low: f64, high: f64) -> f64 {
    go::max(low, go::min(high, x))
}

/// The multiple of `to` nearest to `x`, the greater of two.
pub(crate) fn round(x: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (x * inverse + 0.5).floor() / inverse
}

/// What a number before and one after an operator make: the value, and whether it stays.
/// Comparisons let the left number through; nothing comes of operators of histograms.
pub(crate) fn apply(op: BinaryOp, left: f64, right: f64) -> (f64, bool) {
    match op {
        BinaryOp::Add => (left + right, true),
        BinaryOp::Sub => (left - right, true),
        BinaryOp::Mul => (left * right, true),
        BinaryOp::Div => (left / right, true),
        BinaryOp::Mod => (left % right, true),
        BinaryOp::Pow => (left.powf(right), true),
        BinaryOp::Atan2 => (left.atan2(right), true),
        BinaryOp::Eq => (left, left == right),
        BinaryOp::Ne => (left, left != right),
        BinaryOp::Gt => (left, left > right),
        BinaryOp::Lt => (left, left < right),
        BinaryOp::Ge => (left, left >= right),
        BinaryOp::Le => (left, left <= right),
        BinaryOp::TrimUpper | BinaryOp::TrimLower => (0.0, false),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {
            unreachable!("set operators have no numbers")
        }
    }
}

/// An operator between two scalars, where comparisons answer 0 or 1.
pub(crate) fn apply_to_scalars(op: BinaryOp, left: f64, right: f64) -> f64 {
    let (value, keep) = apply(op, left, right);
    if op.is_comparison() { f64::from(u8::from(keep)) } else { value }
}

/// Whether the result is another quantity than the operands, so that their name does not fit.
pub(crate) fn changes_meaning(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::Atan2
    )
}
