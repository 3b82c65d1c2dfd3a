//! The kinds of senders, and how each proves who it is.

/// A kind of sender, as `spec.type` of a `RegistryWebhook` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is a registry's own name")]
pub enum Sender {
    Distribution,
    Gitlab,
    Dockerhub,
    Harbor,
    Quay,
    Github,
    Gitea,
    Gcr,
    Acr,
    Ecr,
    Nexus,
    Artifactory,
    Aliyun,
    Zot,
    Generic,
    GenericHmac,
    GenericOidc,
}

/// How a delivery shows that its sender knows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It knows the path, and can send nothing else.
    Path,
    /// The secret itself is in `Authorization`.
    Shared,
    /// A header has an HMAC over the body.
    Signature,
    /// `Authorization` has a signed token of an identity provider.
    Token,
}

impl Sender {
    /// Each of them.
    pub const ALL: [Self; 17] = [
        Self::Distribution,
        Self::Gitlab,
        Self::Dockerhub,
        Self::Harbor,
        Self::Quay,
        Self::Github,
        Self::Gitea,
        Self::Gcr,
        Self::Acr,
        Self::Ecr,
        Self::Nexus,
        Self::Artifactory,
        Self::Aliyun,
        Self::Zot,
        Self::Generic,
        Self::GenericHmac,
        Self::GenericOidc,
    ];

    /// Its name in `spec.type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Distribution => "distribution",
            Self::Gitlab => "gitlab",
            Self::Dockerhub => "dockerhub",
            Self::Harbor => "harbor",
            Self::Quay => "quay",
            Self::Github => "github",
            Self::Gitea => "gitea",
            Self::Gcr => "gcr",
            Self::Acr => "acr",
            Self::Ecr => "ecr",
            Self::Nexus => "nexus",
            Self::Artifactory => "artifactory",
            Self::Aliyun => "aliyun",
            Self::Zot => "zot",
            Self::Generic => "generic",
            Self::GenericHmac => "generic-hmac",
            Self::GenericOidc => "generic-oidc",
        }
    }

    /// How it proves who it is. `acr` proves it by a token where the hook names an issuer (Event Grid), else as here.
    #[must_use]
    pub fn proof(self) -> Proof {
        match self {
            Self::Dockerhub | Self::Quay | Self::Aliyun => Proof::Path,
            Self::Distribution
            | Self::Gitlab
            | Self::Harbor
            | Self::Acr
            | Self::Ecr
            | Self::Zot
            | Self::Generic => Proof::Shared,
            Self::Github | Self::Gitea | Self::Nexus | Self::Artifactory | Self::GenericHmac => {
                Proof::Signature
            }
            Self::Gcr | Self::GenericOidc => Proof::Token,
        }
    }

    /// Whether its deliveries do not say on which host the registry is, so that the hook has to.
    #[must_use]
    pub fn is_hostless(self) -> bool {
        matches!(self, Self::Nexus | Self::Zot)
    }
}
