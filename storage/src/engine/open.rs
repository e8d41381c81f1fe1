//! Finding the newest manifest: to open the partition, and later to follow others' commits.

use std::sync::Arc;

use super::{Completion, Effect, Engine, LogFault, Phase, Purpose, StopReason, StoreRequest};
use crate::ids::Epoch;
use crate::manifest::{Change, Commit, CommitError, Manifest, ManifestError, decode};

impl Engine {
    /// Goes on looking for the newest manifest.
    pub(super) fn find(
        &mut self,
        request: StoreRequest,
        completion: Completion,
        out: &mut Vec<Effect>,
    ) {
        match (request, completion) {
            (_, Completion::Listed { highest: Some(number), .. }) => {
                if self.is_running() && number <= self.manifest.number {
                    return self.nothing_newer(out);
                }
                self.ask(Purpose::Find, StoreRequest::ReadManifest { number }, out);
            }
            (_, Completion::Listed { highest: None, .. }) => {
                if self.is_running() {
                    return self.nothing_newer(out);
                }
                self.found(Manifest::empty(self.config.partition), out);
            }
            (StoreRequest::ReadManifest { number }, Completion::Read(Some(bytes))) => {
                self.read(number, &bytes, out);
            }
            (_, Completion::Read(_)) => self.ask_later(Purpose::Find, StoreRequest::ListManifests),
            (request, _) => self.ask_later(Purpose::Find, request),
        }
    }

    /// Looks whether others have committed.
    pub(super) fn look_for_newer(&mut self, out: &mut Vec<Effect>) {
        self.follow_at_ms = self.now_ms.saturating_add(self.config.follow_ms);
        if !self.requests.has(Purpose::Find) {
            self.ask(Purpose::Find, StoreRequest::ListManifests, out);
        }
    }

    fn nothing_newer(&mut self, out: &mut Vec<Effect>) {
        self.requests.succeeded(Purpose::Find);
        let wanted = self.position();
        if let Some(LogFault::OutOfRange { earliest, latest }) = self.lost.take() {
            self.stop(StopReason::LogLost { wanted, earliest, latest }, out);
        }
    }

    fn read(&mut self, number: u64, bytes: &[u8], out: &mut Vec<Effect>) {
        match decode(bytes) {
            Ok(manifest)
                if manifest.number == number && manifest.partition == self.config.partition =>
            {
                self.found(manifest, out);
            }
            Ok(_) => {
                let reason = "it is another's manifest".to_owned();
                self.stop(StopReason::CorruptManifest { number, reason }, out);
            }
            Err(error) => self.stop(unreadable(number, error), out),
        }
    }

    fn found(&mut self, manifest: Manifest, out: &mut Vec<Effect>) {
        self.requests.succeeded(Purpose::Find);
        if self.is_running() {
            return self.adopt(manifest, out);
        }
        self.manifest = Arc::new(manifest);
        if self.config.duties.flush {
            let nonce = self.nonce();
            let (commit, step) = Commit::start(self.manifest.clone(), Change::Open, nonce);
            self.commit = Some(commit);
            self.commit_step(step, out);
        } else {
            self.run(None, out);
        }
    }

    /// Begins to apply records from the manifest's offset on.
    pub(super) fn run(&mut self, epoch: Option<Epoch>, out: &mut Vec<Effect>) {
        self.phase = Phase::Running(epoch);
        self.follow_at_ms = self.now_ms.saturating_add(self.config.follow_ms);
        out.push(Effect::Committed { number: self.manifest.number });
        if epoch.is_some() {
            out.push(Effect::ReleaseLog { before: self.committed() });
        }
        self.tail.seek(self.committed());
        self.read_log(out);
        self.catch_up(out);
    }

    /// Somebody else has seen this manifest.
    pub(super) fn seen(&mut self, number: u64, bytes: &[u8], out: &mut Vec<Effect>) {
        if !self.is_running() {
            self.newest_seen = self.newest_seen.max(number);
        } else if number > self.manifest.number {
            self.read(number, bytes, out);
        }
    }

    /// A commit is over: looks for what was seen meanwhile. A look that began before then may be
    /// too old to show it.
    pub(super) fn catch_up(&mut self, out: &mut Vec<Effect>) {
        if self.newest_seen > self.manifest.number {
            self.requests.forget(Purpose::Find);
            self.look_for_newer(out);
        }
    }

    /// Takes over a manifest that another has committed.
    fn adopt(&mut self, manifest: Manifest, out: &mut Vec<Effect>) {
        let Phase::Running(epoch) = self.phase else { return };
        if manifest.number <= self.manifest.number {
            return self.nothing_newer(out);
        }
        let number = manifest.number;
        if let Some(epoch) = epoch {
            if manifest.epoch > epoch {
                return self.stop(StopReason::Fenced(manifest.epoch), out);
            }
            if self.commit.is_some() {
                // It may be this engine's own; the commit will find out.
                self.newest_seen = self.newest_seen.max(number);
                return;
            }
            if manifest.epoch < epoch || manifest.offset != self.committed() {
                let reason = format!(
                    "it has epoch {} and offset {} where this owner has {epoch} and {}",
                    manifest.epoch,
                    manifest.offset,
                    self.committed()
                );
                return self.stop(StopReason::CorruptManifest { number, reason }, out);
            }
        }
        self.manifest = Arc::new(manifest);
        out.push(Effect::Committed { number });
        self.tail.release(self.committed());
        if self.position() < self.committed() {
            self.tail.seek(self.committed());
            self.lost = None;
            self.read_log(out);
        }
        self.nothing_newer(out);
    }
}

pub(super) fn stop_reason(error: CommitError) -> StopReason {
    match error {
        CommitError::Fenced(epoch) => StopReason::Fenced(epoch),
        CommitError::InputGone(name) => unreachable!("an engine replaces no block, not {name}"),
        CommitError::Contradiction { number, reason } => {
            StopReason::CorruptManifest { number, reason }
        }
        CommitError::Unreadable { number, source } => unreadable(number, source),
    }
}

fn unreadable(number: u64, error: ManifestError) -> StopReason {
    match error {
        ManifestError::NewerVersion(version) => {
            StopReason::NewerVersion { what: format!("manifest {number}"), version }
        }
        error @ ManifestError::Corrupt(_) => {
            StopReason::CorruptManifest { number, reason: error.to_string() }
        }
    }
}
