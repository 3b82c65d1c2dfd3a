//! Webhooks of registries: what is taken, by whom it is checked, whom it reaches.
//!
//! ```text
//! webhook server -> desk: path, proof, size, sense -> Receiver: rate, whom it concerns -> Watcher -> Repository
//!                                                        '-> requestedAt, on a replica that does not lead
//! ```

mod desk;
mod follow;
mod issuers;
mod reception;
mod room;

pub use desk::{Answer, Desk, FOLLOW, Outcome};
pub use follow::{ASKED_AT_ONCE, Answers, Followed, Progress, Question, State};
pub use issuers::Issuers;
pub use reception::Reception;
pub use room::{LARGEST_BODY, Room, Share};
