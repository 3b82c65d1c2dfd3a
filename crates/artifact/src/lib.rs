//! Bytes on disk: unpacking, ignore rules, deterministic archives, the store and its retention.

mod content;
pub mod digest;
mod disk;
mod ignore;
pub mod store;

pub use content::Content;
