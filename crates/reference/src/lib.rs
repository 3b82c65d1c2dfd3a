//! Names: repositories, tags, digests, revisions, version constraints and the choice of a tag.
//!
//! Pure: text in, values out. Everything here may be handed untrusted text of any length; it answers with a
//! value or an error, in time linear in the text. Displayed errors are whole sentences without a source, so
//! that they read the same whether or not a caller joins the chain.

mod authority;
mod comparator;
mod concern;
mod constraint;
mod digest;
mod filter;
mod place;
mod quote;
mod redaction;
mod repository;
mod revision;
mod selector;
mod tags;
mod version;

pub use constraint::{Constraint, ConstraintError};
pub use digest::{Digest, DigestError};
pub use place::Place;
pub use quote::go_quote;
pub use redaction::redacted_url;
pub use repository::{Repository, UrlError};
pub use revision::{Revision, digest_part};
pub use selector::{Selected, Selector, reference_display};
pub use tags::{LONGEST_EXPRESSION, LONGEST_TAG, SelectError, TagChoice};
pub use version::{Version, VersionError};
