//! The contents of all files of a layer, one behind the other as they came.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::path::Path;

use tempfile::SpooledTempFile;

use super::index::File;
use crate::disk;

/// Bytes that are held in memory; more go into a file.
const IN_MEMORY: usize = 8 * 1024 * 1024;

/// Bytes that are gathered or read ahead: most files are small.
const BUFFER: usize = 128 * 1024;

/// A run of bytes that is written once and then read in any order.
pub(super) struct Contents {
    spool: BufReader<SpooledTempFile>,
    gathered: Vec<u8>,
    end: u64,
}

/// Exactly the contents of one file.
pub(crate) type Reader<'a> = Take<&'a mut BufReader<SpooledTempFile>>;

impl Contents {
    /// Nothing yet; a file is only made when there is much, and in this directory.
    pub(super) fn new(scratch: &Path) -> Self {
        Self {
            spool: BufReader::with_capacity(BUFFER, disk::scratch(scratch, IN_MEMORY)),
            gathered: Vec::new(),
            end: 0,
        }
    }

    /// Where the next byte is written.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// A reader of one file. Files that lie close behind one another are read at once.
    pub(super) fn reader(&mut self, file: File) -> io::Result<Reader<'_>> {
        self.write_gathered()?;
        let position = self.spool.stream_position()?;
        self.spool.seek_relative(file.offset.cast_signed().wrapping_sub(position.cast_signed()))?;
        Ok(self.spool.by_ref().take(file.size))
    }

    fn write_gathered(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let spool = self.spool.get_mut();
        spool.seek(SeekFrom::End(0))?;
        spool.write_all(&self.gathered)?;
        self.gathered.clear();
        self.spool.rewind()
    }
}

impl Write for Contents {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.len() + bytes.len() > BUFFER {
            self.write_gathered()?;
        }
        self.gathered.extend_from_slice(bytes);
        self.end += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_gathered()
    }
}
