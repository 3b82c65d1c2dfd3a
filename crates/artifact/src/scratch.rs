//! What builds work with beside their content.

use std::path::{Path, PathBuf};

use crate::archive::Deflaters;

/// The folder for contents that are too large for memory, and the memory of deflation, which one build leaves to the next.
pub struct Scratch {
    directory: PathBuf,
    deflaters: Deflaters,
}

impl Scratch {
    /// Makes nameless files in this directory.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), deflaters: Deflaters::new() }
    }

    /// Where nameless files may be made.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What deflates the blocks of archives.
    pub(crate) fn deflaters(&self) -> &Deflaters {
        &self.deflaters
    }
}
