//! The simulator: one seed, one thread, the real engine over a log and a store that misbehave.
//!
//! Law: whatever happens (crashes at any moment, answers that are late, lost or repeated, unclear
//! creates, owners that wake up after they lost the partition), at every moment blocks + tail
//! equal a map that saw the same records, no committed block is missing, offsets only grow, and
//! once the trouble ends everything is flushed.
//!
//! `HYDROGRAPH_SIM_SEEDS` is the number of seeds, or `FIRST..LAST` to run some again.

mod log;
mod node;
mod oracle;
mod records;
mod store;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const SEEDS: &str = "60";

#[test]
fn any_history_equals_a_map() {
    let seeds = std::env::var("HYDROGRAPH_SIM_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    let (first, last) = seeds.split_once("..").unwrap_or(("0", &seeds));
    let number = |text: &str| text.parse::<u64>().expect("HYDROGRAPH_SIM_SEEDS holds numbers");
    for seed in number(first)..number(last) {
        let run = catch_unwind(AssertUnwindSafe(|| world::World::new(seed).run()));
        if let Err(panic) = run {
            eprintln!("simulation failed: HYDROGRAPH_SIM_SEEDS={seed}..{}", seed + 1);
            resume_unwind(panic);
        }
    }
}
