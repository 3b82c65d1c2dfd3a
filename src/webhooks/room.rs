//! How much of what strangers send is held in memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest delivery, in bytes: as much as Flux's receivers take.
pub const LARGEST_BODY: usize = 3 << 20;
/// All bodies together, in bytes: ten of the largest, or thousands of the usual ones, which have a few KiB.
const ALL_BODIES: usize = 32 << 20;

/// The room for bodies.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

/// A body's part of it.
#[derive(Debug, Default)]
pub struct Share(Option<OwnedSemaphorePermit>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES)))
    }
}

impl Room {
    /// Adds so many bytes to a share; false where there is no room.
    #[must_use]
    pub fn add(&self, share: &mut Share, bytes: usize) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let Ok(more) = Arc::clone(&self.0).try_acquire_many_owned(bytes) else {
            return false;
        };
        match &mut share.0 {
            Some(share) => share.merge(more),
            none => *none = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL_BODIES, LARGEST_BODY, Room, Share};

    #[test]
    fn all_bodies_together_have_a_bound_and_give_back_what_they_had() {
        let room = Room::default();
        let mut shares: Vec<Share> = Vec::new();
        for _ in 0..ALL_BODIES / LARGEST_BODY {
            let mut share = Share::default();
            assert!(room.add(&mut share, LARGEST_BODY / 2) && room.add(&mut share, LARGEST_BODY / 2));
            shares.push(share);
        }

        assert!(!room.add(&mut Share::default(), LARGEST_BODY));
        drop(shares.pop());
        assert!(room.add(&mut Share::default(), LARGEST_BODY));
    }
}
