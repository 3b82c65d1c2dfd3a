//! What a delivery says.

use reference::{Digest, Place};

/// A delivery, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sender's own name for this delivery, the same when it is sent again; `None` where it has none.
    pub id: Option<String>,
    /// What it says.
    pub said: Said,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Tags were pushed; none where it speaks of something else: a pull, a deletion, a blob, a test.
    Pushed(Vec<Push>),
    /// The sender wants to be answered with this JSON text and status 200 before it sends anything (Event Grid).
    Handshake(String),
}

/// A tag was pushed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Push {
    /// Where it may have been: senders that do not know under which name their registry is used leave several.
    pub repositories: Vec<Named>,
    /// The tag.
    pub tag: String,
    /// Whether the sender has folded the tag to lower case.
    pub folded: bool,
    /// The manifest's digest, where the sender tells it.
    pub digest: Option<Digest>,
    /// Whether the sender may speak before the registry shows the tag.
    pub early: bool,
}

/// A repository as a sender names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// `host[:port]`; `None` where the sender does not say.
    pub host: Option<String>,
    /// The path on that host.
    pub path: String,
}

/// Why a delivery cannot be read, for its sender: a sentence that repeats nothing of the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

impl Push {
    /// The places that are meant; with `host` given, that one stands for whatever the sender says.
    #[must_use]
    pub fn places(&self, host: Option<&str>) -> Vec<Place> {
        let place = |named: &Named| {
            let host = host.or(named.host.as_deref())?;
            Some(Place::new(host, &named.path))
        };
        self.repositories.iter().filter_map(place).collect()
    }
}
