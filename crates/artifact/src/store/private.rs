//! Files that are nobody's yet: spools of transfers, archives that are being written, and links that keep one alive; all under
//! `.sluice/`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::digest::Digest;
use crate::disk;

/// The directory of our own in the root; never served (D42).
pub(super) const HIDDEN: &str = ".sluice";

/// A file of ours that goes when this goes. Where its name was moved to its place there is nothing left to remove, except
/// that a move onto another link of the same file leaves it (rename(2)).
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed now is removed when the store is opened next.
        drop(disk::remove(&self.path));
    }
}

/// Names that were not used before by this process; those of an earlier one are cleared away at its start.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    last: Arc<AtomicU64>,
}

impl Names {
    /// Makes a file or link in the directory, whose name is a number, by a function that fails where the name is taken.
    pub(super) fn make<T>(
        &self,
        directory: &Path,
        mut creator: impl FnMut(&Path) -> io::Result<T>,
    ) -> io::Result<(Temporary, T)> {
        loop {
            let number = self.last.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(number.to_string());
            match creator(&path) {
                Ok(made) => return Ok((Temporary { path }, made)),
                // A leftover that could not be cleared: every name is tried once, so this ends.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// An archive that is kept by a link of our own until this is dropped, whatever happens to the object it came from.
#[derive(Debug)]
pub struct PrivateLink {
    pub(super) file: Temporary,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

impl PrivateLink {
    /// Digest of the file, as it was when it was stored.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Bytes of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}
