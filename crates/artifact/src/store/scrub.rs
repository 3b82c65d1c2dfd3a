//! The slow scrub (D30): stored files are read again, a piece at a time, to find what only their bytes can tell.

use std::collections::BTreeSet;
use std::io::{self, Read};

use fs_err::File;

use super::integrity::mismatch;
use super::known::Inode;
use super::{Error, Key, Store, error};
use crate::digest::{Digest, Hasher};
use crate::disk;
use crate::hold::hold;

/// Bytes read at a time.
const CHUNK: u64 = 128 * 1024;

/// One walk over the files that this process has hashed before. Each content is read once, however many links it has; a
/// file that was not used since the start is hashed when it is.
#[derive(Default)]
pub struct Scrub {
    last: String,
    visited: BTreeSet<Inode>,
    reading: Option<Reading>,
}

struct Reading {
    path: String,
    inode: Inode,
    digest: Digest,
    file: File,
    hasher: Hasher,
}

/// What a step of a [`Scrub`] came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Scrubbed {
    /// There is more to read.
    Further,
    /// A file is damaged; there may be more to read.
    Damaged(Damage),
    /// Every content was read.
    Complete,
}

/// A stored file that is not what it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Damage {
    /// The link that it was read by, relative to the root.
    pub path: String,
    /// As in [`super::Stored::Damaged`].
    pub reason: String,
    /// All objects that have a link of it.
    pub objects: BTreeSet<Key>,
}

impl Scrub {
    /// How many files were read so far, or are being read.
    #[must_use]
    pub fn visited(&self) -> usize {
        self.visited.len()
    }
}

impl Store {
    /// Reads on, at most so many bytes of one file. Holds no lock meanwhile: a file that is replaced or removed while it is
    /// read is passed over. The next [`Store::inspect`] of an object with a damaged file finds it so, and what is published
    /// with the right bytes repairs all of them (D31).
    ///
    /// # Errors
    /// [`Error::Io`] where a file could not be opened: nothing is known of its bytes, and the next step goes on behind it.
    pub fn scrub(&self, scrub: &mut Scrub, bytes: u64) -> Result<Scrubbed, Error> {
        let mut reading = match scrub.reading.take() {
            Some(reading) => reading,
            None => match self.open_next(scrub)? {
                Some(reading) => reading,
                None => return Ok(Scrubbed::Complete),
            },
        };
        let reason = match reading.read(bytes) {
            Ok(false) => {
                scrub.reading = Some(reading);
                return Ok(Scrubbed::Further);
            }
            Ok(true) if reading.hasher.finish() == reading.digest => return Ok(Scrubbed::Further),
            Ok(true) => mismatch(&reading.digest),
            Err(error) => error.to_string(),
        };
        let links = hold(&self.known).condemn(reading.inode, &reading.digest, &reason);
        if links.is_empty() {
            return Ok(Scrubbed::Further);
        }
        let objects = links.iter().filter_map(|link| Key::owner_of(link)).collect();
        Ok(Scrubbed::Damaged(Damage { path: reading.path, reason, objects }))
    }

    /// The next file that is still what it is known as.
    fn open_next(&self, scrub: &mut Scrub) -> Result<Option<Reading>, Error> {
        loop {
            let next = hold(&self.known).next(&scrub.last, &scrub.visited);
            let Some((path, inode, digest)) = next else {
                return Ok(None);
            };
            scrub.last.clone_from(&path);
            scrub.visited.insert(inode);
            match disk::open(&self.full(&path)) {
                Ok((file, found)) if found.inode == inode => {
                    let hasher = Hasher::new(digest.algorithm());
                    return Ok(Some(Reading { path, inode, digest, file, hasher }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error::failed("open", &path)(error)),
            }
        }
    }
}

impl Reading {
    /// Takes at most so many bytes more; true at the end of the file.
    fn read(&mut self, bytes: u64) -> io::Result<bool> {
        let mut buffer = Vec::new();
        let mut left = bytes;
        while left > 0 {
            buffer.clear();
            let read = self.file.by_ref().take(left.min(CHUNK)).read_to_end(&mut buffer)? as u64;
            self.hasher.update(&buffer);
            if read < left.min(CHUNK) {
                return Ok(true);
            }
            left -= read;
        }
        Ok(false)
    }
}
