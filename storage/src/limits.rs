//! What a query may use: bytes of memory, and time. Everything that grows with data holds a
//! [`Reservation`], which gives its bytes back when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::clock::Clock;

/// Why a query was stopped from outside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Its memory budget is used up.
    #[error(
        "query needs more than its memory budget of {budget_bytes} bytes ({what} asked for {asked_bytes} more; see --query.max-memory-bytes)"
    )]
    OverBudget {
        /// The whole budget.
        budget_bytes: u64,
        /// What was refused.
        asked_bytes: u64,
        /// Who asked: an operator or a reader.
        what: &'static str,
    },
    /// Its deadline has passed.
    #[error("query timed out in expression evaluation")]
    Deadline,
    /// Its client left, or the server is shutting down.
    #[error("query was canceled in expression evaluation")]
    Cancelled,
}

/// One query's budget, deadline and cancellation, shared by all that work for it.
#[derive(Clone)]
pub struct QueryLimits(Arc<Inner>);

struct Inner {
    budget_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
    deadline_ns: u64,
    cancelled: AtomicBool,
    clock: Arc<dyn Clock>,
}

impl QueryLimits {
    /// A budget of `budget_bytes` and a deadline `timeout_ms` from now.
    pub fn new(budget_bytes: u64, timeout_ms: u64, clock: Arc<dyn Clock>) -> Self {
        let deadline_ns = clock.monotonic_ns().saturating_add(timeout_ms.saturating_mul(1_000_000));
        Self(Arc::new(Inner {
            budget_bytes,
            used_bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
            deadline_ns,
            cancelled: AtomicBool::new(false),
            clock,
        }))
    }

    /// Stops the query at its next check.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// To be asked at least once per batch of work.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.0.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        if self.0.clock.monotonic_ns() >= self.0.deadline_ns {
            return Err(Stopped::Deadline);
        }
        Ok(())
    }

    /// Takes `bytes` of the budget for `what`, until the reservation is dropped.
    pub fn reserve(&self, what: &'static str, bytes: usize) -> Result<Reservation, Stopped> {
        let mut reservation = Reservation { limits: self.clone(), what, bytes: 0 };
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// Bytes reserved now.
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever reserved at once.
    pub fn peak_bytes(&self) -> u64 {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    /// Milliseconds until the deadline, 0 when it has passed.
    pub fn remaining_ms(&self) -> u64 {
        self.0.deadline_ns.saturating_sub(self.0.clock.monotonic_ns()) / 1_000_000
    }
}

/// Bytes of a query's budget, given back on drop.
pub struct Reservation {
    limits: QueryLimits,
    what: &'static str,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Stopped> {
        let inner = &self.limits.0;
        let asked = bytes as u64;
        let within = |used: u64| used.checked_add(asked).filter(|&sum| sum <= inner.budget_bytes);
        let before = inner
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .map_err(|_used| Stopped::OverBudget {
                budget_bytes: inner.budget_bytes,
                asked_bytes: asked,
                what: self.what,
            })?;
        inner.peak_bytes.fetch_max(before + asked, Ordering::Relaxed);
        self.bytes += asked;
        Ok(())
    }

    /// Makes the reservation `bytes` in all, taking or giving back the difference.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Stopped> {
        let wanted = bytes as u64;
        if wanted > self.bytes {
            return self.grow((wanted - self.bytes) as usize);
        }
        self.limits.0.used_bytes.fetch_sub(self.bytes - wanted, Ordering::Relaxed);
        self.bytes = wanted;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.limits.0.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::QueryLimits;
    use crate::clock::ManualClock;

    #[test]
    fn no_request_is_too_large_to_be_refused() {
        let limits = QueryLimits::new(1_000, 1_000, Arc::new(ManualClock::at(0)));
        let mut reservation = limits.reserve("a test", 900).unwrap();
        assert!(reservation.grow(usize::MAX).is_err());
        assert!(reservation.resize(usize::MAX).is_err());
        assert!(reservation.grow(101).is_err());
        assert_eq!((limits.used_bytes(), limits.peak_bytes()), (900, 900));
        reservation.grow(100).unwrap();
        drop(reservation);
        assert_eq!(limits.used_bytes(), 0);
    }
}
