//! Flushing: what only the owner of a partition does. One flush at a time.
//!
//! Law: memory is freed, the log released and a ticket answered only after the commit.

use super::flush::{Encoded, FlushJob};
use super::open::stop_reason;
use super::{Effect, Engine, Phase, Purpose, StopReason, StoreRequest};
use crate::manifest::{Commit, Step};

impl Engine {
    /// Does whatever has become possible.
    pub(super) fn advance(&mut self, out: &mut Vec<Effect>) {
        let Phase::Running(epoch) = self.phase else { return };
        self.answer_tickets(out);
        if self.wants_freezing() {
            self.tail.freeze();
        }
        let Some(epoch) = epoch else { return };
        if self.flush.is_none()
            && let Some(span) = self.tail.frozen.front().cloned()
        {
            let nonce = self.nonce().0 as u64;
            self.flush = Some(FlushJob::new(self.config.partition, epoch, nonce, span, &self.tail));
        }
        let Some(flush) = &mut self.flush else { return };
        if self.dead_letters.first().is_some_and(|&offset| offset < flush.span.end) {
            return;
        }
        if let Some(change) = flush.take_change() {
            let nonce = self.nonce();
            let (commit, step) = Commit::start(self.manifest.clone(), change, nonce);
            self.commit = Some(commit);
            self.commit_step(step, out);
        }
    }

    /// Whether the active span is to be closed now: full, old, or somebody waits for it. An owner
    /// closes one only when it can flush it at once.
    fn wants_freezing(&self) -> bool {
        let owner = self.config.duties.flush;
        let active = &self.tail.active;
        if active.is_empty() || (owner && !self.tail.frozen.is_empty()) {
            return false;
        }
        let position = self.position();
        self.tail.active_bytes() >= self.config.flush_bytes_max as u64
            || self.now_ms.saturating_sub(active.since_ms) >= self.config.flush_age_ms
            || owner && self.tickets.iter().any(|&(_, through)| through <= position)
    }

    /// Encodes about `samples_max` samples of the block in the making.
    pub fn encode_slice(&mut self, samples_max: usize, out: &mut Vec<Effect>) {
        let Some(flush) = &mut self.flush else { return };
        match flush.encode(&self.tail, samples_max) {
            Ok(Encoded::More | Encoded::Nothing) => {}
            Ok(Encoded::Block { name, bytes }) => {
                self.ask(Purpose::Block, StoreRequest::CreateBlock { name, bytes }, out);
            }
            Err(error) => self.stop(StopReason::Unencodable(error.to_string()), out),
        }
        self.advance(out);
    }

    /// Goes on with the commit on its way.
    pub(super) fn commit_step(&mut self, step: Step, out: &mut Vec<Effect>) {
        match step {
            Step::Ask(request) => self.ask(Purpose::Commit, request, out),
            Step::AskLater(request) => self.ask_later(Purpose::Commit, request),
            Step::Done(Ok(manifest)) => {
                self.commit = None;
                self.requests.succeeded(Purpose::Commit);
                self.manifest = manifest;
                if self.is_running() {
                    self.committed_flush(out);
                } else {
                    self.run(Some(self.manifest.epoch), out);
                }
            }
            Step::Done(Err(error)) => self.stop(stop_reason(error), out),
        }
    }

    fn committed_flush(&mut self, out: &mut Vec<Effect>) {
        self.flush = None;
        self.stats.commits += 1;
        self.tail.release(self.committed());
        out.push(Effect::Committed { number: self.manifest.number });
        out.push(Effect::ReleaseLog { before: self.committed() });
        self.catch_up(out);
        self.advance(out);
    }

    fn answer_tickets(&mut self, out: &mut Vec<Effect>) {
        let committed = self.committed();
        let done = self.tickets.extract_if(.., |(_, through)| *through <= committed);
        out.extend(done.map(|(ticket, _)| Effect::Flushed { ticket, result: Ok(committed) }));
    }
}
