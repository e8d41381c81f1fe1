//! `topk`, `bottomk`, `limitk`, `limit_ratio`: some series of each group, at each step others.
//!
//! It reads its input while it is opened. What it keeps are the picks, not the input. In an
//! instant query the picks stand in their order, group by group.

use hydrograph_storage::labels::Labels;
use hydrograph_storage::limits::Reservation;

use super::aggregate::Groups;
use super::batch::Batch;
use super::context::Context;
use super::scalar::column;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::annotations::Annotation;
use crate::error::QueryError;
use crate::functions::go;
use crate::functions::heap::Heap;
use crate::plan::{Steps, TopOp, TopPlan};

/// The picked values of one series after another.
pub(crate) struct Top {
    series: SeriesList,
    /// Ascending by series, then step.
    picks: Vec<Pick>,
    steps: usize,
    done: usize,
    next_pick: usize,
    _memory: Reservation,
}

/// A value that stays.
#[derive(Clone, Copy)]
struct Pick {
    series: usize,
    step: usize,
    value: f64,
}

impl Top {
    pub(crate) fn open(
        plan: &TopPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let param = column(&plan.param, steps, cx)?;
        let mut input = open(&plan.input, steps, cx)?;
        let mut memory = cx.limits.reserve("the picks of topk", 0)?;
        let mut picks = Vec::new();
        if check_param(plan, &param, cx)? {
            let groups = Groups::of(input.series(), &plan.grouping, cx)?;
            picks = match plan.op {
                TopOp::Ratio => pick_ratio(&mut *input, &param, &mut memory, cx)?,
                _ => pick_k(plan.op, &mut *input, &groups, &param, &mut memory, cx)?,
            };
        }
        if steps.count != 1 {
            picks.sort_by_key(|pick| (pick.series, pick.step));
        }
        let mut metas = Vec::new();
        let mut last = None;
        for pick in &mut picks {
            if last != Some(pick.series) {
                last = Some(pick.series);
                metas.push(input.series()[pick.series].clone());
            }
            pick.series = metas.len() - 1;
        }
        let series = cx.list(metas)?;
        let steps = steps.count;
        Ok(Box::new(Self { series, picks, steps, done: 0, next_pick: 0, _memory: memory }))
    }
}

/// Whether anything can be picked at all.
fn check_param(plan: &TopPlan, param: &[f64], cx: &mut Context) -> Result<bool, QueryError> {
    const INT_MIN: f64 = -9_223_372_036_854_775_808.0;
    const INT_MAX: f64 = 9_223_372_036_854_774_784.0;
    let most = param.iter().copied().fold(-f64::MAX, go::max);
    let least = param.iter().copied().fold(f64::MAX, go::min);
    let has_nan = param.iter().any(|value| value.is_nan());
    if plan.op == TopOp::Ratio {
        if most == 0.0 && least == 0.0 {
            return Ok(false);
        }
        if has_nan {
            return Err(QueryError::Execution("Ratio value is NaN".to_owned()));
        }
        if most > 1.0 {
            cx.annotate(Annotation::invalid_ratio(most, 1.0), plan.param_span);
        }
        if least < -1.0 {
            cx.annotate(Annotation::invalid_ratio(least, -1.0), plan.param_span);
        }
        return Ok(true);
    }
    if most < 1.0 {
        return Ok(false);
    }
    if has_nan {
        return Err(QueryError::Execution("Parameter value is NaN".to_owned()));
    }
    if least <= INT_MIN {
        let text = format!("Scalar value {} underflows int64", go::general(least));
        return Err(QueryError::Execution(text));
    }
    if most >= INT_MAX {
        let text = format!("Scalar value {} overflows int64", go::general(most));
        return Err(QueryError::Execution(text));
    }
    Ok(true)
}

fn pick_k(
    op: TopOp,
    input: &mut dyn Operator,
    groups: &Groups,
    param: &[f64],
    memory: &mut Reservation,
    cx: &mut Context,
) -> Result<Vec<Pick>, QueryError> {
    let steps = param.len();
    let series = input.series().len();
    memory.grow(groups.count().saturating_mul(steps).saturating_mul(size_of::<Heap>()))?;
    let less: fn(f64, f64) -> bool = match op {
        TopOp::Bottom => |a, b| a > b,
        _ => |a, b| a < b,
    };
    let mut heaps: Vec<Heap> = vec![Heap::default(); groups.count() * steps];
    while let Some(batch) = input.next(cx)? {
        let mut grown = 0;
        for (number, row) in batch.iter() {
            let from = groups.of_series(number) * steps;
            for (step, value) in row.iter() {
                let k = (param[step] as i64).min(series as i64).max(0) as usize;
                let heap = &mut heaps[from + step];
                if heap.len() < k {
                    grown += 1;
                    heap.push(value, number, less);
                } else if k > 0 && op != TopOp::Limit {
                    heap.offer(value, number, less);
                }
            }
        }
        memory.grow(grown * 2 * size_of::<(f64, usize)>() + grown * size_of::<Pick>())?;
    }
    let mut picks = Vec::new();
    for (at, heap) in heaps.into_iter().enumerate() {
        let ordered = if op == TopOp::Limit { heap.unordered() } else { heap.greatest_first(less) };
        let picked = ordered.into_iter();
        picks.extend(picked.map(|(value, series)| Pick { series, step: at % steps, value }));
    }
    Ok(picks)
}

fn pick_ratio(
    input: &mut dyn Operator,
    param: &[f64],
    memory: &mut Reservation,
    cx: &mut Context,
) -> Result<Vec<Pick>, QueryError> {
    let mut picks = Vec::new();
    while let Some(batch) = input.next(cx)? {
        for (number, row) in batch.iter() {
            let place = place_of(&input.series()[number].labels());
            let before = picks.len();
            for (step, value) in row.iter() {
                let ratio = param[step].clamp(-1.0, 1.0);
                let picked = if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio };
                if picked {
                    picks.push(Pick { series: number, step, value });
                }
            }
            memory.grow((picks.len() - before) * 2 * size_of::<Pick>())?;
        }
    }
    Ok(picks)
}

/// Where a label set stands between 0 and 1, by the hash that the reference uses.
fn place_of(labels: &Labels) -> f64 {
    let mut bytes = Vec::new();
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        let len = text.len();
        if len < 255 {
            bytes.push(len as u8);
        } else {
            bytes.push(255);
            bytes.extend_from_slice(&(len as u32).to_le_bytes()[..3]);
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    xxhash_rust::xxh64::xxh64(&bytes, 0) as f64 / u64::MAX as f64
}

impl Operator for Top {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        let next = Batch::next_of(cx, self.done, self.series.len(), self.steps)?;
        let Some(mut batch) = next else { return Ok(None) };
        while let Some(pick) = self.picks.get(self.next_pick) {
            if pick.series >= batch.end() {
                break;
            }
            batch.row_mut(pick.series - self.done).set(pick.step, pick.value);
            self.next_pick += 1;
        }
        self.done = batch.end();
        Ok(Some(batch))
    }
}
