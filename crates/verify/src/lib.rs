//! Signatures over image digests, checked from bytes without a network and without a clock.
//!
//! What a signature is checked with comes from Secrets, what is checked from registries: both are untrusted, and
//! either may give an [`Error`] but never a panic. A verdict takes at most a few seconds of one core, on the
//! largest keys; nothing here waits.

mod error;
mod fingerprint;
mod key;
mod keyed;

pub use error::Error;
pub use fingerprint::fingerprint;
pub use key::PublicKey;
pub use keyed::{MOST_KEYS, Signature, verify_keyed};
