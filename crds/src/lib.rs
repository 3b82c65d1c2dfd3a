//! The API: OCIRepository as Rust types and as custom resource definitions.
//!
//! The types read what any version of the CRD lets through; what they do not know is named by
//! [`unknown_spec_field`] rather than dropped. The definition is made from the same types by [`definition()`],
//! and so are the words of `kubectl explain`.

mod definition;
mod duration;
mod ocirepository;
mod schema;
mod status;
mod unknown;

pub use definition::{GROUP, KIND, definition, manifest};
pub use duration::{DurationError, go_duration};
pub use ocirepository::{
    ArtifactSource, IdentityMatch, LayerOperation, LayerSelector, OciRepositorySpec, Provider, Reference,
    SecretReference, Verification, VerificationProvider,
};
pub use status::{Artifact, Condition, OciRepositoryStatus};
pub use unknown::unknown_spec_field;
