//! `spec` of an `OCIRepository` (spec 1.3). The comments of the fields are what `kubectl explain` says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to pull, how to read it, and how often to look for a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositorySpec {
    /// Where the artifact lives: `oci://`, the registry's host, and the repository, without tag or digest.
    #[schemars(regex(pattern = r"^oci://.*$"))]
    pub url: String,
    /// How often the registry is asked for a new version, such as `5m` or `1h30m`.
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    pub interval: String,
    /// Which version to take. Without it the tag `latest` is taken.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Another repository on the same host to pull from, in place of the path in `url`. An extension of Sluice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactSource>,
    /// Which layer of the image becomes the artifact, and how. Without it the first layer with known content is unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer_selector: Option<LayerSelector>,
    /// Whose ambient identity is used where no Secret gives credentials. Without it: `generic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// A Secret of type `kubernetes.io/dockerconfigjson` in the same namespace with the registry's credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// What a version must be signed with before it is pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verification>,
    /// A `ServiceAccount` in the same namespace, whose pull secrets and workload identity may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// A Secret in the same namespace with a CA (`ca.crt`) and, for mutual TLS, `tls.crt` and `tls.key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretReference>,
    /// A Secret in the same namespace with the `address` of a proxy, and its `username` and `password` if it asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<SecretReference>,
    /// How long the registry may take to answer, and how long a transfer may stand still. Without it: `60s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$"))]
    pub timeout: Option<String>,
    /// Which files are left out of the artifact, in the language of `.gitignore`; replaces the built-in rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Allows plain HTTP, and certificates that nobody vouches for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
    /// Pauses the object: nothing is pulled, what is stored stays served.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

/// Which version to take. The first of digest, semver, tag and branch that is set decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// Exactly this manifest: `sha256:` and 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The highest tag that is a version within this range, such as `>=1.0.0 <2.0.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// A regular expression; only tags that it finds are held against `semver`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// This tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The moving tag of this name, as builds of a branch leave it behind. An extension of Sluice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Another repository on the host of `url`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactSource {
    /// The repository, as a path on the host of `url` or with that host in front; any other host is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Which layer of the image becomes the artifact, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LayerSelector {
    /// The first layer with exactly this media type is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What is done with the layer. Without it: `extract`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<LayerOperation>,
}

/// What is done with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayerOperation {
    /// The layer is unpacked, filtered and packed anew.
    Extract,
    /// The layer is stored as it is.
    Copy,
}

/// Whose ambient identity is used where no Secret gives credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// None but that of the `ServiceAccount` itself.
    #[default]
    Generic,
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

/// The name of a Secret in the object's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretReference {
    /// The Secret's name.
    pub name: String,
}

/// What a version must be signed with before it is pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["provider"]))]
pub struct Verification {
    /// The kind of signature.
    #[serde(default)]
    pub provider: VerificationProvider,
    /// A Secret in the same namespace with public keys (`*.pub`), or with a trust policy and certificates for notation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// Who must have signed, where no keys are given: one of these identities is enough.
    #[serde(rename = "matchOIDCIdentity", default, skip_serializing_if = "Vec::is_empty")]
    pub match_oidc_identity: Vec<IdentityMatch>,
    /// A Secret in the same namespace with the `trusted_root.json` of a Sigstore instance of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret_ref: Option<SecretReference>,
}

/// The kind of signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerificationProvider {
    /// Signatures of Sigstore's cosign.
    #[default]
    Cosign,
    /// Signatures of the Notary Project.
    Notation,
}

/// A signer, as the certificate names it; both are regular expressions that need not match the whole text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdentityMatch {
    /// Who vouched for the signer.
    pub issuer: String,
    /// The signer.
    pub subject: String,
}
