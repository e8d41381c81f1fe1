//! `info`: adds to series the labels of others that tell of the same instance and job.
//!
//! Law: of several info series of one name the one with the newest sample speaks. A series has
//! one successor for each set of info series that speaks for it at any step. The info series
//! are read while the operator is opened; the series themselves are streamed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hydrograph_storage::labels::{Labels, METRIC_NAME};
use hydrograph_storage::limits::Reservation;
use hydrograph_storage::source::SeriesSet;

use super::batch::Batch;
use super::context::Context;
use super::selector::Selector;
use super::series::{SeriesList, SeriesMeta};
use super::{Input, Operator, open};
use crate::error::QueryError;
use crate::plan::{InfoPlan, Steps};

/// What instance and job a series is of.
type Target = (String, String);

/// Adds labels to series.
pub(crate) struct Info {
    input: Input,
    series: SeriesList,
    routes: Vec<Route>,
    speakers: Vec<Speakers>,
    steps: usize,
    _memory: Reservation,
}

/// What becomes of one series.
struct Route {
    /// The number of its first successor.
    first: usize,
    /// Who speaks for it, if anyone can.
    speakers: Option<usize>,
    /// What becomes of it, for each set of info series that speaks.
    slots: Vec<Slot>,
}

/// What becomes of a series at a step.
enum Slot {
    /// Its value goes to the successor of this number.
    Series(usize),
    /// It is left out.
    Dropped,
    /// It ends the query.
    Fault(String),
}

/// Who speaks for a target.
#[derive(Default)]
struct Speakers {
    /// The newest info series of each name, step by step.
    newest: BTreeMap<String, Vec<Option<Newest>>>,
    /// The different answers to who speaks.
    sets: Vec<Result<Vec<usize>, String>>,
    /// Which of them is true at each step.
    at_step: Vec<usize>,
}

/// The info series with the newest sample.
#[derive(Clone, Copy)]
struct Newest {
    time: f64,
    number: usize,
    /// Another one whose sample is just as new.
    rival: Option<usize>,
}

impl Info {
    pub(crate) fn open(
        plan: &InfoPlan,
        steps: Steps,
        cx: &mut Context,
    ) -> Result<Input, QueryError> {
        let input = open(&plan.input, steps, cx)?;
        let targets: Vec<Option<Target>> =
            input.series().iter().map(|meta| target_of(meta, plan)).collect();
        let mut memory = cx.limits.reserve("joining info series", 0)?;
        let (numbers, speakers) = read(plan, &targets, steps, &mut memory, cx)?;
        let infos = cx.set(plan.infos.set);
        let mut metas = Vec::new();
        let mut routes = Vec::with_capacity(targets.len());
        for (meta, target) in input.series().iter().zip(&targets) {
            let number = target.as_ref().and_then(|target| numbers.get(target)).copied();
            let (first, mut slots) = (metas.len(), Vec::new());
            let sets = number.map_or(&[][..], |number| &speakers[number].sets);
            for set in sets {
                slots.push(slot(meta, set, &infos, plan, &mut metas));
            }
            if sets.is_empty() {
                // Nobody ever speaks; what may not be told of stays as it is.
                let known = target.is_none() || !plan.required;
                slots.push(if known { Slot::Series(metas.len()) } else { Slot::Dropped });
                metas.extend(known.then(|| meta.clone()));
            }
            routes.push(Route { first, speakers: number, slots });
        }
        memory.grow(routes.capacity() * size_of::<Route>())?;
        let series = cx.list(metas)?;
        let steps = steps.count;
        Ok(Box::new(Self { input, series, routes, speakers, steps, _memory: memory }))
    }

    fn slot(&self, number: usize, step: usize) -> &Slot {
        let route = &self.routes[number];
        let at = route.speakers.map_or(0, |speakers| self.speakers[speakers].at_step[step]);
        &route.slots[at]
    }
}

/// What a series is of, unless it is an info series itself.
fn target_of(meta: &SeriesMeta, plan: &InfoPlan) -> Option<Target> {
    let name = meta.get(METRIC_NAME);
    let is_info = plan.names.iter().all(|matcher| matcher.matches(name));
    (!is_info).then(|| (meta.get("instance").to_owned(), meta.get("job").to_owned()))
}

/// The targets of which info series may tell. Where any series has an instance or a job, info
/// series are asked to have one, too.
fn told_of(targets: &[Option<Target>]) -> BTreeSet<&Target> {
    let targets: BTreeSet<&Target> = targets.iter().flatten().collect();
    let any_instance = targets.iter().any(|(instance, _)| !instance.is_empty());
    let any_job = targets.iter().any(|(_, job)| !job.is_empty());
    let complete = |target: &&Target| {
        (any_instance || any_job)
            && (!any_instance || !target.0.is_empty())
            && (!any_job || !target.1.is_empty())
    };
    targets.into_iter().filter(complete).collect()
}

/// Reads the info series and finds out who speaks for each target.
fn read(
    plan: &InfoPlan,
    targets: &[Option<Target>],
    steps: Steps,
    memory: &mut Reservation,
    cx: &mut Context,
) -> Result<(HashMap<Target, usize>, Vec<Speakers>), QueryError> {
    let told_of = told_of(targets);
    let mut numbers: HashMap<Target, usize> = HashMap::with_capacity(told_of.len());
    let mut speakers: Vec<Speakers> = Vec::with_capacity(told_of.len());
    let set = cx.set(plan.infos.set);
    let mut infos = Selector::open(&plan.infos, steps, cx)?;
    while let Some(batch) = infos.next(cx)? {
        for (number, row) in batch.iter() {
            let labels = &set.series[number].labels;
            let label = |name: &str| labels.get(name).unwrap_or("").to_owned();
            let target = (label("instance"), label("job"));
            if !told_of.contains(&target) {
                continue;
            }
            let next = speakers.len();
            let at = *numbers.entry(target).or_insert(next);
            if at == next {
                speakers.push(Speakers::default());
            }
            let name = labels.metric_name();
            if !speakers[at].newest.contains_key(name) {
                let bytes = size_of::<Option<Newest>>() + size_of::<usize>();
                memory.grow(steps.count.saturating_mul(bytes))?;
            }
            let newest = speakers[at].newest.entry(name.to_owned());
            let newest = newest.or_insert_with(|| vec![None; steps.count]);
            for (step, time) in row.iter() {
                Newest::put(&mut newest[step], time, number);
            }
        }
    }
    for speakers in &mut speakers {
        speakers.settle(steps.count, &set);
    }
    Ok((numbers, speakers))
}

impl Newest {
    fn put(place: &mut Option<Self>, time: f64, number: usize) {
        match place {
            Some(newest) if newest.time > time => {}
            Some(newest) if newest.time == time => newest.rival = Some(number),
            _ => *place = Some(Self { time, number, rival: None }),
        }
    }
}

impl Speakers {
    /// Finds the different sets of info series that speak at one step or another.
    fn settle(&mut self, steps: usize, infos: &SeriesSet) {
        let mut known: HashMap<Result<Vec<usize>, String>, usize> = HashMap::new();
        for step in 0..steps {
            let newest = self.newest.values().filter_map(|steps| steps[step]);
            let set = newest.map(|newest| match newest.rival {
                None => Ok(newest.number),
                Some(rival) => Err(format!(
                    "found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                    infos.series[newest.number].labels,
                    (newest.time * 1000.0).round(),
                    infos.series[rival].labels,
                    (newest.time * 1000.0).round(),
                )),
            });
            let set: Result<Vec<usize>, String> = set.collect();
            let next = self.sets.len();
            let at = *known.entry(set.clone()).or_insert(next);
            if at == next {
                self.sets.push(set);
            }
            self.at_step.push(at);
        }
        self.newest.clear();
    }
}

/// What becomes of a series when a set of info series speaks for it.
fn slot(
    meta: &SeriesMeta,
    set: &Result<Vec<usize>, String>,
    infos: &Arc<SeriesSet>,
    plan: &InfoPlan,
    metas: &mut Vec<SeriesMeta>,
) -> Slot {
    let set = match set {
        Ok(set) if set.is_empty() && plan.required => return Slot::Dropped,
        Ok(set) => set,
        Err(fault) => return Slot::Fault(fault.clone()),
    };
    let base = meta.labels();
    let mut added: BTreeMap<&str, &str> = BTreeMap::new();
    for &number in set {
        for (name, value) in &infos.series[number].labels {
            let wanted = plan.labels.is_empty() || plan.labels.iter().any(|label| label == name);
            if name == METRIC_NAME || !wanted || base.get(name).is_some() {
                continue;
            }
            if added.insert(name, value).is_some_and(|other| other != value) {
                return Slot::Fault(format!("conflicting label: {name}"));
            }
        }
    }
    let labels = Labels::from_pairs(base.iter().chain(added));
    metas.push(meta.with_labels(labels));
    Slot::Series(metas.len() - 1)
}

impl Operator for Info {
    fn series(&self) -> &[SeriesMeta] {
        &self.series
    }

    fn next(&mut self, cx: &mut Context) -> Result<Option<Batch>, QueryError> {
        while let Some(batch) = self.input.next(cx)? {
            let first = self.routes[batch.first].first;
            let end = self.routes.get(batch.end()).map_or(self.series.len(), |route| route.first);
            let mut out = Batch::new(cx, first, end - first, self.steps)?;
            for (number, row) in batch.iter() {
                for (step, value) in row.iter() {
                    match self.slot(number, step) {
                        Slot::Series(series) => out.row_mut(series - first).set(step, value),
                        Slot::Dropped => {}
                        Slot::Fault(fault) => return Err(QueryError::Execution(fault.clone())),
                    }
                }
            }
            if out.rows() > 0 {
                return Ok(Some(out));
            }
        }
        Ok(None)
    }
}
