//! One Repository and its Watcher, with probes in the place of every service.

#![expect(clippy::unwrap_used, reason = "a failed precondition fails the test")]

mod accounts;
mod attempts;
mod children;
mod contents;
mod damaged;
mod dependencies;
mod docker_config;
mod endings;
mod failures;
mod nudged;
mod owner;
mod recorded;
mod support;
