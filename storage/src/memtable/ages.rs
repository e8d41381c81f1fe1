//! Which series are dead, and the slices in which they are removed.
//!
//! Law: a series is removed only when it has samples in no generation that is live or that a
//! running copy pins, and got none in the generation before the active one: right after a release
//! most series only wait for their next scrape. Removal begins when a third of all is dead and
//! then visits the series once in order of their numbers, then the symbols; each call does no
//! more than its budget.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;

#[derive(Clone, Copy, Debug, Default)]
enum Work {
    #[default]
    None,
    /// Removes the dead, from this number on.
    Series(u32),
    /// Empties pages of symbols that are mostly dead.
    Symbols,
}

/// How many series got their last samples in which generation, and the sweep that is under way.
#[derive(Debug, Default)]
pub(super) struct Ages {
    counts: BTreeMap<u32, u64>,
    work: Work,
}

impl Ages {
    /// A new series is as young as `generation`.
    pub(super) fn add(&mut self, generation: u32) {
        *self.counts.entry(generation).or_default() += 1;
    }

    fn subtract(&mut self, generation: u32) {
        if let Some(count) = self.counts.get_mut(&generation) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&generation);
            }
        }
    }

    /// A series got samples again.
    pub(super) fn renew(&mut self, from: u32, to: u32) {
        if from != to {
            self.subtract(from);
            self.add(to);
        }
    }

    /// Works on up to `budget` series or symbols; those whose last samples are of a generation
    /// before `horizon` are dead. False if there is nothing left to do.
    pub(super) fn sweep(&mut self, catalogue: &mut Catalogue, horizon: u32, budget: usize) -> bool {
        if let Work::None = self.work {
            let dead: u64 = self.counts.range(..horizon).map(|(_, count)| count).sum();
            if dead > 0 && dead * 3 >= catalogue.len() as u64 {
                self.work = Work::Series(0);
            }
        }
        self.work = match self.work {
            Work::Series(from) => self.sweep_series(catalogue, horizon, from, budget),
            Work::Symbols if catalogue.symbols.compact(budget) => Work::Symbols,
            Work::None | Work::Symbols => Work::None,
        };
        !matches!(self.work, Work::None)
    }

    fn sweep_series(
        &mut self,
        catalogue: &mut Catalogue,
        horizon: u32,
        from: u32,
        budget: usize,
    ) -> Work {
        let all = catalogue.series_end();
        let end = all.min(from.saturating_add(u32::try_from(budget).unwrap_or(u32::MAX)));
        for series in from..end {
            let generation = catalogue.generation_of(series);
            if catalogue.tenant_of(series).is_some() && generation < horizon {
                self.subtract(generation);
                catalogue.remove(series);
            }
        }
        if end < all { Work::Series(end) } else { Work::Symbols }
    }
}
