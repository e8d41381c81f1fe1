//! Asks the kernel whether io_uring works here, before glommio is called for the first time.
//!
//! Law: where this says yes, starting glommio neither panics nor ends the process. glommio 0.9
//! does the one where `io_uring_setup`, `_register` or `_enter` is refused (Docker's default
//! seccomp profile, gVisor, `kernel.io_uring_disabled`) and the other where an opcode is
//! missing; in a build that aborts on panic nobody could catch either.
//!
//! It builds what one executor builds (two plain rings and a polling one of the same depth),
//! takes a fraction of a millisecond, and leaves nothing behind but a raised soft limit of
//! locked memory. It does not log: the caller says once what was chosen and why.

use std::io;

use io_uring::{IoUring, Probe, opcode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[cfg(test)]
mod tests;

/// Entries of each ring of an executor.
pub(super) const RING_DEPTH: u32 = 128;

/// The soft limit of locked memory below which glommio refuses to start, even for root.
const MEMLOCK_BYTES_MIN: u64 = 512 * 1024;

/// What glommio 0.9 demands of the kernel (its `GLOMMIO_URING_OPS`).
const OPCODES: [(&str, u8); 23] = [
    ("NOP", opcode::Nop::CODE),
    ("READV", opcode::Readv::CODE),
    ("WRITEV", opcode::Writev::CODE),
    ("FSYNC", opcode::Fsync::CODE),
    ("READ_FIXED", opcode::ReadFixed::CODE),
    ("WRITE_FIXED", opcode::WriteFixed::CODE),
    ("POLL_ADD", opcode::PollAdd::CODE),
    ("POLL_REMOVE", opcode::PollRemove::CODE),
    ("SENDMSG", opcode::SendMsg::CODE),
    ("RECVMSG", opcode::RecvMsg::CODE),
    ("TIMEOUT", opcode::Timeout::CODE),
    ("TIMEOUT_REMOVE", opcode::TimeoutRemove::CODE),
    ("ACCEPT", opcode::Accept::CODE),
    ("LINK_TIMEOUT", opcode::LinkTimeout::CODE),
    ("CONNECT", opcode::Connect::CODE),
    ("FALLOCATE", opcode::Fallocate::CODE),
    ("OPENAT", opcode::OpenAt::CODE),
    ("CLOSE", opcode::Close::CODE),
    ("STATX", opcode::Statx::CODE),
    ("READ", opcode::Read::CODE),
    ("WRITE", opcode::Write::CODE),
    ("SEND", opcode::Send::CODE),
    ("RECV", opcode::Recv::CODE),
];

/// Why io_uring cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Too little memory may be locked, also after the soft limit was raised to the hard one.
    #[error("memlock limit is {limit_bytes} bytes, {MEMLOCK_BYTES_MIN} are needed")]
    Memlock {
        /// The soft limit as it stands.
        limit_bytes: u64,
    },
    /// A ring could not be built.
    #[error("io_uring_setup refused")]
    Setup(#[source] io::Error),
    /// The kernel would not say which opcodes it has.
    #[error("io_uring_register refused")]
    Register(#[source] io::Error),
    /// The kernel is too old.
    #[error("io_uring lacks opcode {name}")]
    Opcode {
        /// The first one that is missing.
        name: &'static str,
    },
    /// A request could not be submitted, or its answer did not come.
    #[error("io_uring_enter refused")]
    Enter(#[source] io::Error),
}

/// Whether executors that need io_uring can run here.
pub fn probe() -> Result<(), Refusal> {
    raise_memlock()?;
    let mut main = IoUring::new(RING_DEPTH).map_err(Refusal::Setup)?;
    let latency = IoUring::new(RING_DEPTH).map_err(Refusal::Setup)?;
    let polling: IoUring =
        IoUring::builder().setup_iopoll().build(RING_DEPTH).map_err(Refusal::Setup)?;
    check_opcodes(&main)?;
    submit_nop(&mut main).map_err(Refusal::Enter)?;
    drop((latency, polling));
    Ok(())
}

/// Raises the soft limit of locked memory to the hard one, and refuses where that is too low.
fn raise_memlock() -> Result<(), Refusal> {
    let Rlimit { current, maximum } = getrlimit(Resource::Memlock);
    let raised = Rlimit { current: maximum, maximum };
    // Where raising is refused, what stands may still be enough.
    let limit = match setrlimit(Resource::Memlock, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    match limit {
        Some(limit_bytes) if limit_bytes < MEMLOCK_BYTES_MIN => {
            Err(Refusal::Memlock { limit_bytes })
        }
        _ => Ok(()),
    }
}

fn check_opcodes(ring: &IoUring) -> Result<(), Refusal> {
    let mut known = Probe::new();
    ring.submitter().register_probe(&mut known).map_err(Refusal::Register)?;
    match OPCODES.iter().find(|(_, code)| !known.is_supported(*code)) {
        Some((name, _)) => Err(Refusal::Opcode { name }),
        None => Ok(()),
    }
}

/// Catches a kernel or a filter that grants rings but refuses to enter them.
fn submit_nop(ring: &mut IoUring) -> io::Result<()> {
    const MARK: u64 = 0x6879_6472;
    let nop = opcode::Nop::new().build().user_data(MARK);
    #[expect(unsafe_code, reason = "the only way to put a request into a ring")]
    // SAFETY: a NOP refers to no memory and no file, so nothing must outlive it.
    unsafe { ring.submission().push(&nop) }
        .map_err(|_full| io::Error::other("a new ring has no room"))?;
    ring.submit_and_wait(1)?;
    match ring.completion().next() {
        Some(done) if done.user_data() == MARK && done.result() == 0 => Ok(()),
        Some(done) => Err(io::Error::other(format!("a no-op answered {}", done.result()))),
        None => Err(io::Error::other("a no-op was not answered")),
    }
}
