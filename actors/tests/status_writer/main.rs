//! The `StatusWriter` against an API server in memory, under paused time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod authorship;
mod cluster;
mod conflicts;
mod events;
mod finalizers;
mod logged;
mod notifications;
mod outages;
mod ownership;
mod scene;
mod writes;
