//! The API: `OCIRepository` and `RegistryWebhook` as Rust types and as custom resource definitions.
//!
//! The types read what any version of the CRD lets through; what they do not know is named by
//! [`read_spec`] rather than dropped. The definition is made from the same types by [`definition()`],
//! and so are the words of `kubectl explain`.

mod definition;
mod duration;
mod ocirepository;
mod registry_webhook;
mod schema;
mod spec;
mod status;
mod webhook_definition;

pub use definition::{GROUP, KIND, definition, manifests};
pub use duration::{DurationError, go_duration};
pub use ocirepository::{
    ArtifactSource, IdentityMatch, LayerOperation, LayerSelector, OciRepositorySpec, Provider, Reference,
    SecretReference, Verification, VerificationProvider,
};
pub use registry_webhook::{
    LastDelivery, RegistryWebhookSpec, RegistryWebhookStatus, TokenTrust, WebhookType,
};
pub use spec::{SpecError, read_spec};
pub use status::{Artifact, Condition, OciRepositoryStatus};
pub use webhook_definition::{
    WEBHOOK_GROUP, WEBHOOK_KIND, WEBHOOK_PLURAL, WEBHOOK_VERSION, webhook_definition,
};
