//! Which of a repository's manifests is wanted, and which one was selected.

use crate::digest::Digest;
use crate::repository::Repository;

/// What `spec.ref` asks for (spec 3.2, ruling D25).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// This very manifest; the text may be no digest, which fails when it is resolved, not before.
    Digest(String),
    /// The highest version among the tags.
    Semver {
        /// The version constraint as written.
        constraint: String,
        /// A regular expression that tags must match somewhere.
        filter: Option<String>,
    },
    /// The manifest that a tag points at.
    Tag(String),
    /// The manifest that a moving tag points at.
    Branch(String),
    /// The manifest that the tag `latest` points at.
    Latest,
}

impl Selector {
    /// Chooses by precedence: digest, semver, tag, branch, else `latest`. Empty texts count as absent; the filter
    /// counts only beside a constraint.
    #[must_use]
    pub fn choose(
        digest: Option<&str>,
        semver: Option<&str>,
        filter: Option<&str>,
        tag: Option<&str>,
        branch: Option<&str>,
    ) -> Self {
        if let Some(digest) = given(digest) {
            return Self::Digest(digest);
        }
        if let Some(constraint) = given(semver) {
            return Self::Semver { constraint, filter: given(filter) };
        }
        if let Some(tag) = given(tag) {
            return Self::Tag(tag);
        }
        given(branch).map_or(Self::Latest, Self::Branch)
    }

    /// The tag to ask for, where it is known without listing tags.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Tag(name) | Self::Branch(name) => Some(name),
            Self::Latest => Some("latest"),
            Self::Digest(_) | Self::Semver { .. } => None,
        }
    }
}

/// What a [`Selector`] came down to: one manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selected {
    /// The manifest that this tag points at.
    Tag(String),
    /// The manifest with this digest.
    Digest(Digest),
}

/// A reference as messages show it: `registry/path:tag` or `registry/path@digest` (spec 3.2).
#[must_use]
pub fn reference_display(repository: &Repository, selected: &Selected) -> String {
    match selected {
        Selected::Tag(tag) => format!("{repository}:{tag}"),
        Selected::Digest(digest) => format!("{repository}@{digest}"),
    }
}

fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}
