//! What an object asks for, parsed once: after this an interval is a duration and an address is a repository.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reference::{Repository, Selector};

use crate::Failure;

/// An object as its owner wants it.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Names this life of the object.
    pub uid: String,
    /// The generation of the specification.
    pub generation: i64,
    /// The token of `reconcile.fluxcd.io/requestedAt`.
    pub requested_at: Option<String>,
    /// Our own annotations, which count as part of the specification (D45).
    pub annotations: BTreeMap<String, String>,
    /// Whether the object has a deletion timestamp.
    pub deleting: bool,
    /// Whether the owner paused the object.
    pub suspended: bool,
    /// The time between two checks; zero means none (spec 2.15).
    pub interval: Duration,
    /// What the source is, or why it is none.
    pub wish: Wish,
}

/// A source, or the reason why the specification describes none.
pub type Wish = Result<Arc<Source>, Failure>;

/// Where an artifact comes from and what is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `spec.url` as written, for messages.
    pub url: String,
    /// The repository to pull from, `artifact.path` applied (D26).
    pub repository: Repository,
    /// Which version to take.
    pub selector: Selector,
    /// `spec.layerSelector`.
    pub layer: Option<LayerSelector>,
    /// `spec.ignore`; none and empty differ.
    pub ignore: Option<String>,
    /// The platform of an index (D18), `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// How credentials are found where no Secret is named.
    pub provider: Provider,
    /// The Secret with registry credentials.
    pub secret: Option<String>,
    /// The `ServiceAccount` whose pull secrets are used.
    pub service_account: Option<Account>,
    /// The Secret with a CA and a client certificate.
    pub certificates: Option<String>,
    /// The Secret with a proxy's address.
    pub proxy: Option<String>,
    /// Whether plain HTTP and unknown certificates are allowed.
    pub insecure: bool,
    /// The budget and stall limit of remote work (D1).
    pub timeout: Duration,
    /// How a revision must be signed.
    pub trust: Option<Trust>,
}

/// A `ServiceAccount` in the object's namespace, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// `spec.serviceAccountName`.
    Named(String),
    /// The operator's default for an object that names none: where it is missing the object gets nothing (spec 4.6).
    Default(String),
}

impl Account {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Default(name) => name,
        }
    }
}

/// `spec.layerSelector` as written; `observedLayerSelector` repeats it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct LayerSelector {
    /// The exact media type.
    pub media_type: Option<String>,
    /// What is done with the layer.
    pub operation: Option<Operation>,
}

/// What is done with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Unpack, filter, and archive anew.
    Extract,
    /// Keep its bytes.
    Copy,
}

/// `spec.provider`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the API's own word")]
pub enum Provider {
    Generic,
    Aws,
    Azure,
    Gcp,
}

/// `spec.verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// `cosign` or `notation`.
    pub provider: String,
    /// The Secret with keys or with policy and certificates.
    pub secret: Option<String>,
    /// The Secret with a trusted root.
    pub trusted_root: Option<String>,
    /// Pairs of issuer and subject expressions.
    pub identities: Vec<(String, String)>,
}

impl Trust {
    /// The provider as messages name it (spec 2.5 step 9).
    #[must_use]
    pub fn display(&self) -> String {
        match (self.provider.as_str(), &self.secret) {
            ("cosign", None) => "cosign keyless".to_owned(),
            (provider, _) => provider.to_owned(),
        }
    }
}

impl Source {
    /// What is done with the layer.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.layer.as_ref().and_then(|layer| layer.operation).unwrap_or(Operation::Extract)
    }

    /// The media type that the layer must have.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.layer.as_ref().and_then(|layer| layer.media_type.as_deref()).filter(|text| !text.is_empty())
    }
}

impl Desired {
    /// What makes two observations the same wish (D29, D45).
    pub(crate) fn identity(&self) -> (&str, i64, &BTreeMap<String, String>) {
        (&self.uid, self.generation, &self.annotations)
    }

    /// Whether attempts are made for the object.
    #[must_use]
    pub fn runnable(&self) -> bool {
        !self.deleting && !self.suspended
    }
}
