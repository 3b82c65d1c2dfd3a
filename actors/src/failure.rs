//! Every (step, error) and what the object's owner is told of it: the only place where that is chosen.
//!
//! `tests/failures.txt` lists what can fail, row by row, with the tests that hold it; a new row begins there.

use std::error::Error as StdError;

use reconcile::{ConditionKind, Disposition, Failure, Operation, Reason};
use reference::{Repository, Selector};

use crate::Scope;
use crate::registry::{Conduct, Line};

/// Where in an attempt something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Listing and choosing a tag.
    Tags,
    /// Finding the digest of a tag.
    Digest,
    /// Reading the manifest of a digest.
    Manifest,
    /// Taking the manifest apart.
    Parse,
    /// Choosing a layer; the text stands for itself.
    Layer,
    /// Asking for the layer's bytes.
    Open,
    /// Reading and unpacking them.
    Content(Operation),
}

impl Step {
    /// The first step for which an object with this selector asks its registry.
    #[must_use]
    pub fn first(selector: &Selector) -> Self {
        match selector {
            Selector::Semver { .. } => Self::Tags,
            Selector::Tag(_) | Selector::Branch(_) | Selector::Latest => Self::Digest,
            Selector::Digest(_) => Self::Manifest,
        }
    }

    /// What an object is told that may not take this step while its host is down: what the host said to another, and said
    /// as if it had been told to this one (D20). Any other refusal stays as it is.
    #[must_use]
    pub fn parked(self, url: &str, refusal: Failure) -> Failure {
        match refusal.disposition {
            Disposition::Park { .. } => self.failure(url, &refusal.message).with(refusal.disposition),
            Disposition::Retry { .. } | Disposition::Stall | Disposition::Cancelled => refusal,
        }
    }

    fn operation(self) -> Operation {
        match self {
            Self::Content(operation) => operation,
            Self::Tags | Self::Digest | Self::Manifest | Self::Parse | Self::Layer | Self::Open => {
                Operation::Extract
            }
        }
    }

    /// The failure of this step with this text (spec 2.5).
    #[must_use]
    pub fn failure(self, url: &str, text: &str) -> Failure {
        let (reason, message) = match self {
            Self::Tags => (
                Reason::ReadOperationFailed,
                format!("failed to determine the artifact tag for '{url}': {text}"),
            ),
            Self::Digest => {
                (Reason::OCIArtifactPullFailed, format!("failed to determine artifact digest: {text}"))
            }
            Self::Manifest => {
                (Reason::OCIArtifactPullFailed, format!("failed to pull artifact from '{url}': {text}"))
            }
            Self::Parse => (
                Reason::OCIArtifactLayerOperationFailed,
                format!("failed to parse artifact manifest: {text}"),
            ),
            Self::Layer => (Reason::OCIArtifactLayerOperationFailed, text.to_owned()),
            Self::Open => (
                Reason::OCIArtifactLayerOperationFailed,
                format!("failed to extract the first layer from artifact: {text}"),
            ),
            Self::Content(Operation::Extract) => (
                Reason::OCIArtifactLayerOperationFailed,
                format!("failed to extract layer contents from artifact: {text}"),
            ),
            Self::Content(Operation::Copy) => (
                Reason::OCIArtifactLayerOperationFailed,
                format!("failed to copy layer from artifact: {text}"),
            ),
        };
        Failure::fetch(reason, message)
    }
}

/// The failure of a step at a registry; the line remembers how the host behaved.
#[must_use]
pub fn registry(line: &Line, repository: &Repository, step: Step, url: &str, error: &oci::Error) -> Failure {
    let failure = match error {
        oci::Error::Manifest { reason: oci::image::ImageError::MediaType(_), .. } => {
            step.failure(url, &error.to_string())
        }
        oci::Error::Manifest { reason, .. } if step == Step::Manifest => {
            Step::Parse.failure(url, &reason.to_string())
        }
        oci::Error::Sink(source) => return archive(step.operation(), &source.to_string()),
        oci::Error::Declined { .. } => return step.failure(url, &error.to_string()),
        oci::Error::Denied(_)
        | oci::Error::Status(_)
        | oci::Error::Transport(_)
        | oci::Error::NoScheme { .. }
        | oci::Error::Refused { .. }
        | oci::Error::ManifestDigest { .. }
        | oci::Error::BlobDigest { .. }
        | oci::Error::BlobLength { .. }
        | oci::Error::TooLarge { .. }
        | oci::Error::Malformed { .. }
        | oci::Error::Manifest { .. }
        | oci::Error::NoPlatform { .. }
        | oci::Error::Material(_) => step.failure(url, &error.to_string()),
    };
    let failure = failure.with(Disposition::Retry { not_before: error.retry_after() });
    line.note(repository.path(), conduct(error, &failure));
    failure
}

fn conduct(error: &oci::Error, failure: &Failure) -> Conduct {
    let failure = Failure { message: error.to_string(), ..failure.clone() };
    if error.is_host_failure() {
        return Conduct::Unreachable { failure };
    }
    if error.is_rate_limit() {
        /// Where a registry says 429 and no more; its own window is unknown.
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
        return Conduct::Busy { failure, retry_after: error.retry_after().unwrap_or(PATIENCE) };
    }
    if error.is_server_failure() {
        return Conduct::Faulty { failure };
    }
    Conduct::Answered
}

/// The failure of a step that used up `spec.timeout` (D1).
#[must_use]
pub fn over_budget(line: &Line, step: Step, url: &str, repository: &Repository, scope: &Scope) -> Failure {
    let total = scope.budget.total();
    let text = format!("{} did not answer within {total:?} (spec.timeout)", repository.registry());
    let failure = step.failure(url, &text);
    if total >= oci::FAIR {
        let conduct = Conduct::Unreachable { failure: Failure { message: text, ..failure.clone() } };
        line.note(repository.path(), conduct);
    }
    failure
}

/// The failure of a layer that cannot be made an archive.
#[must_use]
pub fn content(operation: Operation, url: &str, error: &artifact::Error) -> Failure {
    match error {
        artifact::Error::Layer(_) | artifact::Error::Limit(_) => {
            Step::Content(operation).failure(url, &chain(error))
        }
        artifact::Error::Ignore { .. } => Failure::retry(
            None,
            Reason::SourceIgnoreError,
            format!("failed to load source ignore patterns from repository: {}", chain(error)),
        ),
        artifact::Error::Cancelled => Failure::cancelled(),
        artifact::Error::Write { .. } => archive(operation, &chain(error)),
    }
}

/// The failure of writing an archive.
#[must_use]
pub fn archive(operation: Operation, text: &str) -> Failure {
    let verb = match operation {
        Operation::Extract => "archive",
        Operation::Copy => "copy",
    };
    storage(Reason::ArchiveOperationFailed, format!("unable to {verb} artifact to storage: {text}"))
}

/// The failure of an operation of the store.
#[must_use]
pub fn store(operation: Operation, error: &artifact::store::Error) -> Failure {
    use artifact::store::Error;
    match error {
        Error::Superseded => Failure::cancelled(),
        Error::DirectoryCreation(source) => {
            storage(Reason::DirectoryCreationFailed, format!("failed to create artifact directory: {source}"))
        }
        Error::Stat { .. } => storage(Reason::StatOperationFailed, chain(error)),
        Error::InvalidName(_) | Error::InvalidRoot(_) => storage(Reason::InvalidPath, chain(error)),
        Error::NoSpace { .. } | Error::Damaged { .. } | Error::InUse(_) | Error::Io { .. } => {
            archive(operation, &chain(error))
        }
        Error::RemoveDamaged(_) => Failure::retry(None, Reason::ArchiveOperationFailed, chain(error)),
    }
}

/// The failure of removing a deleted object's files (spec 2.7).
#[must_use]
pub fn purge(error: &artifact::store::Error) -> Failure {
    let text = format!("garbage collection for deleted resource failed: {}", chain(error));
    Failure::retry(None, Reason::GarbageCollectionFailed, text)
}

/// The failure of a credential, a certificate or a proxy.
#[must_use]
pub fn authentication(text: String) -> Failure {
    Failure::fetch(Reason::AuthenticationFailed, text)
}

/// The failure of a verification (spec 2.5 step 9).
#[must_use]
pub fn verification(provider: &str, text: &str) -> Failure {
    Failure::retry(
        Some(ConditionKind::SourceVerified),
        Reason::VerificationError,
        format!("failed to verify the signature using provider '{provider}': {text}"),
    )
}

fn storage(reason: Reason, text: String) -> Failure {
    Failure::retry(Some(ConditionKind::StorageOperationFailed), reason, text)
}

/// An error and its sources in one line: `a: b: c`.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
