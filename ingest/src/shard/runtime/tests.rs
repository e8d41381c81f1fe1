use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use tokio::sync::{mpsc, oneshot};

use super::*;

fn seed(body: ShardBody) -> ShardSeed {
    ShardSeed { cpu: None, progress: Arc::default(), body }
}

/// Runs `test` on every runtime that works here.
async fn on_both<F: Future<Output = ()>>(test: impl Fn(ShardRuntime) -> F) {
    test(ShardRuntime::Tokio).await;
    match probe() {
        Ok(()) => test(ShardRuntime::Glommio).await,
        Err(refusal) => eprintln!("SKIPPED on glommio: {}", with_causes(&refusal)),
    }
}

#[tokio::test]
async fn shards_answer_and_end_when_their_inbox_closes() {
    on_both(|wanted| async move {
        let mut inboxes = Vec::new();
        let mut seeds = Vec::new();
        for shard in 0..3u64 {
            let (inbox, mut messages) = mpsc::channel::<oneshot::Sender<u64>>(4);
            inboxes.push(inbox);
            seeds.push(seed(Box::new(move |context| {
                async move {
                    assert_eq!(context.shard as u64, shard);
                    while let Some(answer) = messages.recv().await {
                        context.yield_now().await;
                        answer.send(shard * 10).expect("the test waits");
                    }
                }
                .boxed_local()
            })));
        }
        let threads = ShardThreads::start(wanted, seeds).await.expect("shards start");
        for (shard, inbox) in inboxes.iter().enumerate() {
            let (answer, answered) = oneshot::channel();
            inbox.send(answer).await.expect("the shard runs");
            assert_eq!(answered.await, Ok(shard as u64 * 10));
        }
        drop(inboxes);
        assert_eq!(threads.join().await, [Ok(()), Ok(()), Ok(())]);
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_the_end_of_its_shard_and_closes_its_inbox() {
    on_both(|wanted| async move {
        let (inbox, mut messages) = mpsc::channel::<()>(1);
        let panics = seed(Box::new(move |_| {
            async move {
                messages.recv().await;
                panic!("the world is {}", "flat");
            }
            .boxed_local()
        }));
        let lives = seed(Box::new(|_| async {}.boxed_local()));
        let threads = ShardThreads::start(wanted, vec![panics, lives]).await.expect("start");
        inbox.send(()).await.expect("the shard runs");
        inbox.closed().await;
        assert_eq!(threads.join().await, [Err("the world is flat".to_string()), Ok(())]);
    })
    .await;
}

#[tokio::test]
async fn shards_run_where_they_are_pinned() {
    on_both(|wanted| async move {
        let cpus = crate::shard::cpus::Cpus::of_this_process();
        let (sender, receiver) = oneshot::channel();
        let body: ShardBody = Box::new(move |_| {
            async move {
                let now = crate::shard::cpus::Cpus::of_this_process();
                sender.send(now.affinity).expect("the test waits");
            }
            .boxed_local()
        });
        let cpu = cpus.affinity.last().copied();
        let seeds = vec![ShardSeed { cpu, progress: Arc::default(), body }];
        let threads = ShardThreads::start(wanted, seeds).await.expect("shards start");
        assert_eq!(receiver.await, Ok(cpu.into_iter().collect()));
        threads.join().await;
    })
    .await;
}

#[test]
fn where_io_uring_is_refused_auto_is_tokio_and_glommio_an_error() {
    const IO_URING_SETUP: i64 = 425;
    const EPERM: u32 = 1;
    let filter = SeccompFilter::new(
        BTreeMap::from([(IO_URING_SETUP, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(EPERM),
        std::env::consts::ARCH.try_into().expect("an architecture that the filter knows"),
    )
    .and_then(BpfProgram::try_from)
    .expect("a filter of one rule");
    let refused = async {
        let trivial = || seed(Box::new(|_| async {}.boxed_local()));
        let threads = ShardThreads::start(ShardRuntime::Auto, vec![trivial()]).await;
        let threads = threads.expect("tokio needs no io_uring");
        assert_eq!(threads.kind(), RuntimeKind::Tokio);
        assert_eq!(threads.join().await, [Ok(())]);
        let error = ShardThreads::start(ShardRuntime::Glommio, vec![trivial()]).await.err();
        assert!(matches!(error, Some(StartError::Refused(_))), "{error:?}");
    };
    std::thread::scope(|scope| {
        // Threads inherit the filter, so this one starts the runtime too.
        let thread = scope.spawn(|| {
            apply_filter(&filter).expect("a thread may always restrict itself");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("tokio needs no io_uring").block_on(refused);
        });
        thread.join().expect("neither start panics");
    });
}

/// Starts two shards of which the second finds no memory for the first `failures` tries; tells
/// how many threads were left running, and how often the second was tried.
async fn start_with_failures(failures: u32, out_of_memory: bool) -> (Result<usize, String>, u32) {
    let tries = AtomicU32::new(0);
    let places = [(None, Arc::default()), (None, Arc::default())];
    let spawned = spawn_all(RuntimeKind::Tokio, &places, |context, cpu| {
        if context.shard == 1 && tries.fetch_add(1, Ordering::Relaxed) < failures {
            return Err(SpawnError { reason: "no room".to_string(), out_of_memory });
        }
        runtime_tokio::spawn(context, cpu)
    })
    .await;
    (spawned.map(|threads| threads.len()).map_err(|e| e.to_string()), tries.into_inner())
}

#[tokio::test]
async fn a_start_without_memory_is_tried_again() {
    assert_eq!(start_with_failures(3, true).await, (Ok(2), 4));
}

#[tokio::test]
async fn a_start_that_fails_ends_the_shards_that_had_come_up() {
    let told = Err("shard 1 did not start on tokio: no room".to_string());
    assert_eq!(start_with_failures(1, false).await, (told.clone(), 1));
    assert_eq!(start_with_failures(u32::MAX, true).await, (told, START_TRIES));
}
