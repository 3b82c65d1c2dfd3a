//! StatusWriter: the only writer of statuses, finalizers and events.

mod messages;

pub use messages::{AddFinalizer, Announce, Flush, Forget, RemoveFinalizer, StatusObserved, WriteStatus};
