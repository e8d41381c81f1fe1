//! Writes a tree as the reference writes it, byte for byte.
//!
//! Positions of annotations are checked on re-printed queries, so this is no matter of taste.
//! Printing works off a list of pieces and so does not recurse.

use super::ast::{
    Aggregate, At, Binary, Cardinality, Expr, ExprKind, Extension, Matcher, MatrixSelector, Number,
    Subquery, VectorMatching, VectorSelector,
};
use super::duration::Duration;
use super::format::{Length, Plain, Short, quote};
use super::ops::MatchOp;
use hydrograph_storage::labels::METRIC_NAME;
use std::fmt::{self, Write};

/// What remains to be written.
enum Piece<'a> {
    Expr(&'a Expr),
    Text(&'static str),
    Operator(&'a Binary),
    Suffix(&'a Subquery),
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pending = vec![Piece::Expr(self)];
        while let Some(piece) = pending.pop() {
            match piece {
                Piece::Expr(expr) => write_expr(f, expr, &mut pending)?,
                Piece::Text(text) => f.write_str(text)?,
                Piece::Operator(binary) => write_operator(f, binary)?,
                Piece::Suffix(subquery) => write_suffix(f, subquery)?,
            }
        }
        Ok(())
    }
}

/// Writes the beginning of an expression and leaves the rest pending (the last piece is next).
fn write_expr<'a>(
    f: &mut fmt::Formatter<'_>,
    expr: &'a Expr,
    pending: &mut Vec<Piece<'a>>,
) -> fmt::Result {
    match &expr.kind {
        ExprKind::Number(number) => write!(f, "{number}")?,
        ExprKind::String(bytes) => f.write_str(&quote(bytes))?,
        ExprKind::VectorSelector(selector) => write!(f, "{selector}")?,
        ExprKind::MatrixSelector(matrix) => write!(f, "{matrix}")?,
        ExprKind::Subquery(s) => pending.extend([Piece::Suffix(s), Piece::Expr(&s.expr)]),
        ExprKind::Call(call) => {
            write!(f, "{}(", call.func.name)?;
            pending.push(Piece::Text(")"));
            for (at, arg) in call.args.iter().enumerate().rev() {
                pending.push(Piece::Expr(arg));
                if at > 0 {
                    pending.push(Piece::Text(", "));
                }
            }
        }
        ExprKind::Aggregate(aggregate) => {
            write_aggregate(f, aggregate)?;
            pending.extend([Piece::Text(")"), Piece::Expr(&aggregate.expr)]);
            if let Some(param) = &aggregate.param {
                pending.extend([Piece::Text(", "), Piece::Expr(param)]);
            }
        }
        ExprKind::Binary(binary) => {
            let (left, right) = (Piece::Expr(&binary.lhs), Piece::Expr(&binary.rhs));
            pending.extend([right, Piece::Operator(binary), left]);
        }
        ExprKind::Unary(unary) => {
            f.write_str(unary.op.as_str())?;
            pending.push(Piece::Expr(&unary.expr));
        }
        ExprKind::Paren(inner) => {
            f.write_char('(')?;
            pending.extend([Piece::Text(")"), Piece::Expr(inner)]);
        }
    }
    Ok(())
}

/// The operation, its grouping and the opening parenthesis.
fn write_aggregate(f: &mut fmt::Formatter<'_>, aggregate: &Aggregate) -> fmt::Result {
    f.write_str(aggregate.op.as_str())?;
    let clause = if aggregate.without { " without (" } else { " by (" };
    if aggregate.without || !aggregate.grouping.is_empty() {
        f.write_str(clause)?;
        write_labels(f, &aggregate.grouping)?;
        f.write_str(") ")?;
    }
    f.write_char('(')
}

/// An operator with its modifiers and a space on either side.
fn write_operator(f: &mut fmt::Formatter<'_>, binary: &Binary) -> fmt::Result {
    write!(f, " {}", binary.op)?;
    if binary.bool_modifier {
        f.write_str(" bool")?;
    }
    if let Some(matching) = &binary.matching {
        write_matching(f, matching)?;
    }
    f.write_char(' ')
}

fn write_matching(f: &mut fmt::Formatter<'_>, matching: &VectorMatching) -> fmt::Result {
    let group = match matching.card {
        Cardinality::ManyToOne => Some("left"),
        Cardinality::OneToMany => Some("right"),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if !matching.labels.is_empty() || matching.on || group.is_some() {
        f.write_str(if matching.on { " on (" } else { " ignoring (" })?;
        write_labels(f, &matching.labels)?;
        f.write_char(')')?;
    }
    if let Some(side) = group {
        write!(f, " group_{side} (")?;
        write_labels(f, &matching.include)?;
        f.write_char(')')?;
    }
    match (matching.fill.left, matching.fill.right) {
        (Some(left), Some(right)) if left == right => write!(f, " fill ({})", Short(left)),
        (left, right) => {
            if let Some(left) = left {
                write!(f, " fill_left ({})", Short(left))?;
            }
            if let Some(right) = right {
                write!(f, " fill_right ({})", Short(right))?;
            }
            Ok(())
        }
    }
}

fn write_suffix(f: &mut fmt::Formatter<'_>, subquery: &Subquery) -> fmt::Result {
    write!(f, "[{}:", subquery.range)?;
    if let Some(step) = &subquery.step {
        write!(f, "{step}")?;
    }
    f.write_char(']')?;
    write_at(f, subquery.at)?;
    write_offset(f, subquery.offset.as_ref())
}

fn write_at(f: &mut fmt::Formatter<'_>, at: Option<At>) -> fmt::Result {
    match at {
        None => Ok(()),
        Some(At::Time(ms)) => write!(f, " @ {:.3}", ms as f64 / 1000.0),
        Some(At::Start) => f.write_str(" @ start()"),
        Some(At::End) => f.write_str(" @ end()"),
    }
}

fn write_extension(f: &mut fmt::Formatter<'_>, extension: Option<Extension>) -> fmt::Result {
    match extension {
        None => Ok(()),
        Some(Extension::Anchored) => f.write_str(" anchored"),
        Some(Extension::Smoothed) => f.write_str(" smoothed"),
    }
}

fn write_offset(f: &mut fmt::Formatter<'_>, offset: Option<&Duration>) -> fmt::Result {
    match offset {
        None => Ok(()),
        Some(Duration::Fixed { nanos }) if *nanos < 0 => {
            write!(f, " offset -{}", Length(nanos.saturating_neg()))
        }
        Some(offset) => write!(f, " offset {offset}"),
    }
}

/// Label names of a grouping; in quotes where they are no plain identifiers.
fn write_labels(f: &mut fmt::Formatter<'_>, labels: &[String]) -> fmt::Result {
    for (at, label) in labels.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        write_label(f, label)?;
    }
    Ok(())
}

fn write_label(f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
    if is_plain(label) { f.write_str(label) } else { f.write_str(&quote(label.as_bytes())) }
}

/// Whether a label name needs no quotes.
fn is_plain(label: &str) -> bool {
    let head = |c: u8| c == b'_' || c.is_ascii_alphabetic();
    let Some((&first, rest)) = label.as_bytes().split_first() else { return false };
    head(first) && rest.iter().all(|&c| head(c) || c.is_ascii_digit())
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed { nanos } => write!(f, "{}", Length(*nanos)),
            Self::Expr(expr) => write!(f, "{expr}"),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.duration {
            return write!(f, "{}", Plain(self.value));
        }
        if self.value < 0.0 {
            f.write_char('-')?;
        }
        write!(f, "{}", Length((self.value.abs() * 1e9) as i64))
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_label(f, &self.name)?;
        write!(f, "{}{}", self.op.as_str(), quote(self.value.as_bytes()))
    }
}

impl VectorSelector {
    /// Name and braces; the matchers in the order of their texts.
    fn write_series(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        f.write_str(name)?;
        let is_name = |m: &Matcher| {
            m.name == METRIC_NAME && m.op == MatchOp::Equal && m.value == name && !name.is_empty()
        };
        let mut shown: Vec<String> =
            self.matchers.iter().filter(|m| !is_name(m)).map(Matcher::to_string).collect();
        if shown.is_empty() {
            return Ok(());
        }
        shown.sort_unstable();
        write!(f, "{{{}}}", shown.join(","))
    }
}

impl fmt::Display for VectorSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_series(f)?;
        write_at(f, self.at)?;
        write_extension(f, self.extension)?;
        write_offset(f, self.offset.as_ref())
    }
}

/// Behind a range the extension stands before the time.
impl fmt::Display for MatrixSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selector.write_series(f)?;
        write!(f, "[{}]", self.range)?;
        write_extension(f, self.selector.extension)?;
        write_at(f, self.selector.at)?;
        write_offset(f, self.selector.offset.as_ref())
    }
}
