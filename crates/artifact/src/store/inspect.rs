//! What is stored of an object, at the beginning of an attempt (spec 2.4).

use super::integrity::{Verdict, parse, verify};
use super::{Error, Key, Record, Store, error};
use crate::disk;
use crate::hold::hold;

/// What an object's status says of its artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// `status.artifact.path`, as it stands there.
    pub path: String,
    /// `status.artifact.digest`, as it stands there.
    pub digest: String,
    /// The path that the cluster shows, where the status above has not landed there yet: consumers still read it.
    pub shown: Option<String>,
}

/// What the store has in the place of a recorded artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// No artifact is recorded.
    Unrecorded,
    /// The recorded file, with the recorded digest.
    Present,
    /// No regular file of this object's own.
    Missing,
    /// Another content than recorded; the file was removed.
    Damaged {
        /// Upstream's text (spec 2.4), without `failed to verify integrity of artifact: `.
        reason: String,
    },
}

/// The answer to [`Store::inspect`].
#[derive(Debug)]
pub struct Stock {
    /// What became of the recorded artifact.
    pub stored: Stored,
    /// Files that retention collected. Its failure is to be logged and does not matter otherwise (as upstream).
    pub collected: Result<usize, Error>,
    /// What is on record of the object (D45).
    pub record: Option<Record>,
}

impl Store {
    /// Looks for the recorded artifact, after retention has collected what it superseded (spec 7.6, D31).
    ///
    /// The file is hashed when this process first meets it, and when its size, mtime or inode changed (D30).
    ///
    /// # Errors
    /// [`Error::Stat`] or [`Error::Io`] where nothing could be learned; [`Error::RemoveDamaged`].
    pub fn inspect(&self, key: &Key, recorded: Option<&Recorded>) -> Result<Stock, Error> {
        let lock = self.locks.of(key);
        let _held = hold(&lock);
        let (stored, collected) = match recorded {
            None => (Stored::Unrecorded, Ok(0)),
            Some(recorded) => match key.file_of(&recorded.path) {
                None => (Stored::Missing, Ok(0)),
                Some(file) => {
                    let collected = self.collect(
                        key,
                        file,
                        recorded.shown.as_deref().and_then(|shown| key.file_of(shown)),
                    );
                    (self.check(&recorded.path, &recorded.digest)?, collected)
                }
            },
        };
        let record = self.entry(key).record;
        if let Some(record) = &record {
            self.recollect(key, record);
        }
        Ok(Stock { stored, collected, record })
    }

    pub(super) fn check(&self, path: &str, digest: &str) -> Result<Stored, Error> {
        let found = disk::look(&self.full(path)).map_err(error::unseen(path))?;
        let Some(found) = found.filter(|found| found.is_file) else {
            hold(&self.known).forget(path);
            return Ok(Stored::Missing);
        };
        let digest = match parse(digest) {
            Ok(digest) => digest,
            Err(reason) => return self.discard(path, reason),
        };
        if hold(&self.known).vouches(&found.identity, &digest) {
            hold(&self.known).note(path, found.identity, &digest);
            return Ok(Stored::Present);
        }
        let condemned = hold(&self.known).condemned(path, found.identity.inode, &digest);
        if let Some(reason) = condemned {
            return self.discard(path, reason);
        }
        match verify(&self.full(path), &digest).map_err(error::failed("open", path))? {
            Verdict::Gone => {
                hold(&self.known).forget(path);
                Ok(Stored::Missing)
            }
            Verdict::Good(identity) => {
                hold(&self.known).note(path, identity, &digest);
                Ok(Stored::Present)
            }
            Verdict::Bad(reason) => {
                hold(&self.known).condemn(found.identity.inode, &digest, &reason);
                self.discard(path, reason)
            }
        }
    }

    fn discard(&self, path: &str, reason: String) -> Result<Stored, Error> {
        hold(&self.known).forget(path);
        disk::remove(&self.full(path)).map_err(Error::RemoveDamaged)?;
        Ok(Stored::Damaged { reason })
    }
}
