//! One pass: what it sees, what it makes of the status, what it tells, and how others read the result.
#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod announced;
mod conclusion;
mod progress;
mod readers;
mod stored;
mod support;
mod unchanged;
mod verified;
