//! A damaged file is damaged for every object that links it: the first good copy serves them all (D31).

use super::known::Broken;
use super::{Error, Key, Published, Store, error};
use crate::disk;
use crate::hold::hold;

impl Store {
    /// Puts what was just published in the place of the damaged files that had the same digest. An object whose file cannot
    /// be repaired finds it damaged at its next inspection, and builds it itself.
    ///
    /// The caller holds no lock.
    pub(super) fn repair(&self, published: &Published) {
        let broken = hold(&self.known).broken(&published.digest);
        for broken in broken {
            drop(self.repair_one(published, &broken));
        }
    }

    fn repair_one(&self, published: &Published, broken: &Broken) -> Result<(), Error> {
        let Some(key) = Key::owner_of(&broken.path) else {
            return Ok(());
        };
        let lock = self.locks.of(&key);
        let _held = hold(&lock);
        let full = self.full(&broken.path);
        let found = disk::look(&full).map_err(error::unseen(&broken.path))?;
        if found.is_none_or(|found| !found.is_file || found.identity.inode != broken.inode) {
            return Ok(());
        }
        let good = self.full(&published.path);
        let (temporary, ()) = self.begin(&broken.path, |name| self.link_or_copy(&good, name))?;
        disk::rename(temporary.path(), &full).map_err(error::failed("repair", &broken.path))
    }
}
