//! Condition types, reasons, and the rules by which upstream sets and orders conditions (spec 1.7, 2.10).

use std::fmt;

/// The condition types that are ours; all others on an object are foreign and left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the API's own word")]
pub enum ConditionKind {
    Ready,
    Reconciling,
    Stalled,
    StorageOperationFailed,
    FetchFailed,
    ArtifactOutdated,
    ArtifactInStorage,
    SourceVerified,
}

impl ConditionKind {
    /// All kinds, in the order of the API's documentation.
    pub const ALL: [Self; 8] = [
        Self::Ready,
        Self::Reconciling,
        Self::Stalled,
        Self::StorageOperationFailed,
        Self::FetchFailed,
        Self::ArtifactOutdated,
        Self::ArtifactInStorage,
        Self::SourceVerified,
    ];

    /// The API string.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::StorageOperationFailed => "StorageOperationFailed",
            Self::FetchFailed => "FetchFailed",
            Self::ArtifactOutdated => "ArtifactOutdated",
            Self::ArtifactInStorage => "ArtifactInStorage",
            Self::SourceVerified => "SourceVerified",
        }
    }

    /// The kind with this API string, if it is one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

macro_rules! reasons {
    ($($name:ident),* $(,)?) => {
        /// The reasons on conditions and events (spec 1.7; the last ones are ours).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is the API's own word")]
        pub enum Reason { $($name),* }

        impl Reason {
            /// The API string.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

reasons! {
    Succeeded, Progressing, ProgressingWithRetry, NewRevision, NewArtifact, URLInvalid,
    AuthenticationFailed, VerificationError, OCIArtifactPullFailed, OCIArtifactLayerOperationFailed,
    ReadOperationFailed, DirectoryCreationFailed, StatOperationFailed, InvalidPath, ArchiveOperationFailed,
    PatchOperationFailed, SourceIgnoreError, SymlinkUpdateFailed, ArtifactUpToDate,
    ArtifactVerificationFailed, GarbageCollectionFailed, GarbageCollectionSucceeded,
    SpecInvalid, UnsupportedField, FieldPruned, OwnershipConflict, InternalError,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the API's own word")]
pub enum Truth {
    True,
    False,
    Unknown,
}

/// One of our conditions, without its transition time, which is a matter of writing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Its type.
    pub kind: ConditionKind,
    /// Its status.
    pub truth: Truth,
    /// Its reason, as recorded: another version may have written it.
    pub reason: String,
    /// Its message, at most [`MESSAGE_BYTES`].
    pub message: String,
    /// The generation that it speaks of.
    pub observed_generation: i64,
}

/// The API's limit for a condition's message.
const MESSAGE_BYTES: usize = 32_768;

/// Our conditions of one object, at most one a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// The conditions as they were recorded; of doubles the first counts.
    #[must_use]
    pub fn new(recorded: Vec<Condition>) -> Self {
        let mut all = Self::default();
        for condition in recorded {
            if all.get(condition.kind).is_none() {
                all.0.push(condition);
            }
        }
        all
    }

    /// The condition of this kind.
    #[must_use]
    pub fn get(&self, kind: ConditionKind) -> Option<&Condition> {
        self.0.iter().find(|condition| condition.kind == kind)
    }

    /// Whether the condition of this kind has this status.
    #[must_use]
    pub fn is(&self, kind: ConditionKind, truth: Truth) -> bool {
        self.get(kind).is_some_and(|condition| condition.truth == truth)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a condition; a message beyond the API's limit is cut and ends with an ellipsis.
    pub fn set(&mut self, kind: ConditionKind, truth: Truth, reason: &str, message: &str, generation: i64) {
        let condition = Condition {
            kind,
            truth,
            reason: reason.to_owned(),
            message: limited(message),
            observed_generation: generation,
        };
        match self.0.iter_mut().find(|known| known.kind == kind) {
            Some(known) => *known = condition,
            None => self.0.push(condition),
        }
    }

    /// Removes a condition.
    pub fn remove(&mut self, kind: ConditionKind) {
        self.0.retain(|condition| condition.kind != kind);
    }

    /// The conditions in the order of the API: `Stalled`, `Reconciling`, `Ready`, then the newest generation first.
    #[must_use]
    pub fn ordered(&self) -> Vec<&Condition> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|condition| {
            (rank(condition.kind), std::cmp::Reverse(condition.observed_generation), condition.kind.as_str())
        });
        all
    }
}

fn rank(kind: ConditionKind) -> u8 {
    match kind {
        ConditionKind::Stalled => 0,
        ConditionKind::Reconciling => 1,
        ConditionKind::Ready => 2,
        ConditionKind::StorageOperationFailed
        | ConditionKind::FetchFailed
        | ConditionKind::ArtifactOutdated
        | ConditionKind::ArtifactInStorage
        | ConditionKind::SourceVerified => 3,
    }
}

fn limited(message: &str) -> String {
    if message.len() <= MESSAGE_BYTES {
        return message.to_owned();
    }
    let end = (0..=MESSAGE_BYTES - 3).rev().find(|&at| message.is_char_boundary(at)).unwrap_or(0);
    format!("{}...", &message[..end])
}
