//! Starts processes on ports of their own, talks HTTP to them, and waits for events.

pub(crate) mod answers;
pub(crate) mod peers;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod write;

use std::path::PathBuf;
use std::time::Duration;

/// Asks `probe` again and again until it answers, within a generous deadline.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    const ROUNDS: u32 = 2_400;
    for _ in 0..ROUNDS {
        if let Some(found) = probe() {
            return found;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    panic!("waited too long for {what}");
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    use hydrograph_storage::clock::{Clock as _, SystemClock};
    SystemClock::new().now_ms()
}

/// The folder of installed programs (`make tools`).
pub(crate) fn tools() -> PathBuf {
    std::env::var_os("HYDROGRAPH_TOOLS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools")),
        PathBuf::from,
    )
}

/// The folder of shared test data; `None`, loudly, where it is absent and not required.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("HYDROGRAPH_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("REQUIRE_SHARED").is_none(),
        "{} is required and absent",
        folder.display()
    );
    eprintln!("SKIPPED: {} is absent; set HYDROGRAPH_SHARED", folder.display());
    None
}

/// Whether the long form of a randomised test was asked for.
pub(crate) fn soak() -> bool {
    std::env::var_os("HYDROGRAPH_SOAK").is_some()
}

/// A port of the loopback interface that nobody uses at this moment.
pub(crate) fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback has ports");
    socket.local_addr().expect("a bound socket has an address").port()
}
