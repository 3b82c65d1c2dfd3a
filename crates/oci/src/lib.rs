//! The read path of the OCI distribution protocol: transport, credentials, manifests, tags and blobs.

mod answer;
mod call;
mod credential;
mod descriptor;
mod detail;
mod error;
mod origin;
mod secrecy;
mod settings;

pub use answer::Answer;
pub use call::{Call, RedactedUrl};
pub use credential::{Credential, Identity};
pub use descriptor::{ChildPlatform, Descriptor};
pub use error::{Error, TransportError, TransportKind};
pub use origin::{ClientCertificate, Origin, OriginKey, ProxySettings, TlsMaterial};
pub use settings::Settings;
