use super::Cpus;

#[track_caller]
fn check(parallelism: usize, affinity: &[usize], partitions: u32, expected: &[Option<usize>]) {
    let cpus = Cpus { parallelism, affinity: affinity.to_vec() };
    assert_eq!(cpus.place_shards(partitions), expected);
}

#[test]
fn one_cpu_is_left_to_the_rest() {
    check(4, &[0, 1, 2, 3], 16, &[Some(1), Some(2), Some(3)]);
    check(2, &[0, 1], 16, &[Some(1)]);
}

#[test]
fn a_single_cpu_is_shared() {
    check(1, &[5], 16, &[Some(5)]);
}

#[test]
fn there_are_no_more_shards_than_partitions() {
    check(8, &[0, 1, 2, 3, 4, 5, 6, 7], 2, &[Some(6), Some(7)]);
}

#[test]
fn only_cpus_of_the_affinity_mask_are_used() {
    check(3, &[2, 9, 64], 3, &[Some(9), Some(64)]);
}

#[test]
fn a_quota_forbids_pinning() {
    check(3, &[0, 1, 2, 3, 4, 5, 6, 7], 16, &[None, None]);
    check(4, &[], 16, &[None, None, None]);
}

#[test]
fn this_process_may_use_something() {
    let cpus = Cpus::of_this_process();
    assert!(cpus.parallelism >= 1);
    assert!(!cpus.place_shards(1).is_empty());
}
