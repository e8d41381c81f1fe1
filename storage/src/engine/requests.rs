//! The engine's requests to the store: which wait for an answer, which for their next attempt.
//!
//! Law: every request gets an answer sooner or later, if only `Unclear` after the timeout, and
//! at most one: what comes late or twice is dropped here.

use std::collections::BTreeMap;

use super::effect::{Effect, EffectId, StoreRequest};
use super::{Completion, EngineConfig};
use crate::ids::Offset;

/// A commit is short, and everything waits for it.
const COMMIT_PAUSE_MS_MAX: u64 = 2_000;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// Finding the newest manifest: to open, or to follow.
    Find,
    /// A step of the commit on its way.
    Commit,
    /// The block of the flush on its way.
    Block,
    /// The dead letter of this offset.
    DeadLetter(Offset),
}

#[derive(Debug)]
struct Waiting {
    purpose: Purpose,
    request: StoreRequest,
    /// When it was issued, or, paused, when it is due.
    at_ms: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u64,
    asked: BTreeMap<EffectId, Waiting>,
    paused: Vec<Waiting>,
    /// How often each purpose has been put off since it last succeeded.
    attempts: BTreeMap<Purpose, u32>,
    pub(super) retries: u64,
}

impl Requests {
    /// Makes a new request.
    pub(super) fn ask(
        &mut self,
        purpose: Purpose,
        request: StoreRequest,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        self.issue(Waiting { purpose, request, at_ms: now_ms }, out);
    }

    /// Makes the request after a pause that doubles until the purpose succeeds.
    pub(super) fn ask_later(
        &mut self,
        purpose: Purpose,
        request: StoreRequest,
        now_ms: u64,
        config: &EngineConfig,
    ) {
        let attempts = self.attempts.entry(purpose).or_default();
        let mut pause_ms_max = config.backoff_ms_max;
        if purpose == Purpose::Commit {
            pause_ms_max = pause_ms_max.min(COMMIT_PAUSE_MS_MAX);
        }
        let pause_ms = config.backoff_ms.saturating_mul(1 << (*attempts).min(20));
        *attempts = attempts.saturating_add(1);
        self.retries += 1;
        let at_ms = now_ms.saturating_add(pause_ms.min(pause_ms_max));
        self.paused.push(Waiting { purpose, request, at_ms });
    }

    /// Takes the request that is answered, if it still waits.
    pub(super) fn answered(&mut self, id: EffectId) -> Option<(Purpose, StoreRequest)> {
        let waiting = self.asked.remove(&id)?;
        Some((waiting.purpose, waiting.request))
    }

    /// What was wanted is done: the next pause is a short one again.
    pub(super) fn succeeded(&mut self, purpose: Purpose) {
        self.attempts.remove(&purpose);
    }

    /// Whether such a request waits for an answer or its next attempt.
    pub(super) fn has(&self, purpose: Purpose) -> bool {
        self.asked.values().chain(&self.paused).any(|waiting| waiting.purpose == purpose)
    }

    /// Forgets those of this purpose; answers that still come are dropped.
    pub(super) fn forget(&mut self, purpose: Purpose) {
        self.asked.retain(|_, waiting| waiting.purpose != purpose);
        self.paused.retain(|waiting| waiting.purpose != purpose);
        self.attempts.remove(&purpose);
    }

    /// Forgets them all; answers that still come are dropped.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.paused.clear();
        self.attempts.clear();
    }

    /// Issues what is due, and names what has waited too long for an answer.
    pub(super) fn tick(
        &mut self,
        now_ms: u64,
        config: &EngineConfig,
        out: &mut Vec<Effect>,
    ) -> Vec<(EffectId, Completion)> {
        let (due, paused) = std::mem::take(&mut self.paused)
            .into_iter()
            .partition::<Vec<_>, _>(|waiting| waiting.at_ms <= now_ms);
        self.paused = paused;
        for mut waiting in due {
            waiting.at_ms = now_ms;
            self.issue(waiting, out);
        }
        let overdue = |waiting: &Waiting| now_ms - waiting.at_ms >= config.answer_timeout_ms;
        let overdue = self.asked.iter().filter(|(_, waiting)| overdue(waiting));
        overdue.map(|(&id, _)| (id, Completion::Unclear)).collect()
    }

    fn issue(&mut self, waiting: Waiting, out: &mut Vec<Effect>) {
        self.last_id += 1;
        let id = EffectId(self.last_id);
        out.push(Effect::Store { id, request: waiting.request.clone() });
        self.asked.insert(id, waiting);
    }
}

#[cfg(test)]
mod tests;
