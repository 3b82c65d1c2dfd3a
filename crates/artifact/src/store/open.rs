//! The start of a store: the root is claimed, and what an earlier process left half done is cleared away.

use std::io;
use std::path::{Path, PathBuf};

use super::host::{Host, Machine};
use super::private::{HIDDEN, Temporary};
use super::records::Records;
use super::{Error, Settings, Store, error};
use crate::Scratch;
use crate::disk;

const ARCHIVES: &str = "archives";
const SPOOL: &str = "spool";

impl Store {
    /// Opens the store below `root`, which must exist (spec 7.1). Published artifacts, upstream's too, are left as they
    /// are and hashed when they are first inspected; temporary files of ours are removed.
    ///
    /// # Errors
    /// [`Error::InvalidRoot`], [`Error::InUse`], or what the disk says of `.sluice/`.
    pub fn open(root: &Path, settings: Settings) -> Result<Self, Error> {
        Self::open_on(root, settings, Box::new(Machine))
    }

    pub(super) fn open_on(root: &Path, settings: Settings, host: Box<dyn Host>) -> Result<Self, Error> {
        if !disk::is_directory(root) {
            return Err(Error::InvalidRoot(root.to_owned()));
        }
        let root = std::path::absolute(root).map_err(|_| Error::InvalidRoot(root.to_owned()))?;
        let hidden = root.join(HIDDEN);
        let spools = hidden.join(SPOOL);
        for directory in [&hidden.join(ARCHIVES), &spools] {
            disk::make_directory(directory).map_err(Error::DirectoryCreation)?;
        }
        let claim = disk::append(&hidden.join("lock")).map_err(error::failed("open", HIDDEN))?;
        if !disk::lock(&claim) {
            return Err(Error::InUse(root));
        }
        clear(&hidden.join(ARCHIVES));
        clear(&spools);
        let records =
            Records::open(&hidden.join("records")).map_err(error::failed("read records in", HIDDEN))?;
        Ok(Self {
            root,
            settings,
            host,
            names: super::Names::default(),
            ledger: super::Ledger::default(),
            locks: super::Locks::default(),
            known: std::sync::Mutex::default(),
            alone: std::sync::Mutex::default(),
            recipes: std::sync::Mutex::default(),
            records: std::sync::Mutex::new(records),
            scratch: Scratch::new(spools),
            _claim: claim,
        })
    }

    /// Makes a file or link of our own, in a directory that may have been wiped under us.
    pub(super) fn make_private<T>(
        &self,
        directory: &Path,
        mut creator: impl FnMut(&Path) -> io::Result<T>,
    ) -> io::Result<(Temporary, T)> {
        match self.names.make(directory, &mut creator) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk::make_directory(directory)?;
                self.names.make(directory, creator)
            }
            done => done,
        }
    }

    pub(super) fn archives(&self) -> PathBuf {
        self.root.join(HIDDEN).join(ARCHIVES)
    }

    pub(super) fn spools(&self) -> PathBuf {
        self.root.join(HIDDEN).join(SPOOL)
    }
}

/// Removes what is in a directory of ours. What cannot be removed only takes room; its name is not used again.
fn clear(directory: &Path) {
    for name in disk::names(directory).unwrap_or_default() {
        drop(disk::remove(&directory.join(name)));
    }
}
