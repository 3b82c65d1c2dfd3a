//! The contents of all files of a layer, one behind the other as they came.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

use super::index::File;
use crate::disk;

/// Bytes that are held in memory; more go into a file.
const IN_MEMORY: usize = 8 * 1024 * 1024;

/// Bytes that are gathered for the file, or read ahead: most files of a layer are small.
const BUFFER: usize = 128 * 1024;

/// A run of bytes that is written once and then read in any order.
pub(super) struct Contents {
    directory: PathBuf,
    /// All bytes, or those that the file has not.
    held: Vec<u8>,
    spilled: Option<BufReader<std::fs::File>>,
    end: u64,
}

/// Exactly the contents of one file.
pub(crate) enum Reader<'a> {
    /// They are in memory.
    Held(&'a [u8]),
    /// They are in the file.
    Spilled(Take<&'a mut BufReader<std::fs::File>>),
}

impl Contents {
    /// Nothing yet; a file is only made when there is much, and in this directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), held: Vec::new(), spilled: None, end: 0 }
    }

    /// Where the next byte is written.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// A reader of one file. Files that lie close behind one another are read at once.
    pub(super) fn reader(&mut self, file: File) -> io::Result<Reader<'_>> {
        if self.spilled.is_some() {
            self.spill()?;
        }
        let Some(spilled) = &mut self.spilled else {
            let within = |at: u64| usize::try_from(at).ok();
            let range = within(file.offset).zip(within(file.offset + file.size));
            let bytes = range.and_then(|(from, to)| self.held.get(from..to));
            return bytes.map(Reader::Held).ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        };
        let position = spilled.stream_position()?;
        spilled.seek_relative(file.offset.cast_signed().wrapping_sub(position.cast_signed()))?;
        Ok(Reader::Spilled(spilled.take(file.size)))
    }

    /// Moves what is held into the file, which is made if there is none.
    fn spill(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(BufReader::with_capacity(BUFFER, disk::nameless(&self.directory)?)),
        };
        spilled.seek(SeekFrom::End(0))?;
        spilled.get_mut().write_all(&self.held)?;
        self.held.clear();
        self.held.shrink_to(BUFFER);
        spilled.rewind()
    }
}

impl Write for Contents {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = if self.spilled.is_some() { BUFFER } else { IN_MEMORY };
        if self.held.len() + bytes.len() > room {
            self.spill()?;
        }
        self.held.extend_from_slice(bytes);
        self.end += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Does nothing: what is held can be read.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Held(bytes) => bytes.read(buffer),
            Self::Spilled(file) => file.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_for_memory_is_in_the_file_and_little_of_it_in_memory() {
        let directory = tempfile::tempdir().unwrap();
        let mut contents = Contents::new(directory.path());
        let pieces: u64 = 9 * 1024 * 1024 / 8192;
        for piece in 0..pieces {
            contents.write_all(&[piece.to_le_bytes()[0]; 8192]).unwrap();
            assert!(contents.held.len() <= IN_MEMORY);
        }

        assert!(contents.held.capacity() <= BUFFER);
        for piece in [0, pieces - 1, 7] {
            let mut read = Vec::new();
            let file = File { executable: false, offset: piece * 8192, size: 8192 };
            contents.reader(file).unwrap().read_to_end(&mut read).unwrap();
            assert!(read == [piece.to_le_bytes()[0]; 8192], "{piece}");
        }
        assert_eq!(contents.end(), 9 * 1024 * 1024);
    }
}
