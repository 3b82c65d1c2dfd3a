//! Names as users and registries write them, against recorded texts and tables.
#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not the functions that they share")]

mod constraint;
mod digest;
mod oracle;
mod properties;
mod quote;
mod repository;
mod selector;
mod tags;
mod version;
