//! The Receiver against a cluster in memory, under paused time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cluster;
mod lists;
mod passing;
mod rates;
mod replicas;
mod scene;
mod secrets;
mod statuses;
mod wakes;
