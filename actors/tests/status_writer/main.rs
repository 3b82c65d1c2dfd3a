//! The `StatusWriter` against an API server in memory, under paused time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cluster;
mod conflicts;
mod events;
mod finalizers;
mod notifications;
mod outages;
mod scene;
mod writes;
