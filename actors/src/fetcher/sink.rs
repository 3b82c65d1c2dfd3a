//! Where a layer's bytes go while they arrive: into memory as long as they are few, else into a spool file.

use std::io::{self, Write};

use artifact::store::{Error, Spool, Store};
use bytes::Bytes;

use super::Fetched;

/// What is kept in memory: most manifests' layers, so that ten thousand objects take turns within 16 MiB.
const IN_MEMORY: u64 = 1 << 20;

/// A sink of the size that the descriptor announces.
pub(super) enum Spooling {
    Memory(Vec<u8>),
    Spool(Spool),
}

impl Spooling {
    /// A sink for so many bytes; larger ones are promised room on the disk.
    pub(super) fn new(store: &Store, size: u64) -> Result<Self, Error> {
        if size <= IN_MEMORY {
            return Ok(Self::Memory(Vec::new()));
        }
        store.spool(size).map(Self::Spool)
    }

    pub(super) fn finish(self) -> Fetched {
        match self {
            Self::Memory(bytes) => Fetched::Memory(Bytes::from(bytes)),
            Self::Spool(spool) => Fetched::Spool(spool),
        }
    }
}

impl oci::Sink for Spooling {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.extend_from_slice(bytes),
            Self::Spool(spool) => spool.write_all(bytes)?,
        }
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.clear(),
            Self::Spool(spool) => spool.restart()?,
        }
        Ok(())
    }
}
