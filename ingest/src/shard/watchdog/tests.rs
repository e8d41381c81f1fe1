use std::sync::Arc;
use std::time::Duration;

use super::{Change, PATIENCE_LOOKS, Seen, ShardHealth, watch};
use crate::shard::progress::{Reading, ShardProgress};

/// What comes of looks at (has work, steps), with the look at which it came.
#[track_caller]
fn check(readings: &[(bool, u64)], expected: &[(usize, Change)]) {
    let mut seen = Seen::default();
    let changes: Vec<_> = readings
        .iter()
        .enumerate()
        .filter_map(|(look, &(has_work, steps))| {
            seen.look(Reading { has_work, steps }).map(|change| (look, change))
        })
        .collect();
    assert_eq!(changes, expected);
}

#[test]
fn a_shard_without_work_is_well() {
    check(&[(false, 7); 40], &[]);
}

#[test]
fn a_shard_that_steps_is_well() {
    let readings: Vec<_> = (0..40).map(|look| (true, look / 9)).collect();
    check(&readings, &[]);
}

#[test]
fn a_shard_that_stands_is_reported_once_and_recovers_with_its_next_step() {
    let mut readings = vec![(true, 3); 15];
    readings.extend([(true, 4), (true, 5), (false, 6)]);
    check(&readings, &[(9, Change::Stalled), (15, Change::Recovered { looks: 15 })]);
}

#[test]
fn a_shard_may_stall_again() {
    let mut readings = vec![(true, 3); 10];
    readings.push((false, 4));
    readings.extend([(true, 4); 10]);
    let recovered = Change::Recovered { looks: 10 };
    check(&readings, &[(9, Change::Stalled), (10, recovered), (20, Change::Stalled)]);
}

#[tokio::test]
async fn health_names_the_shard_that_stands() {
    let progress: Vec<_> = (0..3).map(|_| Arc::new(ShardProgress::default())).collect();
    let health = Arc::new(ShardHealth::new(3));
    progress[1].give();
    let every = Duration::from_millis(1);
    let watching = tokio::spawn(watch(progress.clone(), Arc::clone(&health), every));
    let until = |stalled: Vec<usize>| {
        let health = Arc::clone(&health);
        async move {
            while health.stalled() != stalled {
                tokio::time::sleep(every).await;
            }
        }
    };
    let patience = every * PATIENCE_LOOKS * 1_000;
    tokio::time::timeout(patience, until(vec![1])).await.expect("it is seen to stand");
    progress[1].take();
    tokio::time::timeout(patience, until(vec![])).await.expect("it is seen to have moved");
    watching.abort();
}
