//! Bytes on disk: unpacking, ignore rules, deterministic archives, the store and its retention.

mod archive;
mod content;
pub mod digest;
mod disk;
mod ignore;
mod tarball;
pub mod store;

pub use content::Content;
