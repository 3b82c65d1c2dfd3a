//! Writes an archive whose bytes depend on nothing but the names, contents and execute bits of what is in it (spec 5.5, D7).

mod gzip;
mod header;
mod stored;

use std::io::{self, Read, Write};

pub(crate) use gzip::Deflaters;
use gzip::GzipWriter;
use header::{BLOCK, Member};

/// A `tar.gz` being written; the caller brings the entries in their order.
pub(crate) struct Archive<'a, W> {
    gzip: GzipWriter<'a, W>,
}

impl<'a, W: Write> Archive<'a, W> {
    /// Starts an archive of about so many bytes of tar.
    pub(crate) fn new(out: W, bytes: u64, deflaters: &'a Deflaters) -> Self {
        Self { gzip: GzipWriter::new(out, bytes, deflaters) }
    }

    /// Adds a directory.
    ///
    /// # Errors
    /// What the output says.
    pub(crate) fn directory(&mut self, name: &[u8]) -> io::Result<()> {
        self.gzip.write_all(&header::blocks(name, Member::Directory))
    }

    /// Adds a file of so many bytes.
    ///
    /// # Errors
    /// What the output and the data say; `UnexpectedEof` where the data is shorter.
    pub(crate) fn file(
        &mut self,
        name: &[u8],
        executable: bool,
        size: u64,
        data: &mut dyn Read,
    ) -> io::Result<()> {
        self.gzip.write_all(&header::blocks(name, Member::File { size, executable }))?;
        if io::copy(&mut data.take(size), &mut self.gzip)? < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let block = BLOCK as u64;
        let padding = usize::try_from(size.next_multiple_of(block) - size).unwrap_or(0);
        self.gzip.write_all(&[0; BLOCK][..padding])
    }

    /// Writes the end mark, and all that is still held back.
    ///
    /// # Errors
    /// What the output says.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.gzip.write_all(&[0; 2 * BLOCK])?;
        self.gzip.finish()
    }
}
