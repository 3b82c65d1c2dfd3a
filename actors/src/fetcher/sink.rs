//! Where a layer's bytes go while they arrive: into memory as long as they are few, else into a spool file.

use std::io::{self, Write};

use artifact::store::{Error, Spool, Store};
use bytes::Bytes;

use super::Fetched;

/// What is kept in memory: most manifests' layers, so that ten thousand objects take turns within 16 MiB.
const IN_MEMORY: u64 = 1 << 20;
/// Bytes that are gathered before the disk is asked, on a thread that may wait for it.
const GATHERED: usize = 256 * 1024;

/// A sink of the size that the descriptor announces.
pub(super) enum Spooling {
    Memory(Vec<u8>),
    Spool(Spooler),
}

/// A spool, and what it has not been given yet. A disk that hangs holds up this transfer and no thread of the network.
pub(super) struct Spooler {
    /// Away while the disk is asked.
    spool: Option<Spool>,
    gathered: Vec<u8>,
}

impl Spooling {
    /// A sink for so many bytes; larger ones are promised room on the disk.
    pub(super) fn new(store: &Store, size: u64) -> Result<Self, Error> {
        if size <= IN_MEMORY {
            return Ok(Self::Memory(Vec::new()));
        }
        let spool = Some(store.spool(size)?);
        Ok(Self::Spool(Spooler { spool, gathered: Vec::new() }))
    }

    /// What has arrived.
    pub(super) async fn finish(self) -> io::Result<Fetched> {
        match self {
            Self::Memory(bytes) => Ok(Fetched::Memory(Bytes::from(bytes))),
            Self::Spool(mut spooler) => {
                spooler.spill().await?;
                spooler.spool.map(Fetched::Spool).ok_or_else(lost)
            }
        }
    }
}

impl Spooler {
    /// Gives the spool what is gathered.
    async fn spill(&mut self) -> io::Result<()> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.gathered = self
            .ask(move |spool| {
                spool.write_all(&gathered)?;
                gathered.clear();
                Ok(gathered)
            })
            .await?;
        Ok(())
    }

    async fn ask<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Spool) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let mut spool = self.spool.take().ok_or_else(lost)?;
        let asked = tokio::task::spawn_blocking(move || {
            let answer = work(&mut spool);
            (spool, answer)
        });
        let (spool, answer) = asked.await.map_err(io::Error::other)?;
        self.spool = Some(spool);
        answer
    }
}

fn lost() -> io::Error {
    io::Error::other("the spool was lost to a panic")
}

impl oci::Sink for Spooling {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.extend_from_slice(bytes),
            Self::Spool(spooler) => {
                spooler.gathered.extend_from_slice(bytes);
                if spooler.gathered.len() >= GATHERED {
                    spooler.spill().await?;
                }
            }
        }
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.clear(),
            Self::Spool(spooler) => {
                spooler.gathered.clear();
                spooler.ask(Spool::restart).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use artifact::store::Settings;
    use oci::Sink as _;

    use super::*;

    #[tokio::test]
    async fn what_arrives_in_pieces_is_in_the_spool_whole_and_nothing_of_what_came_before_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path(), Settings::default()).unwrap();
        let bytes: Vec<u8> = (0..IN_MEMORY + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut sink = Spooling::new(&store, bytes.len() as u64).unwrap();

        sink.write(&vec![0; GATHERED + 1]).await.unwrap();
        sink.write(b"wrong").await.unwrap();
        sink.restart().await.unwrap();
        for piece in bytes.chunks(100_000) {
            sink.write(piece).await.unwrap();
        }

        let Fetched::Spool(spool) = sink.finish().await.unwrap() else {
            panic!("it is too large for memory")
        };
        let mut read = Vec::new();
        spool.content().open().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == bytes, "{} bytes", read.len());
    }
}
