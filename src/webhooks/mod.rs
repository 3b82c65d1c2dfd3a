//! Webhooks of registries: what is taken, by whom it is checked, whom it reaches.
//!
//! ```text
//! webhook server -> desk: path, proof, size, sense -> Receiver: rate, whom it concerns -> Watcher -> Repository
//!                                                        '-> requestedAt, on a replica that does not lead
//! ```

mod desk;
mod issuers;
mod reception;
mod room;

pub use desk::{Answer, Desk, Outcome};
pub use issuers::Issuers;
pub use reception::Reception;
pub use room::{LARGEST_BODY, Room, Share};
