//! Decisions: the life of a repository as a pure machine, what a pass means for the status, and when to look again.
//!
//! No clock and no I/O: time enters as data, effects leave as values.

mod announce;
mod conclude;
mod condition;
mod desired;
mod failure;
mod machine;
mod news;
mod observation;
mod ownership;
mod schedule;
mod status;
mod summary;

pub use announce::{Announcement, Severity, announcements};
pub use conclude::{Conclusion, conclude, conclude_suspended, in_progress};
pub use condition::{Condition, ConditionKind, Conditions, Reason, Truth};
pub use desired::{Account, Desired, LayerSelector, Operation, Provider, Source, Trust, Wish};
pub use failure::{Disposition, Failure};
pub use machine::{Class, Effect, Event, Machine, Outcome, Policy};
pub use news::{Found, Nudge};
pub use observation::{Observation, Resolution, Stock, Verdict, content_unchanged, must_verify, unchanged};
pub use ownership::{Change, Ownership, Shift, Terms, ownership_conflict};
pub use schedule::{Backoff, jittered, spread};
pub use status::{Artifact, Status};
