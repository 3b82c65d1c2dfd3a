//! Second names for stored files: one content is on disk once (D31), and nothing is built twice (D32).

use std::io;
use std::path::Path;

use super::error::{failed, unseen};
use super::recipes::Made;
use super::{Error, Key, PrivateLink, Record, Store, Stored};
use crate::digest::Digest;
use crate::disk;
use crate::hold::hold;

impl Store {
    /// Keeps a stored file alive under a name of our own, to be published for another object.
    ///
    /// # Errors
    /// [`Error::Io`] where the file is gone or can be neither linked nor copied; [`Error::Damaged`] where it is none.
    pub fn private_link(&self, path: &str, digest: &Digest) -> Result<PrivateLink, Error> {
        let source = self.full(path);
        let (file, ()) = self
            .make_private(&self.archives(), |name| self.link_or_copy(&source, name))
            .map_err(failed("link", path))?;
        match disk::look(file.path()).map_err(unseen(path))? {
            Some(found) if found.is_file => {
                Ok(PrivateLink { file, digest: digest.clone(), size: found.identity.size })
            }
            Some(_) | None => Err(Error::Damaged { reason: "not a regular file".to_owned() }),
        }
    }

    /// Remembers that a recipe made this stored file, for [`Store::recall`] (D32). Does nothing where the file is not
    /// known to have this digest.
    pub fn remember(&self, recipe: &str, path: &str, digest: &Digest) {
        let Ok(Some(found)) = disk::look(&self.full(path)) else {
            return;
        };
        if hold(&self.known).vouches(&found.identity, digest) {
            let made = Made { path: path.to_owned(), identity: found.identity, digest: digest.clone() };
            hold(&self.recipes).remember(recipe, made);
        }
    }

    /// Whether [`Store::recall`] has anything to look for; does not touch the disk.
    pub fn remembers(&self, recipe: &str) -> bool {
        hold(&self.recipes).made(recipe).is_some()
    }

    /// What a recipe made, if it is still there and unchanged. Who may ask for a recipe is the caller's to know (D24).
    pub fn recall(&self, recipe: &str) -> Option<PrivateLink> {
        let made = hold(&self.recipes).made(recipe)?;
        let found = disk::look(&self.full(&made.path)).ok().flatten();
        let good = found.is_some_and(|found| found.identity == made.identity)
            && hold(&self.known).vouches(&made.identity, &made.digest);
        if !good {
            hold(&self.recipes).forget(recipe);
            return None;
        }
        self.private_link(&made.path, &made.digest).ok()
    }

    /// Fills the index again from an object's record: also with what was published just before a kill, which no status names.
    pub(super) fn recollect(&self, key: &Key, record: &Record) {
        let (Some(recipe), Some(path), Some(digest)) = (&record.recipe, &record.path, &record.digest) else {
            return;
        };
        let ours = key.file_of(path).is_some() && hold(&self.recipes).made(recipe).is_none();
        if ours
            && let Ok(Stored::Present) = self.check(path, digest)
            && let Ok(digest) = Digest::parse(digest)
        {
            self.remember(recipe, path, &digest);
        }
    }

    /// Gives a file a second name, which must be free. A file system that cannot (another device, too many links, no links
    /// at all) gets a copy.
    pub(super) fn link_or_copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.host.hard_link(from, to) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
                copy(from, to)
            }
            done => done,
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (mut source, _) = disk::open(from)?;
    let mut target = disk::create(to)?;
    let copied = io::copy(&mut source, &mut target).and_then(|_| disk::settle(&target));
    if copied.is_err() {
        drop(disk::remove(to));
    }
    copied
}
