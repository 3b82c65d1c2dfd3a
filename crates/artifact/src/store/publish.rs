//! The only commit point: a file gets its name by rename, under the object's lock, while it is still wanted.

use std::io::{self, Write};
use std::path::Path;

use super::error::{failed, unseen};
use super::integrity::{Verdict, verify};
use super::key::LATEST_TEMPORARY;
use super::private::Temporary;
use super::{Error, Key, PrivateLink, PublishError, Store};
use crate::digest::Digest;
use crate::disk;
use crate::hold::hold;

/// An artifact that is stored and served.
#[derive(Debug)]
pub struct Published {
    /// Relative to the root: `status.artifact.path`.
    pub path: String,
    /// Of the stored file.
    pub digest: Digest,
    /// Bytes of the stored file.
    pub size: u64,
    /// Whether `latest.tar.gz` leads to it now; if not, the artifact is published all the same (spec 2.6 step 8).
    pub latest: Result<(), Error>,
    /// The file of the object that the link led to before.
    pub(super) replaced: Option<String>,
}

impl Store {
    /// Writes an artifact and publishes it under the digest part of its revision. `write` is run without any lock, writes
    /// few large pieces, and returns the digest and the size of them; `still_wanted` is asked under the object's lock, just
    /// before the file gets its name.
    ///
    /// # Errors
    /// What `write` returned, or the store's own; nothing was published then. [`Error::Superseded`] where `still_wanted`
    /// said no.
    pub fn publish<E>(
        &self,
        key: &Key,
        file_digest: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(Digest, u64), E>,
        still_wanted: impl FnOnce() -> bool,
    ) -> Result<Published, PublishError<E>> {
        let path = key.artifact_path(file_digest)?;
        let (temporary, mut file) = self.begin(&path, disk::create)?;
        let (digest, size) = write(&mut file).map_err(PublishError::Write)?;
        disk::settle(&file).map_err(failed("write", &path))?;
        Ok(self.commit(key, path, temporary, digest, size, still_wanted)?)
    }

    /// Publishes an archive that is on this disk already, without copying it where the disk can link it (D31, D32).
    ///
    /// # Errors
    /// [`Error::Damaged`] where the archive is no longer what it was: build it again. Otherwise as [`Store::publish`].
    pub fn publish_link(
        &self,
        key: &Key,
        file_digest: &str,
        archive: &PrivateLink,
        still_wanted: impl FnOnce() -> bool,
    ) -> Result<Published, Error> {
        let path = key.artifact_path(file_digest)?;
        let (temporary, ()) = self.begin(&path, |name| self.link_or_copy(archive.file.path(), name))?;
        self.vouch(temporary.path(), &archive.digest)?;
        self.commit(key, path, temporary, archive.digest.clone(), archive.size, still_wanted)
    }

    /// Makes a file of our own, to be moved to this path when it is whole: nothing half done lies in an object's directory.
    pub(super) fn begin<T>(
        &self,
        path: &str,
        make: impl FnMut(&Path) -> io::Result<T>,
    ) -> Result<(Temporary, T), Error> {
        self.make_private(&self.archives(), make).map_err(failed("create", path))
    }

    fn vouch(&self, file: &Path, digest: &Digest) -> Result<(), Error> {
        let found = disk::look(file).map_err(unseen("archive"))?;
        if found.is_some_and(|found| hold(&self.known).vouches(&found.identity, digest)) {
            return Ok(());
        }
        match verify(file, digest).map_err(failed("open", "archive"))? {
            Verdict::Good(_) => Ok(()),
            Verdict::Gone => Err(Error::Superseded),
            Verdict::Bad(reason) => Err(Error::Damaged { reason }),
        }
    }

    fn commit(
        &self,
        key: &Key,
        path: String,
        temporary: Temporary,
        digest: Digest,
        size: u64,
        still_wanted: impl FnOnce() -> bool,
    ) -> Result<Published, Error> {
        let lock = self.locks.of(key);
        let held = hold(&lock);
        if !still_wanted() {
            return Err(Error::Superseded);
        }
        disk::make_directory(&self.full(&key.directory())).map_err(Error::DirectoryCreation)?;
        let full = self.full(&path);
        disk::rename(temporary.path(), &full).map_err(failed("publish", &path))?;
        drop(temporary);
        hold(&self.known).forget(&path);
        if let Ok(Some(found)) = disk::look(&full) {
            hold(&self.known).note(&path, found.identity, &digest);
        }
        let replaced = disk::led_to(&self.full(&key.latest_path()));
        let latest = self.point_latest(key, &path);
        drop(held);
        let published = Published { path, digest, size, latest, replaced };
        self.repair(&published);
        Ok(published)
    }

    pub(super) fn point_latest(&self, key: &Key, path: &str) -> Result<(), Error> {
        let latest = key.latest_path();
        let target = self.full(path);
        disk::remove(&self.full(&key.path_of(LATEST_TEMPORARY)))
            .and_then(|_| self.make_private(&self.archives(), |name| disk::symbolic_link(&target, name)))
            .and_then(|(temporary, ())| disk::rename(temporary.path(), &self.full(&latest)))
            .map_err(failed("link", &latest))
    }
}
