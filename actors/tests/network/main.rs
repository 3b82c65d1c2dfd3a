//! The actors that speak with registries, over loopback.

#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod authority;
mod fetcher;
mod quota;
mod registry;
mod resolver;
mod tenants;
