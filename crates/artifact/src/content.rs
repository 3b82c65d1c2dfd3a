//! The verified bytes of a layer, wherever they lie.

use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

use bytes::Bytes;

use crate::disk;

/// Bytes whose digest and size are those of the layer's descriptor (D6), in memory or in a file.
#[derive(Clone)]
pub struct Content {
    place: Place,
    size: u64,
}

#[derive(Clone)]
enum Place {
    Memory(Bytes),
    File(PathBuf),
}

impl Content {
    /// Content that is in memory.
    pub fn memory(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { size: bytes.len() as u64, place: Place::Memory(bytes) }
    }

    /// Content of so many bytes in a file that outlives this and is not written any more.
    pub fn file(path: impl Into<PathBuf>, size: u64) -> Self {
        Self { place: Place::File(path.into()), size }
    }

    /// Bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads from the beginning; may be called more than once.
    ///
    /// # Errors
    /// The file cannot be opened; a symbolic link is refused.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::Memory(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            Place::File(path) => Ok(Box::new(disk::open(path)?.0)),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Content").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(content: &Content) -> Vec<u8> {
        let mut bytes = Vec::new();
        content.open().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn memory_and_file_read_alike_and_more_than_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"layer").unwrap();

        for content in [Content::memory(&b"layer"[..]), Content::file(file.path(), 5)] {
            assert_eq!(content.size(), 5);
            assert_eq!(read(&content), b"layer");
            assert_eq!(read(&content), b"layer");
        }
    }

    #[test]
    fn the_bytes_are_not_shown() {
        let shown = format!("{:?}", Content::memory(&b"confidential"[..]));

        assert!(!shown.contains("confidential"));
        assert!(shown.contains("12"));
    }
}
