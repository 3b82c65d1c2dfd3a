//! `RegistryWebhook` (D33): a path at which a registry tells of pushes. The comments of the fields are what
//! `kubectl explain` says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Condition, SecretReference};

/// Who tells of pushes, how it proves who it is, and whom its pushes concern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryWebhookSpec {
    /// The kind of registry, or of other sender, whose deliveries come here.
    #[serde(rename = "type")]
    pub kind: WebhookType,
    /// A Secret in the same namespace whose `token` the sender knows. All types need it but those that name `oidc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretReference>,
    /// The registry's host and port as `spec.url` of objects has it. It stands for whatever the sender says; `nexus` and
    /// `zot` say nothing and need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[^/@\s]+$"), length(min = 1, max = 255))]
    pub host: Option<String>,
    /// Whose tokens are taken, for `gcr`, `generic-oidc`, and `acr` through Event Grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<TokenTrust>,
    /// Wakes the objects of all namespaces instead of those of its own; only in the operator's namespace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_namespaces: bool,
    /// Answers deliveries with 503 and wakes nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

/// Whose tokens are taken (OpenID Connect). All that is named has to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenTrust {
    /// Who signs the tokens: an `https` URL, below which its keys are found.
    #[schemars(regex(pattern = r"^https?://[^?#\s]+$"), length(max = 1024))]
    pub issuer: String,
    /// For whom the tokens are made.
    #[schemars(length(min = 1, max = 1024))]
    pub audience: String,
    /// The sender as the issuer names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub subject: Option<String>,
    /// The sender's e-mail address, which the issuer has verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub email: Option<String>,
}

/// The kind of sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookType {
    /// CNCF Distribution.
    Distribution,
    /// GitLab's own registry, self-managed.
    Gitlab,
    /// Docker Hub.
    Dockerhub,
    /// Harbor, in both of its formats.
    Harbor,
    /// Quay.
    Quay,
    /// GitHub packages.
    Github,
    /// Gitea and Forgejo packages.
    Gitea,
    /// Google's registries through Pub/Sub.
    Gcr,
    /// Azure Container Registry, directly or through Event Grid.
    Acr,
    /// AWS Elastic Container Registry through EventBridge.
    Ecr,
    /// Sonatype Nexus Repository 3.
    Nexus,
    /// JFrog Artifactory.
    Artifactory,
    /// Alibaba Cloud Container Registry.
    Aliyun,
    /// zot.
    Zot,
    /// Anybody with the token: `{"url": "oci://..", "tag": ".."}`.
    Generic,
    /// The same, signed with the token as Flux's receivers take it.
    GenericHmac,
    /// The same, with a token of an identity provider.
    GenericOidc,
}

/// Where deliveries go, and what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryWebhookStatus {
    /// The generation of the spec that was worked off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How it stands: `Ready` says whether deliveries are taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The path of the webhook server at which deliveries are taken. Nobody can guess it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The delivery that came last, refused ones too; one that tells of no push stands behind those that do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_delivery: Option<LastDelivery>,
    /// How many deliveries ended how, since the object was made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deliveries: BTreeMap<String, i64>,
}

/// The delivery that came last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastDelivery {
    /// When it came.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// How it ended, as counted in `deliveries`.
    pub result: String,
    /// What that means.
    pub message: String,
    /// What was pushed, as the sender says; the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pushes: Vec<String>,
    /// How many objects it woke.
    pub woken: i64,
    /// Whom it woke, as namespace and name; the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
}
