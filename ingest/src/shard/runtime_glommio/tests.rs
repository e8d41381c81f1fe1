//! The trap that the heartbeat is for. Three threads ask one task on an executor, each waiting
//! for its answer before it asks again, so that wakes race with the executor's going to sleep.
//! Without a heartbeat it sleeps for ever sooner or later, so what is shown here is that it
//! sleeps until a late beat.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use futures::FutureExt;
use hydrograph_storage::clock::{Clock, SystemClock};
use tokio::sync::mpsc;

use super::{HEARTBEAT, spawn};
use crate::shard::probe::probe;
use crate::shard::runtime::{RuntimeKind, ShardBody, ShardContext};

/// Environment variable that asks for the long form.
const SOAK: &str = "HYDROGRAPH_SOAK";

/// An answer that takes so long was not slow: the executor slept although it had work.
const STALL: Duration = Duration::from_secs(2);

/// A beat that ends a stall after it has been seen.
const LATE_BEAT: Duration = Duration::from_secs(3);

struct Stress {
    answers: u64,
    worst: Duration,
}

/// Asks for `asking`, or until an answer took as long as a stall.
fn stress(heartbeat: Duration, asking: Duration) -> Stress {
    let (inbox, mut questions) = mpsc::channel::<SyncSender<()>>(64);
    let context = ShardContext { shard: 0, kind: RuntimeKind::Glommio, progress: Arc::default() };
    let thread = spawn(context, None, Some(heartbeat)).expect("an executor starts");
    let body: ShardBody = Box::new(move |_| {
        async move {
            while let Some(answer) = questions.recv().await {
                answer.send(()).expect("whoever asks waits");
            }
        }
        .boxed_local()
    });
    thread.body.send(body).map_err(drop).expect("the executor waits for its work");
    let clock = SystemClock::new();
    let seen: Vec<Stress> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..3).map(|_| scope.spawn(|| ask(&clock, &inbox, asking))).collect();
        askers.into_iter().map(|asker| asker.join().expect("it was answered")).collect()
    });
    drop(inbox);
    (thread.join)().expect("the executor ends").expect("its task ends");
    let answers = seen.iter().map(|stress| stress.answers).sum();
    Stress { answers, worst: seen.iter().map(|stress| stress.worst).max().unwrap_or_default() }
}

fn ask(clock: &SystemClock, inbox: &mpsc::Sender<SyncSender<()>>, asking: Duration) -> Stress {
    let now = || Duration::from_nanos(clock.monotonic_ns());
    let (answer, answered) = sync_channel(1);
    let mut seen = Stress { answers: 0, worst: Duration::ZERO };
    let end = now() + asking;
    while now() < end && seen.worst < STALL {
        let asked = now();
        inbox.blocking_send(answer.clone()).expect("the task lives");
        match answered.recv_timeout(LATE_BEAT * 10) {
            Ok(()) => seen.answers += 1,
            Err(RecvTimeoutError::Timeout) => panic!("no beat ended the stall"),
            Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is held here"),
        }
        seen.worst = seen.worst.max(now().saturating_sub(asked));
    }
    seen
}

fn is_soak() -> bool {
    std::env::var_os(SOAK).is_some()
}

/// Whether executors can run here; says so if not.
fn can_run() -> bool {
    probe().inspect_err(|refusal| eprintln!("SKIPPED: {refusal}")).is_ok()
}

#[test]
fn with_a_heartbeat_every_wake_is_answered() {
    if !can_run() {
        return;
    }
    let asking = Duration::from_secs(if is_soak() { 60 } else { 3 });
    let seen = stress(HEARTBEAT, asking);
    eprintln!("{} answers, the worst after {:?}", seen.answers, seen.worst);
    assert!(seen.worst < STALL, "an answer took {:?}", seen.worst);
}

#[test]
fn without_a_heartbeat_an_executor_sleeps_although_it_has_work() {
    if !is_soak() {
        eprintln!("SKIPPED: takes minutes; set {SOAK}=1");
        return;
    }
    if !can_run() {
        return;
    }
    let seen = stress(LATE_BEAT, Duration::from_mins(3));
    eprintln!("{} answers, the worst after {:?}", seen.answers, seen.worst);
    assert!(seen.worst >= STALL, "not seen in {} answers: is the trap gone?", seen.answers);
}
