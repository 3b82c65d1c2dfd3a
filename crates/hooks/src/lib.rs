//! Deliveries of registry webhooks: who sent one, and what was pushed.
//!
//! Pure: headers and bytes in, values out. All of it is untrusted: whatever a delivery says is a hint that the registry is
//! asked about (D33), and no part of it ever becomes an address that is dialled.
//!
//! One file of `senders` for each kind of registry, with the schema that it publishes; `authentication` and `token` say who
//! may have sent a delivery.

mod authentication;
mod delivery;
mod push;
mod sender;
mod senders;
mod token;

pub use authentication::{Unauthenticated, authenticate, sign};
pub use delivery::Delivery;
pub use push::{Malformed, Message, Named, Push, Said};
pub use sender::{Proof, Sender};
pub use senders::read;
pub use token::{Keys, Token, TokenError, Trust};
