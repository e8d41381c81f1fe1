//! Flushes through real blocks, and what a slow store may and may not hold up.

use super::*;

#[tokio::test]
async fn what_is_flushed_survives_a_restart_without_replay() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        world.write(P0, "a", 1).await;
        world.write(P0, "a", 2).await;
        world.write(P1, "a", 3).await;
        let committed = soon(shards.flush_all()).await.expect("it is committed");
        assert_eq!(committed, [(P0, Offset(2)), (P1, Offset(1))]);
        assert_eq!(times(&shards, "a").await, Ok(vec![1, 2, 3]));
        world.write(P0, "a", 4).await;
        soon(shards.shutdown()).await.expect("in order");
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are opened");
        let status = shards.status().await;
        let applied: Vec<_> = status.iter().map(|p| (p.stats.committed, p.stats.records)).collect();
        assert_eq!(applied, [(Offset(3), 0), (Offset(1), 0)]);
        assert_eq!(times(&shards, "a").await, Ok(vec![1, 2, 3, 4]));
    })
    .await;
}

#[tokio::test]
async fn a_slow_store_holds_up_nothing_that_fits_in_memory() {
    on_both(|mut world| async move {
        world.tune = |engine| engine.flush_bytes_max = 1;
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are opened");
        world.store.close("blocks/");
        let mut written = (P0, Offset(0));
        for t in 0..40 {
            written = world.write(P0, "a", t).await;
        }
        soon(shards.caught_up(&[written])).await.expect("all are applied");
        assert_eq!(times(&shards, "a").await, Ok((0..40).collect()));
        assert_eq!(shards.status().await[0].stats.committed, Offset(0));
        world.store.let_all_pass();
        soon(shards.flush_all()).await.expect("it is committed");
        assert_eq!(times(&shards, "a").await, Ok((0..40).collect()));
    })
    .await;
}

#[tokio::test]
async fn a_full_memory_stops_reading_until_the_store_answers() {
    on_both(|mut world| async move {
        world.tune = |engine| {
            engine.flush_bytes_max = 1;
            engine.memory_bytes_max = 1;
        };
        world.store.close("blocks/");
        let shards = world.start().await;
        let first = world.write(P0, "a", 0).await;
        soon(shards.caught_up(&[first])).await.expect("one is applied");
        let mut written = first;
        for t in 1..40 {
            written = world.write(P0, "a", t).await;
        }
        // The other partition of the same process goes on.
        let other = world.write(P1, "b", 0).await;
        soon(shards.caught_up(&[other])).await.expect("it is applied");
        let status = &shards.status().await[0];
        assert_eq!((status.stats.position, status.lag()), (Offset(1), 39));
        world.store.let_all_pass();
        soon(shards.caught_up(&[written])).await.expect("all are applied");
        soon(shards.wait_live()).await.expect("and it is live");
        assert_eq!(times(&shards, "a").await, Ok((0..40).collect()));
    })
    .await;
}

#[tokio::test]
async fn a_partition_that_stops_does_not_keep_others_from_their_flush() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        world.write(P1, "a", 1).await;
        let after = world.append(P0, newer_version(&record("a", 2))).await;
        soon(shards.caught_up(&[after])).await.expect_err("it stops there");
        let error = soon(shards.shutdown()).await.expect_err("one is not flushed");
        assert_eq!(error.to_string(), "partition 0 has stopped");
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect_err("it stops again");
        soon(shards.caught_up(&[(P1, Offset(1))])).await.expect("the other is opened");
        assert_eq!(shards.status().await[1].stats.committed, Offset(1));
    })
    .await;
}

#[tokio::test]
async fn a_block_that_is_missing_is_an_error_and_no_empty_answer() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        world.write(P0, "a", 1).await;
        soon(shards.flush_all()).await.expect("it is committed");
        world.store.lose("blocks/");
        let error = times(&shards, "a").await.expect_err("its block is named");
        assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
        assert_eq!(times(&shards, "b").await.expect_err("so is it here"), error);
    })
    .await;
}

#[tokio::test]
async fn series_that_ended_are_forgotten() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        for name in ["a", "b", "c", "d"] {
            world.write(P0, name, 1).await;
        }
        soon(shards.flush_all()).await.expect("it is committed");
        assert_eq!(shards.status().await[0].stats.series, 4);
        for t in 2..6 {
            world.write(P0, "a", t).await;
            soon(shards.flush_all()).await.expect("it is committed");
        }
        let forgotten = shards.partitions[0].wait_for(|published| published.stats.series == 1);
        soon(forgotten).await.expect("the memtable is looked after");
        assert_eq!(times(&shards, "b").await, Ok(vec![1]));
    })
    .await;
}
