//! `info`: which series tell of others, and when they are looked at.
//!
//! They are selected without knowing which series they will be asked about, since everything is
//! selected at once. They are looked at when the first selector of the argument is, its `@` and
//! offsets and those of the subqueries around it included.

use hydrograph_storage::labels::METRIC_NAME;

use super::build::Builder;
use super::ranges::selected;
use super::{InfoPlan, SelectorPlan, Steps, VectorPlan, Want};
use crate::error::QueryError;
use crate::operators::Clash;
use crate::promql::ast::{At, Call, Matcher, VectorSelector};
use crate::promql::duration::Duration;
use crate::promql::ops::MatchOp;
use crate::promql::{Expr, ExprKind, Span};

impl Builder {
    /// Plans a call of `info`.
    pub(super) fn info(&mut self, call: &Call, steps: Steps) -> Result<VectorPlan, QueryError> {
        let input = self.vector(&call.args[0], steps)?;
        let given = call.args.get(1).and_then(|arg| arg.without_parens().selector());
        let mut selector = VectorSelector {
            name: None,
            matchers: given.map_or_else(Vec::new, |given| given.matchers.clone()),
            offset: None,
            at: None,
            extension: None,
        };
        let is_name = |matcher: &Matcher| matcher.name == METRIC_NAME;
        let mut labels = Vec::new();
        let mut required = false;
        for matcher in selector.matchers.iter().filter(|matcher| !is_name(matcher)) {
            labels.push(matcher.name.clone());
            required |= !Self::matcher(matcher)?.matches("");
        }
        selector.matchers.extend(name_matcher(&selector.matchers));
        let mut names = Vec::new();
        for matcher in selector.matchers.iter().filter(|matcher| is_name(matcher)) {
            names.push(Self::matcher(matcher)?);
        }
        let (at_ms, offset_ms) = self.first_view(&call.args[0])?;
        let range = selected(steps, at_ms, offset_ms, self.options.lookback_ms, 0);
        let set = self.select(&selector, range)?;
        let infos = SelectorPlan { set, range, offset_ms, at_ms, want: Want::Time };
        let plan = VectorPlan::Info(Box::new(InfoPlan { input, infos, names, labels, required }));
        Ok(VectorPlan::Unique(Box::new(plan), Clash::Step))
    }

    /// Where the first selector of an expression looks from.
    fn first_view(&self, expr: &Expr) -> Result<(Option<i64>, i64), QueryError> {
        let mut view = (None, 0);
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            if let ExprKind::Subquery(subquery) = &expr.kind {
                view = self.view_from(view, subquery.at, subquery.offset.as_ref())?;
                pending.clear();
            }
            if let Some(selector) = expr.selector() {
                return self.view_from(view, selector.at, selector.offset.as_ref());
            }
            pending.extend(expr.children().rev());
        }
        Ok(view)
    }

    /// What is seen through one modifier after another.
    fn view_from(
        &self,
        (outer_at_ms, outer_offset_ms): (Option<i64>, i64),
        at: Option<At>,
        offset: Option<&Duration>,
    ) -> Result<(Option<i64>, i64), QueryError> {
        let (at_ms, offset_ms) = self.view(at, offset)?;
        Ok(match at_ms {
            Some(_) => (at_ms, offset_ms),
            None => (outer_at_ms, outer_offset_ms.saturating_add(offset_ms)),
        })
    }
}

/// What the names of info series must be like, where nothing is said that they are.
fn name_matcher(given: &[Matcher]) -> Option<Matcher> {
    let mut names = given.iter().filter(|matcher| matcher.name == METRIC_NAME).peekable();
    let (op, value) = match names.peek() {
        None => (MatchOp::Equal, "target_info"),
        Some(_) => (MatchOp::Regex, ".+_info"),
    };
    let says_so = |matcher: &Matcher| matches!(matcher.op, MatchOp::Equal | MatchOp::Regex);
    if names.any(says_so) {
        return None;
    }
    let (name, value) = (METRIC_NAME.to_owned(), value.to_owned());
    Some(Matcher { name, op, value, span: Span::default() })
}
