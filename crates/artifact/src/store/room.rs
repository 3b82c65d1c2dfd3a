//! Spools, and whether there is room for them (architecture section 9).

use std::io::Write;

use super::private::PrivateLink;
use super::{Error, Spool, Store, error};
use crate::Scratch;
use crate::disk::{self, Space};

impl Store {
    /// Bytes that may still be written: what is free, less the reserve and what spools were promised.
    ///
    /// # Errors
    /// [`Error::Stat`] where the disk does not say.
    pub fn room(&self) -> Result<u64, Error> {
        self.room_beside(self.ledger.promised())
    }

    /// Makes a spool for a transfer of so many bytes, as its descriptor says.
    ///
    /// # Errors
    /// [`Error::NoSpace`] where there is no [`Store::room`] for them; others from the disk.
    pub fn spool(&self, expected_bytes: u64) -> Result<Spool, Error> {
        let promise = self.ledger.promise(expected_bytes);
        let available = self.room_beside(self.ledger.promised().saturating_sub(expected_bytes))?;
        if expected_bytes > available {
            return Err(Error::NoSpace { needed: expected_bytes, available });
        }
        let (temporary, file) =
            self.make_private(&self.spools(), disk::create).map_err(error::failed("create", "spool"))?;
        Ok(Spool { file, temporary, promise })
    }

    /// Bytes that are in spools now.
    #[must_use]
    pub fn spooled(&self) -> u64 {
        self.ledger.written()
    }

    /// Bytes that the file system of the root has left, the reserve and what spools were promised counted.
    ///
    /// # Errors
    /// [`Error::Stat`] where the disk does not say.
    pub fn free(&self) -> Result<u64, Error> {
        Ok(self.space()?.free)
    }

    fn space(&self) -> Result<Space, Error> {
        self.host.space(&self.root).map_err(error::unseen("."))
    }

    fn room_beside(&self, promised: u64) -> Result<u64, Error> {
        let space = self.space()?;
        let share = (space.total / 100).saturating_mul(self.settings.reserve_percent);
        let reserve = share.max(self.settings.reserve_bytes);
        Ok(space.free.saturating_sub(reserve).saturating_sub(promised))
    }

    /// What archives are built with: its nameless files are on this disk.
    #[must_use]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Makes an archive of a spool that is complete, without copying it: for content that is stored as it came.
    ///
    /// # Errors
    /// [`Error::Io`] from the disk.
    pub fn seal(&self, mut spool: Spool) -> Result<PrivateLink, Error> {
        spool.flush().and_then(|()| disk::settle(&spool.file)).map_err(error::failed("write", "spool"))?;
        let digest = disk::open(spool.temporary.path())
            .and_then(|(file, _)| self.settings.algorithm.digest_of(file))
            .map_err(error::failed("read", "spool"))?;
        Ok(PrivateLink { digest, size: spool.written(), file: spool.temporary })
    }
}
