//! The way of one commit, as a state machine without I/O: the engine and the compactor make all
//! their changes through it.
//!
//! ```text
//!  apply ─▶ Creating n+1 ─ created ─▶ Confirming ─ boundary at or below n+1 ─▶ done
//!   ▲          │ exists, unclear          └─ boundary above: a ghost ─▶ Relisting ─▶ Rereading ─┐
//!   │          ▼                                                                             │
//!   │       Looking at n+1 ─ ours ─▶ Confirming     (nothing there: create again, same bytes)  │
//!   └────────── another's: rebase ◀────────────────────────────────────────────────────────────┘
//! ```
//! Law: one nonce per commit, so what stands at a number says whose it is. Only a higher epoch
//! fences. Nothing is given up for a fault that may pass: the same request is made again.

use std::sync::Arc;

use bytes::Bytes;

use super::{Change, Conflict, Manifest, ManifestError, Nonce};
use crate::engine::{Completion, StoreRequest};
use crate::ids::Epoch;

/// What to do next for a commit.
#[derive(Debug)]
pub enum Step {
    /// Make this request and answer with its completion.
    Ask(StoreRequest),
    /// The same, after a pause.
    AskLater(StoreRequest),
    /// The commit is over: this manifest is in force, or the change was not made.
    Done(Result<Arc<Manifest>, CommitError>),
}

/// Why a change was not made and will not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A higher epoch has the partition.
    #[error("fenced off by epoch {0}")]
    Fenced(Epoch),
    /// A block that was to be replaced is no longer named. Plan again.
    #[error("block {0} is no longer named")]
    InputGone(String),
    /// The change contradicts what is committed.
    #[error("manifest {number}: {reason}")]
    Contradiction {
        /// The manifest that it does not fit.
        number: u64,
        /// Why not.
        reason: String,
    },
    /// A manifest in the way cannot be read.
    #[error("manifest {number}")]
    Unreadable {
        /// Which.
        number: u64,
        /// Why.
        #[source]
        source: ManifestError,
    },
}

/// One commit on its way.
#[derive(Debug)]
pub struct Commit {
    change: Change,
    nonce: Nonce,
    next: Arc<Manifest>,
    bytes: Bytes,
    state: State,
    /// The size that the next manifest would have, if there is no room for the change now.
    too_large: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Creating,
    Looking,
    Confirming,
    Relisting,
    Rereading(u64),
}

impl Commit {
    /// Begins to make `change` to `base`, the newest manifest known.
    pub fn start(base: Arc<Manifest>, change: Change, nonce: Nonce) -> (Self, Step) {
        let mut commit = Self {
            change,
            nonce,
            next: base,
            bytes: Bytes::new(),
            state: State::Relisting,
            too_large: None,
        };
        let step = commit.rebase(&commit.next.clone());
        (commit, step)
    }

    /// Goes on with the answer to the last request.
    pub fn answer(&mut self, completion: Completion) -> Step {
        match (self.state, completion) {
            (State::Creating, Completion::Created) => self.confirm(),
            (State::Creating, Completion::Exists | Completion::Unclear) => {
                self.state = State::Looking;
                Step::Ask(self.request())
            }
            (State::Looking, Completion::Read(None)) => {
                self.state = State::Creating;
                Step::AskLater(self.request())
            }
            (State::Looking, Completion::Read(Some(bytes))) => self.found(self.next.number, &bytes),
            (State::Confirming, Completion::Listed { boundary, .. }) => {
                if boundary <= self.next.number {
                    return Step::Done(Ok(self.next.clone()));
                }
                self.state = State::Relisting;
                Step::Ask(self.request())
            }
            (State::Relisting, Completion::Listed { highest: Some(number), .. }) => {
                self.state = State::Rereading(number);
                Step::Ask(self.request())
            }
            (State::Rereading(_), Completion::Read(None)) => {
                self.state = State::Relisting;
                Step::AskLater(self.request())
            }
            (State::Rereading(number), Completion::Read(Some(bytes))) => self.found(number, &bytes),
            (_, _) => Step::AskLater(self.request()),
        }
    }

    /// The size that the next manifest would have, while there is no room for the change in it.
    /// No earlier attempt at the change can come into force any more.
    pub fn too_large(&self) -> Option<usize> {
        self.too_large
    }

    /// What the present state waits for.
    fn request(&self) -> StoreRequest {
        match self.state {
            State::Creating => {
                StoreRequest::CreateManifest { number: self.next.number, bytes: self.bytes.clone() }
            }
            State::Looking => StoreRequest::ReadManifest { number: self.next.number },
            State::Confirming | State::Relisting => StoreRequest::ListManifests,
            State::Rereading(number) => StoreRequest::ReadManifest { number },
        }
    }

    /// The candidate stands: it counts unless it was created below a boundary.
    fn confirm(&mut self) -> Step {
        self.state = State::Confirming;
        Step::Ask(self.request())
    }

    /// A manifest stands at the number of interest.
    fn found(&mut self, number: u64, bytes: &[u8]) -> Step {
        if number == self.next.number && bytes == self.bytes {
            return self.confirm();
        }
        match super::decode(bytes) {
            Err(source) => Step::Done(Err(CommitError::Unreadable { number, source })),
            Ok(manifest)
                if manifest.number != number || manifest.partition != self.next.partition =>
            {
                let reason = "it is another's manifest".to_owned();
                Step::Done(Err(CommitError::Contradiction { number, reason }))
            }
            Ok(manifest) => self.rebase(&manifest),
        }
    }

    /// Makes the change to `base`.
    fn rebase(&mut self, base: &Manifest) -> Step {
        let reason = match self.change.apply(base, self.nonce) {
            Ok((next, bytes)) => {
                (self.next, self.bytes) = (Arc::new(next), Bytes::from(bytes));
                self.too_large = None;
                self.state = State::Creating;
                return Step::Ask(self.request());
            }
            Err(Conflict::TooLarge(bytes)) => {
                if self.too_large.replace(bytes).is_none() {
                    let partition = base.partition.0;
                    tracing::warn!(partition, bytes, "manifest has no room for a change");
                }
                self.state = State::Relisting;
                return Step::AskLater(self.request());
            }
            Err(Conflict::AlreadyMade) => return Step::Done(Ok(Arc::new(base.clone()))),
            Err(Conflict::InputGone(name)) => return Step::Done(Err(CommitError::InputGone(name))),
            Err(Conflict::Fenced(epoch)) => return Step::Done(Err(CommitError::Fenced(epoch))),
            Err(Conflict::Contradiction(reason)) => reason,
        };
        Step::Done(Err(CommitError::Contradiction { number: base.number, reason }))
    }
}
