//! What an attempt has learned so far; a failed attempt still shows the revision that it found.

use reference::{Digest, Selector, digest_part};

use crate::{Artifact, ConditionKind, Desired, Found, Source, Status, Truth};

/// The state of the recorded artifact's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stock {
    /// Nothing was recorded.
    Empty,
    /// The file is there and has the recorded digest.
    Present,
    /// No regular file is at the recorded path.
    Missing,
    /// The file was not what was recorded and has been removed; why, in upstream's words.
    Damaged(String),
}

/// What the selector stands for at the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// `tag@sha256:..` or `sha256:..`.
    pub revision: String,
    /// The reference as messages show it: `registry/repository:tag`.
    pub display: String,
}

impl Resolution {
    /// What the registry showed to this selector.
    #[must_use]
    pub fn found(&self, selector: &Selector) -> Option<Found> {
        let digest = Digest::parse(digest_part(&self.revision)).ok()?;
        let tag = match selector {
            Selector::Semver { .. } => self.revision.split_once('@').map(|(tag, _)| tag.into()),
            Selector::Digest(_) | Selector::Tag(_) | Selector::Branch(_) | Selector::Latest => None,
        };
        Some(Found { digest, tag })
    }
}

/// What a verification said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A signature matched; the digest of the material that it matched (D38).
    Verified {
        /// `status.sourceVerificationFingerprint`.
        fingerprint: String,
    },
    /// The policy asks for no verdict.
    Ignored,
}

/// What one attempt saw and did.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The recorded artifact's file, once it has been looked at.
    pub stock: Option<Stock>,
    /// How many superseded files were removed.
    pub collected: usize,
    /// Where the stored artifact and its link are served now.
    pub urls: Option<(String, String)>,
    /// The revision that was found.
    pub resolved: Option<Resolution>,
    /// The verdict, when one was asked for.
    pub verdict: Option<Verdict>,
    /// What was published.
    pub artifact: Option<Artifact>,
    /// The URL of the link, when it was renewed.
    pub link: Option<String>,
    /// Why the link could not be renewed.
    pub link_failure: Option<String>,
    /// The Secret that could not be read, if one was named.
    pub unreadable_secret: Option<String>,
    /// Which of our own fields and annotations made the recorded artifact (D45), when that differs from the wish.
    pub made_otherwise: bool,
}

impl Observation {
    /// Whether the recorded artifact can no longer be served.
    #[must_use]
    pub fn lost(&self) -> bool {
        matches!(self.stock, Some(Stock::Missing | Stock::Damaged(_)))
    }
}

/// Whether the stored artifact is what the object asks for: nothing below this test is done then (spec 2.5 step 10).
#[must_use]
pub fn unchanged(source: &Source, recorded: &Status, seen: &Observation) -> bool {
    let Some(artifact) = &recorded.artifact else {
        return false;
    };
    let Some(resolved) = &seen.resolved else {
        return false;
    };
    seen.stock == Some(Stock::Present)
        && artifact.revision == resolved.revision
        && content_unchanged(source, recorded)
        && !seen.made_otherwise
}

/// Whether the artifact was made with these ignore rules and this selector (spec 2.6.1).
#[must_use]
pub fn content_unchanged(source: &Source, recorded: &Status) -> bool {
    source.ignore == recorded.observed_ignore && source.layer == recorded.observed_layer_selector
}

/// Whether a verdict is due: new revision, new generation, changed material, or none yet (spec 2.5 step 9, D19).
#[must_use]
pub fn must_verify(
    desired: &Desired,
    recorded: &Status,
    seen: &Observation,
    fingerprint: Option<&str>,
) -> bool {
    let stored = recorded.artifact.as_ref().filter(|_| !seen.lost());
    let Some(resolved) = &seen.resolved else {
        return false;
    };
    let verified = recorded.conditions.get(ConditionKind::SourceVerified);
    stored.is_none_or(|artifact| artifact.revision != resolved.revision)
        || verified.is_none_or(|condition| {
            condition.truth != Truth::True || condition.observed_generation != desired.generation
        })
        || fingerprint.is_none()
        || fingerprint != recorded.fingerprint.as_deref()
}
