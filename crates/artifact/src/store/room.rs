//! Spools, and whether there is room for them (architecture section 9).

use std::io::Write;

use super::private::PrivateLink;
use super::{Error, Spool, Store, error};
use crate::disk;

impl Store {
    /// Makes a spool for a transfer of so many bytes, as its descriptor says.
    ///
    /// # Errors
    /// [`Error::NoSpace`] where the bytes do not fit beside the reserve and what other spools were promised;
    /// [`Error::Stat`] or [`Error::Io`] from the disk.
    pub fn spool(&self, expected_bytes: u64) -> Result<Spool, Error> {
        let promise = self.ledger.promise(expected_bytes);
        let space = self.host.space(&self.root).map_err(error::unseen("."))?;
        let reserve = (space.total / 100)
            .saturating_mul(self.settings.reserve_percent)
            .max(self.settings.reserve_bytes);
        let others = self.ledger.promised().saturating_sub(expected_bytes);
        let available = space.free.saturating_sub(reserve).saturating_sub(others);
        if expected_bytes > available {
            return Err(Error::NoSpace {
                needed: expected_bytes,
                available,
            });
        }
        let (temporary, file) = self
            .names
            .make(&self.spools(), "", disk::create)
            .map_err(error::failed("create", "spool"))?;
        Ok(Spool {
            file,
            temporary,
            promise,
            written: 0,
        })
    }

    /// Makes an archive of a spool that is complete, without copying it: for content that is stored as it came.
    ///
    /// # Errors
    /// [`Error::Io`] from the disk.
    pub fn seal(&self, mut spool: Spool) -> Result<PrivateLink, Error> {
        spool
            .flush()
            .and_then(|()| spool.file.sync_all())
            .map_err(error::failed("write", "spool"))?;
        let digest = disk::open(spool.temporary.path())
            .and_then(|(file, _)| self.settings.algorithm.digest_of(file))
            .map_err(error::failed("read", "spool"))?;
        Ok(PrivateLink {
            digest,
            size: spool.written,
            file: spool.temporary,
        })
    }
}
