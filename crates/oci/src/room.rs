//! Memory for large manifests: what a whole program holds of them is bounded, whoever sends them and however slowly.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a body may have without taking any room, and the steps in which it takes it. Hardly any manifest is larger, and
/// an attempt may hold four times as much of its layer in memory anyway.
const SMALL: usize = 256 << 10;
/// Eight manifests of the largest kind, or a hundred that are just not small.
const DEFAULT_BYTES: usize = 32 << 20;

/// Memory for manifests of more than 256 KiB, shared by all its clones. Nobody waits for it, for who waits would hold a
/// turn and a connection: an attempt that finds none fails, and comes again.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    /// 32 MiB, eight manifests of the largest kind.
    fn default() -> Self {
        Self::of(DEFAULT_BYTES)
    }
}

impl Room {
    /// Room for so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, NoRoom> {
        let permits = u32::try_from(bytes).map_err(|_| NoRoom)?;
        Arc::clone(&self.0).try_acquire_many_owned(permits).map_err(|_| NoRoom)
    }
}

/// All room is taken at the moment.
#[derive(Debug)]
pub(crate) struct NoRoom;

/// A body that is being read; where it is large it takes room for as long as anybody has its bytes.
#[derive(Default)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    room: Option<Room>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Gathered {
    /// Nothing yet; beyond [`SMALL`] it takes room from here. By default it takes none.
    pub(crate) fn within(room: &Room) -> Self {
        Self { room: Some(room.clone()), ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), NoRoom> {
        let needed = self.len() + piece.len();
        let taken = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if let Some(room) = self.room.as_ref().filter(|_| needed > taken.max(SMALL)) {
            let capacity = needed.next_multiple_of(SMALL);
            let more = room.take(capacity - taken)?;
            match &mut self.taken {
                Some(taken) => taken.merge(more),
                None => self.taken = Some(more),
            }
            self.bytes.reserve_exact(capacity - self.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    pub(crate) fn finish(self) -> Bytes {
        if self.taken.is_some() { Bytes::from_owner(self) } else { self.bytes.into() }
    }
}

impl AsRef<[u8]> for Gathered {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(room: &Room) -> usize {
        room.0.available_permits()
    }

    fn gathered(room: &Room, bytes: usize) -> Result<Gathered, NoRoom> {
        let mut gathered = Gathered::within(room);
        for piece in vec![7; bytes].chunks(10_000) {
            gathered.push(piece)?;
        }
        Ok(gathered)
    }

    #[test]
    fn a_large_body_takes_room_until_nobody_has_its_bytes() {
        let room = Room::of(4 * SMALL);

        let body = gathered(&room, SMALL + 1).unwrap();
        assert!(body.bytes.capacity() <= 2 * SMALL);
        let bytes = body.finish();
        let part = bytes.slice(..10);
        drop(bytes);

        assert_eq!(left(&room), 2 * SMALL);
        assert_eq!(part, vec![7; 10]);
        drop(part);
        assert_eq!(left(&room), 4 * SMALL);
    }

    #[test]
    fn a_body_that_finds_no_room_is_not_read_and_leaves_what_it_had() {
        let room = Room::of(4 * SMALL);
        let first = gathered(&room, 3 * SMALL).unwrap();

        assert!(gathered(&room, 2 * SMALL).is_err());
        assert_eq!(left(&room), SMALL);

        drop(first);
        assert!(gathered(&room, 2 * SMALL).is_ok());
    }

    #[test]
    fn small_bodies_need_no_room() {
        let room = Room::of(0);

        assert_eq!(gathered(&room, SMALL).unwrap().finish().len(), SMALL);
        let mut anywhere = Gathered::default();
        anywhere.push(&vec![0; 2 * SMALL]).unwrap();
        assert_eq!(anywhere.len(), 2 * SMALL);
    }
}
