//! The whole program between a folder of manifests and registries on loopback, against upstream's tables.

#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod authority;
mod credentials;
mod images;
mod life;
mod place;
mod rebuild;
mod references;
mod registry;
mod transports;
