//! The engine's requests to the store: which wait for an answer, which for their next attempt.
//!
//! Law: every request gets an answer sooner or later, if only `Unclear` after the timeout, and
//! at most one: what comes late or twice is dropped here.

use std::collections::BTreeMap;

use super::effect::{Effect, EffectId, StoreRequest};
use super::{Completion, EngineConfig};
use crate::ids::Offset;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    attempts: u32,
    /// When it was issued, or, paused, when it is due.
    at_ms: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u64,
    asked: BTreeMap<EffectId, Waiting>,
    paused: Vec<Waiting>,
    /// Attempts so far of the request that is answered now.
    attempts: u32,
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
        self.issue(Waiting { purpose, request, attempts: 0, at_ms: now_ms }, out);
    }

    /// Makes the request after a pause that doubles as long as only such requests follow.
    pub(super) fn ask_later(
        &mut self,
        purpose: Purpose,
        request: StoreRequest,
        now_ms: u64,
        config: &EngineConfig,
    ) {
        let pause_ms =
            config.backoff_ms.saturating_mul(1 << self.attempts.min(20)).min(config.backoff_ms_max);
        self.retries += 1;
        self.paused.push(Waiting {
            purpose,
            request,
            attempts: self.attempts + 1,
            at_ms: now_ms.saturating_add(pause_ms),
        });
    }

    /// Takes the request that is answered, if it still waits.
    pub(super) fn answered(&mut self, id: EffectId) -> Option<(Purpose, StoreRequest)> {
        let waiting = self.asked.remove(&id)?;
        self.attempts = waiting.attempts;
        Some((waiting.purpose, waiting.request))
    }

    /// Whether such a request waits for an answer or its next attempt.
    pub(super) fn has(&self, purpose: Purpose) -> bool {
        self.asked.values().chain(&self.paused).any(|waiting| waiting.purpose == purpose)
    }

    /// Forgets those of this purpose; answers that still come are dropped.
    pub(super) fn forget(&mut self, purpose: Purpose) {
        self.asked.retain(|_, waiting| waiting.purpose != purpose);
        self.paused.retain(|waiting| waiting.purpose != purpose);
    }

    /// Forgets them all; answers that still come are dropped.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.paused.clear();
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
