use std::collections::BTreeMap;
use std::io;
use std::process::Command;

use expect_test::{Expect, expect};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use super::{Refusal, probe};

const EPERM: u32 = 1;
const ENOSYS: u32 = 38;
const IO_URING_SETUP: i64 = 425;
const IO_URING_ENTER: i64 = 426;
const IO_URING_REGISTER: i64 = 427;

/// The answer of the probe as the log line shows it.
fn told(answer: Result<(), Refusal>) -> String {
    let Err(refusal) = answer else { return "usable".into() };
    match std::error::Error::source(&refusal).and_then(|cause| cause.downcast_ref::<io::Error>()) {
        Some(cause) => format!("{refusal}: {}", cause.kind()),
        None => refusal.to_string(),
    }
}

/// Probes on a thread whose `syscall` is answered with `errno`, as a container would.
fn probe_under(syscall: i64, errno: u32) -> String {
    let filter = SeccompFilter::new(
        BTreeMap::from([(syscall, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        std::env::consts::ARCH.try_into().expect("an architecture that the filter knows"),
    )
    .and_then(BpfProgram::try_from)
    .expect("a filter of one rule");
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            apply_filter(&filter).expect("a thread may always restrict itself");
            told(probe())
        });
        thread.join().expect("the probe answers and does not panic")
    })
}

#[track_caller]
fn check_under(syscall: i64, errno: u32, expected: &Expect) {
    if let Err(refusal) = probe() {
        eprintln!("SKIPPED: io_uring does not work here to begin with: {refusal}");
        return;
    }
    expected.assert_eq(&probe_under(syscall, errno));
}

#[test]
fn a_refused_setup_is_told() {
    check_under(IO_URING_SETUP, EPERM, &expect!["io_uring_setup refused: permission denied"]);
    check_under(IO_URING_SETUP, ENOSYS, &expect!["io_uring_setup refused: unsupported"]);
}

#[test]
fn a_refused_register_is_told() {
    check_under(IO_URING_REGISTER, EPERM, &expect!["io_uring_register refused: permission denied"]);
    check_under(IO_URING_REGISTER, ENOSYS, &expect!["io_uring_register refused: unsupported"]);
}

#[test]
fn a_refused_enter_is_told() {
    check_under(IO_URING_ENTER, EPERM, &expect!["io_uring_enter refused: permission denied"]);
    check_under(IO_URING_ENTER, ENOSYS, &expect!["io_uring_enter refused: unsupported"]);
}

/// Limits are of a process, so the test that lowers one runs itself in a process of its own.
const LIMIT_OF_CHILD: &str = "HYDROGRAPH_TEST_MEMLOCK_BYTES";

fn probe_with_memlock(hard_bytes: u64) -> String {
    let output = Command::new(std::env::current_exe().expect("this test has a file"))
        .args(["--exact", "shard::probe::tests::child_probes_with_a_memlock_limit", "--nocapture"])
        .env(LIMIT_OF_CHILD, hard_bytes.to_string())
        .output()
        .expect("the file of this test can be run");
    let stdout = String::from_utf8(output.stdout).expect("a test prints text");
    let answer = stdout.lines().find_map(|line| line.split("probe says: ").nth(1));
    answer.unwrap_or_else(|| panic!("no answer in {stdout:?}")).to_string()
}

#[test]
fn child_probes_with_a_memlock_limit() {
    let Ok(bytes) = std::env::var(LIMIT_OF_CHILD) else { return };
    let hard: u64 = bytes.parse().expect("the parent sets a number");
    let limit = Rlimit { current: Some(hard / 2), maximum: Some(hard) };
    setrlimit(Resource::Memlock, limit).expect("limits may be lowered");
    println!("probe says: {}", told(probe()));
}

#[test]
fn too_low_a_memlock_limit_is_told() {
    expect!["memlock limit is 65536 bytes, 524288 are needed"]
        .assert_eq(&probe_with_memlock(64 * 1024));
}

#[test]
fn the_soft_memlock_limit_is_raised_to_the_hard_one() {
    assert_eq!(probe_with_memlock(512 * 1024), told(probe()));
}
