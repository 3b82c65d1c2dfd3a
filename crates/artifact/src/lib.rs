//! Bytes on disk: unpacking, ignore rules, deterministic archives, the store and its retention.

mod archive;
mod build;
mod compression;
mod content;
pub mod digest;
mod disk;
mod error;
mod hold;
mod ignore;
mod limits;
mod recipe;
mod scratch;
mod stop;
pub mod store;
mod tarball;
mod tree;

pub use build::{Built, build};
pub use content::Content;
pub use error::{Error, LayerError, LimitError};
pub use limits::Limits;
pub use recipe::{Operation, Recipe};
pub use scratch::Scratch;
