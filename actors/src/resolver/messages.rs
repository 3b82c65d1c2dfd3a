//! What the Resolver hears and says.

use std::time::Duration;

use actix::Message;
use bytes::Bytes;
use reconcile::Failure;
use reference::{Repository, Revision, Selector};
use tokio::time::Instant;

use crate::Scope;
use crate::registry::Line;

/// Asks what a selector stands for at the registry (row 5).
#[derive(Message)]
#[rtype(result = "Result<Resolved, Failure>")]
pub struct Resolve {
    /// Whose attempt it is.
    pub scope: Scope,
    /// The way to the registry.
    pub line: Line,
    /// `spec.url`, for messages.
    pub url: String,
    /// The repository.
    pub repository: Repository,
    /// Which version.
    pub selector: Selector,
    /// Whether `_` in a tag stands for `+` (spec 3.3 step 4).
    pub helm: bool,
    /// Whether a new manifest is to be expected: then it is fetched at once (D47).
    pub expect_new: bool,
    /// Whose answer will do.
    pub freshness: Freshness,
}

/// Which answer will do (D28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The registry is asked anew.
    Now,
    /// An answer of this age, or one that is under way.
    Within(Duration),
    /// An answer to a question that was sent after this moment, when a webhook told of a push: one serves all whom the push
    /// concerns.
    SentAfter(Instant),
}

/// What a selector stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Tag and digest.
    pub revision: Revision,
    /// The manifest, where it came along.
    pub manifest: Option<Bytes>,
}
