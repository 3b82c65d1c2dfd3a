//! The store of artifacts on disk: what is there, how it gets there, how long it stays, how it is found by a URL.
//!
//! Owns the root directory: `<root>/ocirepository/<namespace>/<name>/` laid out as upstream does (spec 7.2), and `.sluice/`
//! for spools, private links and records (D31, D45). Every call is synchronous and may be made from any thread.
//! An artifact appears and is replaced by rename only: a process that is killed loses none.

mod alone;
mod error;
mod host;
mod inspect;
mod integrity;
mod key;
mod known;
mod link;
mod locks;
mod open;
mod private;
mod publish;
mod recipes;
mod records;
mod repair;
mod retention;
mod room;
mod scrub;
mod serve;
mod spool;
mod superseded;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use fs_err::File;

pub use error::{Error, PublishError};
pub use inspect::{Recorded, Stock, Stored};
pub use key::Key;
pub use private::PrivateLink;
pub use publish::Published;
pub use records::Record;
pub use scrub::{Damage, Scrub, Scrubbed};
pub use serve::Served;
pub use spool::Spool;

use crate::Scratch;
use crate::digest::Algorithm;
use crate::disk;
use crate::hold::hold;
use alone::Alone;
use host::Host;
use known::Known;
use locks::Locks;
use private::Names;
use recipes::Recipes;
use records::{Entry, Records};
use spool::Ledger;

/// How a store keeps what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long a superseded artifact stays at most (`--artifact-retention-ttl`).
    pub retention_ttl: Duration,
    /// Artifacts kept of an object, the current one counted (`--artifact-retention-records`).
    pub retention_records: usize,
    /// Share of the file system that spools leave free, in percent.
    pub reserve_percent: u64,
    /// Bytes that spools leave free at least.
    pub reserve_bytes: u64,
    /// Algorithm of the digests of new artifacts (`--artifact-digest-algo`).
    pub algorithm: Algorithm,
}

impl Default for Settings {
    /// Upstream's defaults (spec 7.1), and a reserve of 5 % and at least 64 MiB.
    fn default() -> Self {
        Self {
            retention_ttl: Duration::from_mins(1),
            retention_records: 2,
            reserve_percent: 5,
            reserve_bytes: 64 * 1024 * 1024,
            algorithm: Algorithm::Sha256,
        }
    }
}

/// The store below one root directory; one process has it open at a time.
pub struct Store {
    root: PathBuf,
    settings: Settings,
    host: Box<dyn Host>,
    names: Names,
    ledger: Ledger,
    locks: Locks,
    known: Mutex<Known>,
    alone: Mutex<Alone>,
    recipes: Mutex<Recipes>,
    records: Mutex<Records>,
    scratch: Scratch,
    _claim: File,
}

impl Store {
    /// Algorithm of the digests that published files are to have.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.settings.algorithm
    }

    /// What is on record of the object (D45); `None`: nothing was ever noted, or it is lost.
    #[must_use]
    pub fn record(&self, key: &Key) -> Option<Record> {
        self.entry(key).record
    }

    /// Puts a record in the place of the object's last one; an equal one writes nothing.
    ///
    /// # Errors
    /// [`Error::Io`]: the record holds for this process, but may be lost with it.
    pub fn set_record(&self, key: &Key, record: Record) -> Result<(), Error> {
        let lock = self.locks.of(key);
        let _held = hold(&lock);
        let superseded = self.entry(key).superseded;
        self.put_entry(key, Entry { record: Some(record), superseded })
    }

    /// Removes all that belongs to an object: its directory, its record, what is remembered of its files. Returns whether
    /// there was a directory (spec 2.7).
    ///
    /// # Errors
    /// [`Error::Io`]: something is left; call again.
    pub fn purge(&self, key: &Key) -> Result<bool, Error> {
        let directory = key.directory();
        let lock = self.locks.of(key);
        let _held = hold(&lock);
        let found = self.place_of(key);
        let existed = disk::remove_directory(&self.full(&directory))
            .map_err(error::failed("remove directory", &directory))?;
        if let Ok(Some(found)) = found {
            hold(&self.alone).forget(&found.identity);
        }
        hold(&self.known).forget_below(&directory);
        self.put_entry(key, Entry::default())?;
        Ok(existed)
    }

    fn entry(&self, key: &Key) -> Entry {
        hold(&self.records).entry(key)
    }

    fn put_entry(&self, key: &Key, entry: Entry) -> Result<(), Error> {
        hold(&self.records).put(key, entry).map_err(error::failed("write record", &key.directory()))
    }

    fn full(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("root", &self.root).finish_non_exhaustive()
    }
}
