//! The laws of types, with the reference's messages.
//!
//! Each check runs when its node is made and only notes what is wrong. Operands are made before
//! operators, which is the order in which the reference looks; where it looks at a call before
//! its arguments, the arguments' faults are put behind the call's own.

use super::call::Arguments;
use super::{Fault, Parser};
use crate::promql::ast::{
    Aggregate, Binary, Cardinality, Expr, ExprKind, Span, ValueType, VectorSelector,
};
use crate::promql::format::quote;
use crate::promql::functions::{Arity, Function};
use crate::promql::ops::{AggregateOp, MatchOp};
use crate::promql::regex;
use hydrograph_storage::labels::METRIC_NAME;

impl Parser<'_> {
    /// Notes a fault that counts only if the whole text can be parsed.
    pub(super) fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.wrong_types.push(Fault { span, message: message.into() });
    }

    /// A modifier makes an expression longer, and with it what is wrong with it.
    pub(super) fn lengthen(&mut self, expr: &mut Expr) {
        let longer = Span::new(expr.range.start, self.last_closing);
        for wrong in self.wrong_types.iter_mut().filter(|wrong| wrong.span == expr.range) {
            wrong.span = longer;
        }
        expr.range = longer;
    }

    fn check_type(&mut self, expr: &Expr, expected: ValueType, context: &str) {
        let found = expr.value_type();
        if found != expected {
            let (expected, found) = (expected.documented(), found.documented());
            self.wrong(expr.range, format!("expected type {expected} in {context}, got {found}"));
        }
    }

    /// A name is set once; without one, some matcher must not match the empty string.
    pub(super) fn check_selector(&mut self, selector: &VectorSelector, span: Span) {
        let Some(name) = &selector.name else {
            if selector.matchers.iter().all(matches_empty) {
                self.wrong(span, "vector selector must contain at least one non-empty matcher");
            }
            return;
        };
        let before_name = selector.matchers.len().saturating_sub(1);
        for matcher in &selector.matchers[..before_name] {
            if matcher.name == METRIC_NAME {
                let (name, other) = (quote(name.as_bytes()), quote(matcher.value.as_bytes()));
                self.wrong(span, format!("metric name must not be set twice: {name} or {other}"));
            }
        }
    }

    pub(super) fn check_sign(&mut self, span: Span, operand: &Expr) {
        let found = operand.value_type();
        if !matches!(found, ValueType::Scalar | ValueType::Vector) {
            let found = quote(found.documented().as_bytes());
            self.wrong(
                span,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant \
                     vector, got {found}"
                ),
            );
        }
    }

    pub(super) fn check_subquery(&mut self, expr: &Expr, span: Span) {
        let found = expr.value_type();
        if found != ValueType::Vector {
            self.wrong(
                span,
                format!("subquery is only allowed on instant vector, got {} instead", found.name()),
            );
        }
    }

    /// The aggregated expression is looked at before the parameter that stands before it.
    pub(super) fn check_aggregate(&mut self, aggregate: &Aggregate, marks: &[usize]) {
        let of_param: Vec<Fault> = match (&aggregate.param, marks) {
            (Some(_), &[first, second, ..]) => self.wrong_types.drain(first..second).collect(),
            _ => Vec::new(),
        };
        self.check_type(&aggregate.expr, ValueType::Vector, "aggregation expression");
        self.wrong_types.extend(of_param);
        if let Some(param) = &aggregate.param {
            let expected = match aggregate.op {
                AggregateOp::CountValues => ValueType::String,
                _ => ValueType::Scalar,
            };
            self.check_type(param, expected, "aggregation parameter");
        }
    }

    pub(super) fn check_call(&mut self, func: &Function, arguments: &Arguments, span: Span) {
        let Arguments { args, marks, .. } = arguments;
        let first = marks[0];
        let mut of_args = self.wrong_types.split_off(first).into_iter();
        self.check_arity(func, args.len(), span);
        let context = format!("call to function {}", quote(func.name.as_bytes()));
        let labels_only = func.name == "info" && args.len() > 1;
        if labels_only {
            self.check_info_labels(&args[1], &context, span);
        }
        for (at, arg) in args.iter().enumerate() {
            let Some(expected) = func.arg_type(at) else { break };
            let own = of_args.by_ref().take(marks[at + 1] - marks[at]);
            // Such a selector may select everything; nothing else can be wrong with it.
            if labels_only && at == 1 && is_nameless_selector(arg) {
                own.for_each(drop);
            } else {
                self.wrong_types.extend(own);
            }
            self.check_type(arg, expected, &context);
        }
    }

    fn check_arity(&mut self, func: &Function, given: usize, span: Span) {
        let types = func.args.len();
        let name = quote(func.name.as_bytes());
        let least = types.saturating_sub(usize::from(func.arity != Arity::Exact));
        let (which, limit) = match func.arity {
            Arity::Exact if given != types => ("", types),
            Arity::Optional(_) | Arity::OpenEnded if given < least => ("at least ", least),
            Arity::Optional(more) if given > least + more as usize => {
                ("at most ", least + more as usize)
            }
            _ => return,
        };
        self.wrong(
            span,
            format!("expected {which}{limit} argument(s) in call to {name}, got {given}"),
        );
    }

    /// The second argument of `info` is a selector without a name.
    fn check_info_labels(&mut self, arg: &Expr, context: &str, span: Span) {
        if arg.value_type() != ValueType::Vector {
            let found = arg.value_type().documented();
            self.wrong(span, format!("expected type instant vector in {context}, got {found}"));
        }
        match &arg.kind {
            ExprKind::VectorSelector(selector) if selector.name.is_none() => {}
            ExprKind::VectorSelector(_) => {
                let message = "expected label selectors only, got vector selector instead";
                self.wrong(arg.range, message);
            }
            _ => self.wrong(arg.range, "expected label selectors only"),
        }
    }

    pub(super) fn check_binary(&mut self, binary: &Binary, span: Span) {
        let (left, right) = (binary.lhs.value_type(), binary.rhs.value_type());
        let scalars = left == ValueType::Scalar && right == ValueType::Scalar;
        if binary.bool_modifier && !binary.op.is_comparison() {
            let at = self.operator_span(binary);
            self.wrong(at, "bool modifier can only be used on comparison operators");
        }
        if binary.op.is_comparison() && !binary.bool_modifier && scalars {
            let at = self.operator_span(binary);
            self.wrong(at, "comparisons between scalars must use BOOL modifier");
        }
        self.check_clauses(binary);
        for operand in [&binary.lhs, &binary.rhs] {
            if !matches!(operand.value_type(), ValueType::Scalar | ValueType::Vector) {
                self.wrong(
                    operand.range,
                    "binary expression must contain only scalar and instant vector types",
                );
            }
        }
        if left == ValueType::Vector && right == ValueType::Vector {
            self.check_set(binary, span);
        } else {
            self.check_without_matching(binary, span);
        }
        if binary.op.is_set() && (left == ValueType::Scalar || right == ValueType::Scalar) {
            let op = quote(binary.op.as_str().as_bytes());
            self.wrong(span, format!("set operator {op} not allowed in binary scalar expression"));
        }
    }

    /// No label both in `on` and in `group_left`.
    fn check_clauses(&mut self, binary: &Binary) {
        let Some(matching) = binary.matching.as_ref().filter(|matching| matching.on) else {
            return;
        };
        for label in &matching.labels {
            if matching.include.contains(label) {
                let at = self.operator_span(binary);
                let label = quote(label.as_bytes());
                self.wrong(
                    at,
                    format!("label {label} must not occur in ON and GROUP clause at once"),
                );
            }
        }
    }

    fn check_without_matching(&mut self, binary: &Binary, span: Span) {
        let Some(matching) = &binary.matching else { return };
        if !matching.labels.is_empty() {
            self.wrong(span, "vector matching only allowed between instant vectors");
        }
        if matching.fill.is_set() {
            self.wrong(span, "filling in missing series only allowed between instant vectors");
        }
    }

    fn check_set(&mut self, binary: &Binary, span: Span) {
        let Some(matching) = binary.matching.as_ref().filter(|_| binary.op.is_set()) else {
            return;
        };
        if matching.card != Cardinality::ManyToMany {
            let op = quote(binary.op.as_str().as_bytes());
            self.wrong(span, format!("no grouping allowed for {op} operation"));
        }
        if matching.fill.is_set() {
            self.wrong(span, "filling in missing series not allowed for set operators");
        }
    }

    /// The bytes between the operands without blanks around them; like the reference's, the
    /// range ends with the last byte, not behind it.
    fn operator_span(&self, binary: &Binary) -> Span {
        let (from, to) = (binary.lhs.range.end as usize, binary.rhs.range.start as usize);
        let between = self.lexer.input().get(from..to).unwrap_or_default();
        let start = to - between.trim_ascii_start().len();
        let end = from + between.trim_ascii_end().len();
        Span::new(start as u32, end.saturating_sub(1).max(start) as u32)
    }
}

fn is_nameless_selector(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::VectorSelector(selector) if selector.name.is_none())
}

/// Whether a series without the label satisfies a matcher.
fn matches_empty(matcher: &crate::promql::ast::Matcher) -> bool {
    match matcher.op {
        MatchOp::Equal => matcher.value.is_empty(),
        MatchOp::NotEqual => !matcher.value.is_empty(),
        MatchOp::Regex => regex::matches_empty(&matcher.value),
        MatchOp::NotRegex => !regex::matches_empty(&matcher.value),
    }
}
