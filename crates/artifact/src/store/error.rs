//! What can go wrong in the store.

use std::io;
use std::path::PathBuf;

/// A failure of the store; each variant asks something else of the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The root does not exist or is no directory; fatal at start (spec 7.1).
    #[error("invalid dir path: {}", .0.display())]
    InvalidRoot(PathBuf),
    /// Another process has the root open; two of them would remove each other's spools. Fatal at start.
    #[error("storage path is in use by another process: {}", .0.display())]
    InUse(PathBuf),
    /// A namespace, name, digest or path that is not one clean component of a path; the input is at fault.
    #[error("'{0}' is no name for a stored file")]
    InvalidName(String),
    /// The object's directory could not be made (`DirectoryCreationFailed`).
    #[error("failed to create artifact directory")]
    DirectoryCreation(#[source] io::Error),
    /// A file could not be looked at (`StatOperationFailed`).
    #[error("failed to stat '{path}'")]
    Stat {
        /// Relative to the root.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The bytes would eat into the reserve; nothing was written.
    #[error("not enough disk space: {needed} bytes are needed, {available} are available beyond the reserve")]
    NoSpace {
        /// Bytes asked for.
        needed: u64,
        /// Bytes that may be used: free, less the reserve and what other spools were promised.
        available: u64,
    },
    /// A damaged artifact could not be removed; try again (text as upstream, spec 2.4).
    #[error("failed to remove artifact after digest mismatch")]
    RemoveDamaged(#[source] io::Error),
    /// An archive that was to be linked is not what it was; build it again.
    #[error("stored archive is damaged: {reason}")]
    Damaged {
        /// As in [`super::Stored::Damaged`].
        reason: String,
    },
    /// The caller no longer wanted the artifact at the last moment; nothing was published.
    #[error("publication was superseded")]
    Superseded,
    /// Any other failure of the disk; try again.
    #[error("failed to {action} '{path}'")]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// Relative to the root.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Why [`super::Store::publish`] failed: the store, or the function that wrote the content.
#[derive(Debug, thiserror::Error)]
pub enum PublishError<E> {
    /// The store's own failure.
    #[error(transparent)]
    Store(#[from] Error),
    /// What the writing function returned; nothing was published.
    #[error("failed to write artifact")]
    Write(#[source] E),
}

/// Turns an I/O error into [`Error::Io`] with what was attempted on which path.
pub(super) fn failed(action: &'static str, path: &str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action, path: path.to_owned(), source }
}

/// Turns an I/O error into [`Error::Stat`].
pub(super) fn unseen(path: &str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Stat { path: path.to_owned(), source }
}
