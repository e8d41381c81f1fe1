//! A request while it is read: each series is validated, routed and staged, or refused.

use hydrograph_storage::ids::PartitionId;

use super::outcome::Rejected;
use super::routing::Router;
use super::staged::Staged;
use super::validate::{Accepted, Fault, TimeBounds, ValidationLimits};

/// What has been read of a request.
pub(super) struct Reading<'a, 'b> {
    limits: &'a ValidationLimits,
    times: TimeBounds,
    router: Router,
    /// Room for labels that need sorting.
    sorted: Vec<(&'b str, &'b str)>,
    pub(super) staged: Staged<'b>,
    pub(super) staged_samples: u64,
    pub(super) rejected: Rejected,
}

impl<'a, 'b> Reading<'a, 'b> {
    pub(super) fn new(
        limits: &'a ValidationLimits,
        receive_time_ms: i64,
        router: Router,
        staged: Staged<'b>,
    ) -> Self {
        let times = limits.times(receive_time_ms);
        let rejected = Rejected::default();
        Self { limits, times, router, sorted: Vec::new(), staged, staged_samples: 0, rejected }
    }

    /// Takes one series as it was sent.
    #[inline]
    pub(super) fn series(&mut self, sent: &[(&'b str, &'b str)], samples: &[(i64, f64)]) {
        let Accepted { labels, metric } = match self.limits.labels(sent, &mut self.sorted) {
            Ok(accepted) => accepted,
            Err(fault) => return self.refuse_series(fault, sent, samples.len()),
        };
        let partition: PartitionId = self.router.partition(metric, labels);
        let mut fault = None;
        let in_time = |sample: &(i64, f64)| match self.times.check(sample.0) {
            Ok(()) => true,
            Err(found) => {
                fault.get_or_insert(found);
                false
            }
        };
        let taken = samples.iter().copied().filter(in_time);
        let taken = self.staged.push(partition, labels, taken);
        self.staged_samples += taken as u64;
        if let Some(fault) = fault {
            self.rejected.samples += (samples.len() - taken) as u64;
            self.rejected.note(|| self.limits.describe(fault, sent));
        }
    }

    #[cold]
    fn refuse_series(&mut self, fault: Fault<'_>, sent: &[(&str, &str)], samples: usize) {
        self.rejected.series += 1;
        self.rejected.samples += samples as u64;
        self.rejected.note(|| self.limits.describe(fault, sent));
    }
}
