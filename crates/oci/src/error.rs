//! Why a request brought nothing usable: variants by what the caller can do, texts as upstream's (spec 3.6, 3.7).

use std::sync::Arc;
use std::time::Duration;

use reference::Digest;
use reqwest::StatusCode;

use crate::answer::Answer;
use crate::call::Call;
use crate::image::ImageError;

/// A failure of this crate. Cheap to clone, so that an answer can be shared by all who asked the same.
///
/// `Display` is complete and fit for a status message; `source` is for the operator's log.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The registry or its token endpoint answered 401 or 403: other credentials are needed.
    #[error("{0}")]
    Denied(Arc<Answer>),
    /// Any other answer that is no success.
    #[error("{0}")]
    Status(Arc<Answer>),
    /// No answer, or not the whole of it.
    #[error("{0}")]
    Transport(#[source] Arc<TransportError>),
    /// Neither HTTPS nor HTTP reached the registry.
    #[error("{https}; {http}")]
    NoScheme {
        /// What HTTPS met.
        https: Box<Error>,
        /// What HTTP met.
        http: Box<Error>,
    },
    /// The registry asked for something that a client must not do: a redirect or a token realm that leads inside.
    #[error("{}: {reason}", .call.unanswered())]
    Refused {
        /// The request that was not sent.
        call: Call,
        /// Why not.
        reason: String,
    },
    /// Something that this program does not do, whatever the registry would say to it: nothing is learned of the host.
    #[error("{what}: {reason}")]
    Declined {
        /// The name, the credential or the manifest that it is about.
        what: String,
        /// What was not done, and why.
        reason: String,
    },
    /// A manifest that is not the one asked for.
    #[error("manifest digest: \"{actual}\" does not match requested digest: \"{expected}\" for \"{name}\"")]
    ManifestDigest {
        /// The digest of the body.
        actual: Digest,
        /// The digest asked for, or announced with the body.
        expected: Digest,
        /// The full reference.
        name: String,
    },
    /// A blob of the right size that is not the one asked for.
    #[error(
        "error verifying sha256 checksum after reading {read} bytes; got \"{actual}\", want \"{expected}\""
    )]
    BlobDigest {
        /// The size of the blob in bytes.
        read: u64,
        /// The digest of what was read.
        actual: Digest,
        /// The digest of the descriptor.
        expected: Digest,
    },
    /// A blob whose announced length is not the size of its descriptor, both in bytes.
    #[error("{call}: Content-Length header {announced} does not match expected size {expected}")]
    BlobLength {
        /// The request.
        call: Call,
        /// What the answer announced.
        announced: u64,
        /// What is left of the descriptor's size.
        expected: u64,
    },
    /// More bytes than are allowed; the limit is in bytes.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// An answer that does not follow the protocol.
    #[error("{what}: {reason}")]
    Malformed {
        /// The request or the manifest.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Bytes that are no manifest, though they have its digest.
    #[error("{name}: {reason}")]
    Manifest {
        /// The full reference.
        name: String,
        /// What is wrong with it.
        reason: ImageError,
    },
    /// An index without an image for the platform.
    #[error("no child with platform {platform} in index {name}")]
    NoPlatform {
        /// The platform looked for.
        platform: String,
        /// The full reference of the index.
        name: String,
    },
    /// CA, client certificate or proxy settings that cannot be used.
    #[error("{0}")]
    Material(String),
    /// The receiver of a blob failed.
    #[error("{0}")]
    Sink(#[source] Arc<std::io::Error>),
}

/// A request that got no answer, or not the whole of it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .shown)]
pub struct TransportError {
    /// What happened.
    pub kind: TransportKind,
    /// Whether it was the origin's own host (or its token endpoint) that failed: not the target of a redirect, and not
    /// over a request so long that it may well be hung up on.
    pub of_origin: bool,
    shown: String,
    #[source]
    source: Option<Arc<reqwest::Error>>,
}

/// What kept an answer from coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection: name, route, refusal, TLS, proxy.
    Connect,
    /// The connection or the answer took too long.
    Timeout,
    /// The connection ended before the answer began.
    Closed,
    /// The connection ended before the body did.
    Cut,
    /// The body came too slowly, or stopped coming (ruling D1).
    Stalled,
}

impl TransportError {
    pub(crate) fn told(kind: TransportKind, of_origin: bool, shown: String) -> Self {
        Self { kind, of_origin, shown, source: None }
    }

    pub(crate) fn caused_by(mut self, source: reqwest::Error) -> Self {
        self.source = Some(Arc::new(source.without_url()));
        self
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::Transport(Arc::new(error))
    }
}

impl From<Answer> for Error {
    fn from(answer: Answer) -> Self {
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Denied(Arc::new(answer)),
            _ => Self::Status(Arc::new(answer)),
        }
    }
}

impl Error {
    /// Whether the host itself is to blame: no connection, no answer in time, a connection that it closed.
    /// Three of these in a row put a host down (design s. 8, tier 0).
    #[must_use]
    pub fn is_host_failure(&self) -> bool {
        if let Self::NoScheme { https, http } = self {
            return https.is_host_failure() || http.is_host_failure();
        }
        matches!(self, Self::Transport(error) if error.of_origin)
    }

    /// Whether a transfer had begun: before that the registry's answer is at fault, then the content (spec 5.1, 5.3).
    #[must_use]
    pub fn is_of_content(&self) -> bool {
        match self {
            Self::BlobDigest { .. } | Self::Sink(_) => true,
            Self::Transport(error) => matches!(error.kind, TransportKind::Cut | TransportKind::Stalled),
            Self::Denied(_)
            | Self::Status(_)
            | Self::NoScheme { .. }
            | Self::Refused { .. }
            | Self::Declined { .. }
            | Self::ManifestDigest { .. }
            | Self::BlobLength { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Manifest { .. }
            | Self::NoPlatform { .. }
            | Self::Material(_) => false,
        }
    }

    /// Whether the registry broke on this repository: an answer 5xx.
    #[must_use]
    pub fn is_server_failure(&self) -> bool {
        self.answer().is_some_and(|answer| answer.status.is_server_error())
    }

    /// Whether the registry asks for fewer requests: 429, or 503 with `Retry-After`.
    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        self.answer().is_some_and(|answer| match answer.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE => answer.retry_after.is_some(),
            _ => false,
        })
    }

    /// Whether the registry says that it does not have what was asked for.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.answer().is_some_and(|answer| answer.status == StatusCode::NOT_FOUND)
    }

    /// How long the registry wants to be left alone, uncapped.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer().and_then(|answer| answer.retry_after)
    }

    /// The answer, where there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Denied(answer) | Self::Status(answer) => Some(answer),
            Self::NoScheme { http, .. } => http.answer(),
            Self::Transport(_)
            | Self::Refused { .. }
            | Self::Declined { .. }
            | Self::ManifestDigest { .. }
            | Self::BlobDigest { .. }
            | Self::BlobLength { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Manifest { .. }
            | Self::NoPlatform { .. }
            | Self::Material(_)
            | Self::Sink(_) => None,
        }
    }

    pub(crate) fn declined(what: String, reason: impl Into<String>) -> Self {
        Self::Declined { what, reason: reason.into() }
    }

    pub(crate) fn malformed(what: &impl ToString, reason: impl Into<String>) -> Self {
        Self::Malformed { what: what.to_string(), reason: reason.into() }
    }
}
