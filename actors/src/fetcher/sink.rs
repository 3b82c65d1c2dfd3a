//! Where a layer's bytes go while they arrive: into memory as long as they are few, else into a spool file.

use std::io::{self, Write};
use std::sync::Arc;

use artifact::store::{Error, Spool, Store};
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Fetched;

/// The largest that is kept in memory: most layers of manifests are smaller.
const IN_MEMORY: u32 = 1 << 20;
/// Bytes kept in memory at a time, until they are built: as much as the turns of one origin may bring. Who finds it taken does not
/// wait for other hosts, but writes a spool.
const ROOM: u32 = 16 * IN_MEMORY;
/// Bytes that are gathered before the disk is asked, on a thread that may wait for it.
const GATHERED: usize = 256 * 1024;

/// What all contents in memory share.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A sink of the size that the descriptor announces.
pub(super) enum Spooling {
    Memory(Kept),
    Spool(Spooler),
}

/// Bytes, and their part of the room.
pub(super) struct Kept {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// A spool, and what it has not been given yet. A disk that hangs holds up this transfer and no thread of the network.
pub(super) struct Spooler {
    /// Away while the disk is asked.
    spool: Option<Spool>,
    gathered: Vec<u8>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM as usize)))
    }

    fn keep(&self, size: u64) -> Option<Kept> {
        let size = u32::try_from(size).ok().filter(|size| *size <= IN_MEMORY)?;
        let room = Arc::clone(&self.0).try_acquire_many_owned(size).ok()?;
        Some(Kept { bytes: Vec::with_capacity(size as usize), _room: room })
    }
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Spooling {
    /// A sink for so many bytes; who finds no room in memory is promised some on the disk.
    pub(super) fn new(store: &Store, room: &Room, size: u64) -> Result<Self, Error> {
        if let Some(kept) = room.keep(size) {
            return Ok(Self::Memory(kept));
        }
        let spool = Some(store.spool(size)?);
        Ok(Self::Spool(Spooler { spool, gathered: Vec::new() }))
    }

    /// What has arrived.
    pub(super) async fn finish(self) -> io::Result<Fetched> {
        match self {
            Self::Memory(kept) => Ok(Fetched::Memory(Bytes::from_owner(kept))),
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
            Self::Memory(kept) => kept.bytes.extend_from_slice(bytes),
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
            Self::Memory(kept) => kept.bytes.clear(),
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
        let mut sink = Spooling::new(&store, &Room::new(), bytes.len() as u64).unwrap();

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

    #[tokio::test]
    async fn who_finds_no_room_in_memory_writes_a_spool_until_what_is_there_is_built() {
        let (directory, room) = (tempfile::tempdir().unwrap(), Room::new());
        let store = Store::open(directory.path(), Settings::default()).unwrap();
        let fetched = async || {
            let mut sink = Spooling::new(&store, &room, IN_MEMORY.into()).unwrap();
            sink.write(b"content").await.unwrap();
            sink.finish().await.unwrap()
        };
        let mut kept = Vec::new();
        for _ in 0..ROOM / IN_MEMORY {
            kept.push(fetched().await);
        }
        assert!(kept.iter().all(|fetched| matches!(fetched, Fetched::Memory(_))));

        assert!(matches!(fetched().await, Fetched::Spool(_)));

        kept.pop();
        assert!(matches!(fetched().await, Fetched::Memory(bytes) if bytes == "content"));
    }
}
