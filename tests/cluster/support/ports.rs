//! Ports that a server is told before it starts.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range that systems take the local ends of connections from, so that nothing else gets a port while its
/// server restarts.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port of 127.0.0.1 that nobody listens on; this run does not hand it out again.
pub(crate) fn free() -> u16 {
    let offset = std::process::id().wrapping_mul(61);
    for _ in 0..COUNT {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let within =
            u16::try_from((offset.wrapping_add(step)) % u32::from(COUNT)).expect("it is below COUNT");
        if TcpListener::bind(("127.0.0.1", FIRST + within)).is_ok() {
            return FIRST + within;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}
