//! From the syntax tree to the plan.

use std::collections::HashMap;

use hydrograph_storage::matcher::{MatchOp, Matcher};
use hydrograph_storage::source::Selector;
use hydrograph_storage::time_range::TimeRange;

use super::invariant::{has_fixed_times, is_invariant};
use super::ranges::{selected, subquery_steps};
use super::{
    AggregatePlan, Aggregation, BinaryPlan, ElementwisePlan, Grouping, Join, Plan, RangeInput,
    RangePlan, RangeWindow, Reach, Root, ScalarPlan, SelectorPlan, SetPlan, Steps, TopOp, TopPlan,
    VectorPlan, VectorScalarPlan, Want,
};
use crate::error::QueryError;
use crate::functions::math::{Elementwise, apply_to_scalars, changes_meaning};
use crate::operators::Clash;
use crate::promql::ast::{
    self, Aggregate, At, Binary, Extension, MatrixSelector, Subquery, Unary, VectorSelector,
};
use crate::promql::duration::{Duration, DurationError, QueryTimes};
use crate::promql::format::quote;
use crate::promql::ops::{self, AggregateOp, UnaryOp};
use crate::promql::{Expr, ExprKind, Span, ValueType};

/// Operators are nested no deeper than this, since they call each other.
const DEPTH_MAX: usize = 250;

/// A subquery has no more steps than this, over the ranges of all steps around it.
const SUBQUERY_STEPS_MAX: usize = 100_000_000;

/// A query has no more different selectors than this.
const SELECTORS_MAX: usize = 1_000;

/// What a plan depends on besides the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanOptions {
    pub(crate) lookback_ms: i64,
    /// The step of a subquery that names none.
    pub(crate) subquery_step_ms: i64,
    pub(crate) delayed_names: bool,
    pub(crate) start_timestamps: bool,
}

/// Plans `expr` at `steps`, of a query from `start_ms` to `end_ms` (which need not be a step).
pub(crate) fn build(
    expr: &Expr,
    steps: Steps,
    end_ms: i64,
    options: PlanOptions,
) -> Result<Plan, QueryError> {
    let instant = end_ms == steps.start_ms;
    let times = QueryTimes {
        step_ms: if instant { 0 } else { steps.step_ms },
        range_ms: end_ms.saturating_sub(steps.start_ms),
    };
    let fixed = has_fixed_times(expr);
    let start_ms = steps.start_ms;
    let mut builder = Builder {
        options,
        times,
        start_ms,
        end_ms,
        fixed,
        selectors: Vec::new(),
        numbers: HashMap::new(),
        depth: 0,
    };
    let root = match expr.value_type() {
        ValueType::Scalar => Root::Scalar(builder.scalar(expr, steps)?),
        ValueType::Vector => Root::Vector(builder.vector(expr, steps)?),
        ValueType::Matrix => Root::Matrix(builder.range(expr, steps)?),
        ValueType::String => Root::String(string_of(expr).to_vec()),
    };
    Ok(Plan { selectors: builder.selectors, steps, root })
}

/// The bytes of a string literal.
pub(super) fn string_of(expr: &Expr) -> &[u8] {
    match &expr.without_parens().kind {
        ExprKind::String(bytes) => bytes,
        _ => unreachable!("only literals are strings"),
    }
}

/// Builds plans, and gathers their selectors.
pub(super) struct Builder {
    pub(super) options: PlanOptions,
    pub(super) times: QueryTimes,
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    /// Whether anything has a fixed time.
    fixed: bool,
    selectors: Vec<Selector>,
    /// The places of the selectors, by what they ask for.
    numbers: HashMap<(TimeRange, Vec<Asked>), usize>,
    depth: usize,
}

/// What a matcher asks for.
type Asked = (String, MatchOp, String);

impl Builder {
    /// Plans a vector.
    pub(super) fn vector(&mut self, expr: &Expr, steps: Steps) -> Result<VectorPlan, QueryError> {
        let expr = expr.without_parens();
        self.descend()?;
        let plan = if self.is_invariant(expr, steps) {
            VectorPlan::Repeat(Box::new(self.vector_at(expr, steps.first())?))
        } else {
            self.vector_at(expr, steps)?
        };
        self.depth -= 1;
        Ok(plan)
    }

    fn descend(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(QueryError::Invalid(format!(
                "expression is nested too deeply to be evaluated (more than {DEPTH_MAX} operators)"
            )));
        }
        Ok(())
    }

    /// Whether it is worth to evaluate an expression only once.
    pub(super) fn is_invariant(&self, expr: &Expr, steps: Steps) -> bool {
        self.fixed && steps.count > 1 && is_invariant(expr)
    }

    fn vector_at(&mut self, expr: &Expr, steps: Steps) -> Result<VectorPlan, QueryError> {
        match &expr.kind {
            ExprKind::VectorSelector(selector) => {
                Ok(VectorPlan::Selector(self.selector(selector, steps)?))
            }
            ExprKind::Call(call) => self.call(call, expr.range, steps),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, steps),
            ExprKind::Binary(binary) => self.binary(binary, expr.range, steps),
            ExprKind::Unary(unary) => self.unary(unary, steps),
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::MatrixSelector(_)
            | ExprKind::Subquery(_)
            | ExprKind::Paren(_) => unreachable!("not a vector"),
        }
    }

    /// Plans the newest samples of a selector.
    pub(super) fn selector(
        &mut self,
        selector: &VectorSelector,
        steps: Steps,
    ) -> Result<SelectorPlan, QueryError> {
        let (at_ms, offset_ms) = self.view(selector.at, selector.offset.as_ref())?;
        let reach = self.reach(selector.extension);
        let smoothed = reach.extension == Some(Extension::Smoothed);
        let lookback_ms = self.options.lookback_ms;
        let range = selected(steps, at_ms, offset_ms, lookback_ms, reach.after_ms);
        let set = self.select(selector, range)?;
        let want = if smoothed { Want::Smoothed } else { Want::Value };
        Ok(SelectorPlan { set, range, offset_ms, at_ms, want })
    }

    /// How far beyond its ends a range looks.
    fn reach(&self, extension: Option<Extension>) -> Reach {
        let lookback_ms = self.options.lookback_ms;
        match extension {
            None => Reach::default(),
            Some(Extension::Anchored) => Reach { extension, before_ms: lookback_ms, after_ms: 0 },
            Some(Extension::Smoothed) => {
                Reach { extension, before_ms: lookback_ms, after_ms: lookback_ms }
            }
        }
    }

    /// Where `@` and `offset` look from.
    pub(super) fn view(
        &self,
        at: Option<At>,
        offset: Option<&Duration>,
    ) -> Result<(Option<i64>, i64), QueryError> {
        let at_ms = at.map(|at| match at {
            At::Time(t_ms) => t_ms,
            At::Start => self.start_ms,
            At::End => self.end_ms,
        });
        let offset_ms = match offset {
            Some(offset) => offset.offset_ms(self.times)?,
            None => 0,
        };
        Ok((at_ms, offset_ms))
    }

    /// A condition, ready to be asked.
    pub(super) fn matcher(matcher: &ast::Matcher) -> Result<Matcher, QueryError> {
        let op = match matcher.op {
            ops::MatchOp::Equal => MatchOp::Equal,
            ops::MatchOp::NotEqual => MatchOp::NotEqual,
            ops::MatchOp::Regex => MatchOp::Regex,
            ops::MatchOp::NotRegex => MatchOp::NotRegex,
        };
        Matcher::new(&matcher.name, op, &matcher.value).map_err(QueryError::Invalid)
    }

    /// The place of a selector among those of the query.
    pub(super) fn select(
        &mut self,
        selector: &VectorSelector,
        range: TimeRange,
    ) -> Result<usize, QueryError> {
        let mut matchers = Vec::with_capacity(selector.matchers.len());
        for matcher in &selector.matchers {
            matchers.push(Self::matcher(matcher)?);
        }
        let asked = |m: &Matcher| (m.name.to_string(), m.op, m.value.to_string());
        let key = (range, matchers.iter().map(asked).collect());
        let next = self.selectors.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            if next == SELECTORS_MAX {
                return Err(QueryError::Invalid(format!(
                    "query has more than {SELECTORS_MAX} different selectors"
                )));
            }
            self.selectors.push(Selector { matchers, range });
        }
        Ok(number)
    }

    /// Plans a range vector.
    pub(super) fn range(&mut self, expr: &Expr, steps: Steps) -> Result<RangePlan, QueryError> {
        let expr = expr.without_parens();
        match &expr.kind {
            ExprKind::MatrixSelector(matrix) => self.matrix(matrix, expr.range, steps),
            ExprKind::Subquery(subquery) => self.subquery(subquery, steps),
            _ => unreachable!("not a range vector"),
        }
    }

    fn matrix(
        &mut self,
        matrix: &MatrixSelector,
        span: Span,
        steps: Steps,
    ) -> Result<RangePlan, QueryError> {
        let selector = &matrix.selector;
        let reach = self.reach(selector.extension);
        let (at_ms, offset_ms) = self.view(selector.at, selector.offset.as_ref())?;
        let length_ms = matrix.range.length_ms(self.times)?;
        let back_ms = length_ms.saturating_add(reach.before_ms);
        let range = selected(steps, at_ms, offset_ms, back_ms, reach.after_ms);
        let set = self.select(selector, range)?;
        let window = RangeWindow { length_ms, offset_ms, at_ms, reach };
        Ok(RangePlan { input: RangeInput::Selector { set, range }, window, span })
    }

    fn subquery(&mut self, subquery: &Subquery, steps: Steps) -> Result<RangePlan, QueryError> {
        let (at_ms, offset_ms) = self.view(subquery.at, subquery.offset.as_ref())?;
        let length_ms = subquery.range.length_ms(self.times)?;
        let step_ms = match &subquery.step {
            Some(step) => step.length_ms(self.times)?,
            None => 0,
        };
        let step_ms = if step_ms > 0 { step_ms } else { self.options.subquery_step_ms };
        let inner = subquery_steps(steps, at_ms, offset_ms, length_ms, step_ms);
        if inner.count > SUBQUERY_STEPS_MAX {
            return Err(QueryError::Execution(format!(
                "subquery of {} steps (no more than {SUBQUERY_STEPS_MAX} can be evaluated). Try \
                 a greater step or a shorter range",
                inner.count
            )));
        }
        let plan = Box::new(self.vector(&subquery.expr, inner)?);
        let window = RangeWindow { length_ms, offset_ms, at_ms, reach: Reach::default() };
        let input = RangeInput::Subquery { plan, steps: inner };
        Ok(RangePlan { input, window, span: Span::default() })
    }

    fn unary(&mut self, unary: &Unary, steps: Steps) -> Result<VectorPlan, QueryError> {
        let input = self.vector(&unary.expr, steps)?;
        if unary.op == UnaryOp::Plus {
            return Ok(input);
        }
        let negate = Elementwise::Plain(|value| -value);
        Ok(self.elementwise(negate, Vec::new(), input))
    }

    /// Plans a function of each value, which takes the name away.
    pub(super) fn elementwise(
        &self,
        function: Elementwise,
        params: Vec<ScalarPlan>,
        input: VectorPlan,
    ) -> VectorPlan {
        let distinct = self.distinct_without_name(&input);
        let plan = VectorPlan::Elementwise(Box::new(ElementwisePlan { function, params, input }));
        if distinct { plan } else { VectorPlan::Unique(Box::new(plan), Clash::Step) }
    }

    /// Whether the series stay distinct when their names go, as far as the plan tells; with
    /// delayed names they do not go yet.
    pub(super) fn distinct_without_name(&self, plan: &VectorPlan) -> bool {
        self.options.delayed_names
            || match plan {
                VectorPlan::Selector(selector) => self.has_one_name(selector.set),
                VectorPlan::Range(function) => match &function.range.input {
                    RangeInput::Selector { set, .. } => self.has_one_name(*set),
                    RangeInput::Subquery { plan, .. } => self.distinct_without_name(plan),
                },
                VectorPlan::Elementwise(plan) => self.distinct_without_name(&plan.input),
                VectorPlan::VectorScalar(plan) => self.distinct_without_name(&plan.vector),
                VectorPlan::Repeat(plan) => self.distinct_without_name(plan),
                VectorPlan::Aggregate(plan) => plan.grouping.without,
                VectorPlan::Absent(_) | VectorPlan::OfScalar(_) => true,
                _ => false,
            }
    }

    /// Whether a selector asks for one metric by its name.
    pub(super) fn has_one_name(&self, set: usize) -> bool {
        let by_name = |m: &Matcher| &*m.name == "__name__" && m.op == MatchOp::Equal;
        self.selectors[set].matchers.iter().any(by_name)
    }

    fn binary(
        &mut self,
        binary: &Binary,
        span: Span,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let op = binary.op;
        let Some(matching) = &binary.matching else {
            return self.vector_scalar(binary, span, steps);
        };
        let left = self.vector(&binary.lhs, steps)?;
        let right = self.vector(&binary.rhs, steps)?;
        let matching = matching.clone();
        if op.is_set() {
            let plan = VectorPlan::Set(Box::new(SetPlan { op, left, right, matching }));
            return Ok(match op {
                ops::BinaryOp::Or => VectorPlan::Unique(Box::new(plan), Clash::Step),
                _ => plan,
            });
        }
        let join = Join { op, matching, return_bool: binary.bool_modifier, span };
        let plan = VectorPlan::Binary(Box::new(BinaryPlan { left, right, join }));
        Ok(VectorPlan::Unique(Box::new(plan), Clash::Step))
    }

    fn vector_scalar(
        &mut self,
        binary: &Binary,
        span: Span,
        steps: Steps,
    ) -> Result<VectorPlan, QueryError> {
        let (op, return_bool) = (binary.op, binary.bool_modifier);
        let scalar_is_left = binary.lhs.value_type() == ValueType::Scalar;
        let (vector, scalar) = if scalar_is_left {
            let scalar = self.scalar(&binary.lhs, steps)?;
            (self.vector(&binary.rhs, steps)?, scalar)
        } else {
            let vector = self.vector(&binary.lhs, steps)?;
            (vector, self.scalar(&binary.rhs, steps)?)
        };
        let keeps_name = !changes_meaning(op) && !return_bool;
        let distinct = keeps_name || self.distinct_without_name(&vector);
        let plan = VectorScalarPlan { op, vector, scalar, scalar_is_left, return_bool, span };
        let plan = VectorPlan::VectorScalar(Box::new(plan));
        Ok(if distinct { plan } else { VectorPlan::Unique(Box::new(plan), Clash::Step) })
    }

    /// Plans a scalar.
    pub(super) fn scalar(&mut self, expr: &Expr, steps: Steps) -> Result<ScalarPlan, QueryError> {
        let mut expr = expr.without_parens();
        let mut spine = Vec::new();
        while let ExprKind::Binary(binary) = &expr.kind {
            spine.push(binary);
            expr = binary.lhs.without_parens();
        }
        let before = self.depth;
        self.descend()?;
        let mut plan = match &expr.kind {
            ExprKind::Number(number) => ScalarPlan::Constant(number.value),
            ExprKind::Unary(unary) => {
                let inner = self.scalar(&unary.expr, steps)?;
                match (unary.op, inner) {
                    (UnaryOp::Plus, inner) => inner,
                    (UnaryOp::Minus, ScalarPlan::Constant(value)) => ScalarPlan::Constant(-value),
                    (UnaryOp::Minus, inner) => ScalarPlan::Negate(Box::new(inner)),
                }
            }
            ExprKind::Call(call) => self.scalar_call(expr, call, steps)?,
            _ => unreachable!("not a scalar"),
        };
        for binary in spine.into_iter().rev() {
            let right = self.scalar(&binary.rhs, steps)?;
            let op = binary.op;
            plan = match (plan, right) {
                (ScalarPlan::Constant(left), ScalarPlan::Constant(right)) => {
                    ScalarPlan::Constant(apply_to_scalars(op, left, right))
                }
                (left, right) => {
                    self.descend()?;
                    ScalarPlan::Binary { op, left: Box::new(left), right: Box::new(right) }
                }
            };
        }
        self.depth = before;
        Ok(plan)
    }

    fn aggregate(&mut self, aggregate: &Aggregate, steps: Steps) -> Result<VectorPlan, QueryError> {
        let param = aggregate.param.as_ref().map(Expr::without_parens);
        let param_span = param.map_or_else(Span::default, |param| param.range);
        let mut grouping =
            Grouping { labels: aggregate.grouping.clone(), without: aggregate.without };
        let top = match aggregate.op {
            AggregateOp::Topk => Some(TopOp::Top),
            AggregateOp::Bottomk => Some(TopOp::Bottom),
            AggregateOp::Limitk => Some(TopOp::Limit),
            AggregateOp::LimitRatio => Some(TopOp::Ratio),
            _ => None,
        };
        let number = |builder: &mut Self| match param {
            Some(param) => builder.scalar(param, steps),
            None => unreachable!("the parser asks for a parameter"),
        };
        if let Some(op) = top {
            let param = number(self)?;
            let input = self.vector(&aggregate.expr, steps)?;
            let plan = TopPlan { op, param, param_span, input, grouping };
            return Ok(VectorPlan::Top(Box::new(plan)));
        }
        let op = match aggregate.op {
            AggregateOp::Sum => Aggregation::Sum,
            AggregateOp::Avg => Aggregation::Avg,
            AggregateOp::Min => Aggregation::Min,
            AggregateOp::Max => Aggregation::Max,
            AggregateOp::Count => Aggregation::Count,
            AggregateOp::Group => Aggregation::Group,
            AggregateOp::Stddev => Aggregation::Stddev,
            AggregateOp::Stdvar => Aggregation::Stdvar,
            AggregateOp::Quantile => Aggregation::Quantile(number(self)?),
            AggregateOp::CountValues => {
                let label = value_label(param)?;
                if !grouping.without {
                    grouping.labels.push(label.clone());
                }
                Aggregation::CountValues(label)
            }
            AggregateOp::Topk
            | AggregateOp::Bottomk
            | AggregateOp::Limitk
            | AggregateOp::LimitRatio => unreachable!("planned above"),
        };
        let input = self.vector(&aggregate.expr, steps)?;
        let plan = AggregatePlan { op, input, grouping, param_span };
        Ok(VectorPlan::Aggregate(Box::new(plan)))
    }
}

/// The label that `count_values` writes to.
fn value_label(param: Option<&Expr>) -> Result<String, QueryError> {
    let bytes = param.map_or(&b""[..], string_of);
    match std::str::from_utf8(bytes) {
        Ok(label) if !label.is_empty() => Ok(label.to_owned()),
        _ => Err(QueryError::Execution(format!("invalid label name {}", quote(bytes)))),
    }
}

impl From<DurationError> for QueryError {
    fn from(error: DurationError) -> Self {
        Self::Invalid(error.to_string())
    }
}
