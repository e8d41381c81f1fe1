//! How many shards there are, and on which CPU each of them runs.
//!
//! Law: a shard is pinned only to a CPU of this process' affinity mask, and only where no CPU
//! quota is in force. Two containers with quotas would otherwise pin themselves to the same
//! CPUs, and glommio overrides `taskset` in silence when it is given a CPU from outside.

#[cfg(test)]
mod tests;

/// What this process may use of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus {
    /// CPUs' worth of time: the affinity mask, or less where a quota is in force.
    pub parallelism: usize,
    /// The CPUs of the affinity mask, ascending; empty where it cannot be read.
    pub affinity: Vec<usize>,
}

impl Cpus {
    /// Asks the kernel.
    pub fn of_this_process() -> Self {
        let parallelism = std::thread::available_parallelism().map_or(1, usize::from);
        let affinity = match rustix::thread::sched_getaffinity(None) {
            Ok(mask) => (0..rustix::thread::CpuSet::MAX_CPU).filter(|&c| mask.is_set(c)).collect(),
            Err(_) => Vec::new(),
        };
        Self { parallelism, affinity }
    }

    /// One element per shard: the CPU that it is pinned to, if any. A CPU is left to the rest
    /// (HTTP, log, object store) where there are two, and it is the first, which serves the
    /// most interrupts.
    pub fn place_shards(&self, partitions: u32) -> Vec<Option<usize>> {
        let shards = (partitions as usize).min(self.parallelism.saturating_sub(1).max(1));
        if self.affinity.len() != self.parallelism {
            return vec![None; shards];
        }
        self.affinity[self.affinity.len() - shards..].iter().copied().map(Some).collect()
    }
}
