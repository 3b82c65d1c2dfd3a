//! Directories with a single artifact, in which retention has nothing to do until something is put into them.

use std::collections::BTreeMap;

use super::known::Inode;
use crate::disk::Identity;

/// By directory, its last change when it was listed and had one artifact. An entry goes with its directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Alone(BTreeMap<Inode, (i64, i64)>);

impl Alone {
    /// Whether nothing has come into or gone out of this directory since it was found to have one artifact.
    pub(super) fn holds(&self, directory: &Identity) -> bool {
        self.0.get(&directory.inode) == Some(&directory.modified)
    }

    /// Notes whether this directory has one artifact; its identity is that from before it was listed.
    pub(super) fn note(&mut self, directory: &Identity, alone: bool) {
        if alone {
            self.0.insert(directory.inode, directory.modified);
        } else {
            self.forget(directory);
        }
    }

    /// Forgets a directory.
    pub(super) fn forget(&mut self, directory: &Identity) {
        self.0.remove(&directory.inode);
    }
}
