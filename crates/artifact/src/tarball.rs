//! Reads a tar stream as Go's `archive/tar` does, because that is what layers are written for and read by.
//!
//! Differs from the `tar` crate where a layer may tell: links and directories carry no data whatever their size says, PAX
//! records may hold any byte, GNU sparse files of every version are filled up, and no extension header is held in memory
//! beyond [`LONGEST_EXTENSION`].

mod header;
mod pax;
mod sparse;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, Read};

use header::{BLOCK, Block, Header};
use pax::Records;
use sparse::Fragment;

pub(crate) use header::{Kind, is_header};

/// Bytes of a PAX or GNU extension header and of the map of a sparse file, at most; as Go has it.
const LONGEST_EXTENSION: u64 = 1024 * 1024;

/// What a tar stream says of one file; extension headers are applied already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name as it stands there, without any NUL byte; trust nothing in it.
    pub(crate) name: Vec<u8>,
    /// The target of a link, likewise.
    pub(crate) link: Vec<u8>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Permission bits and more.
    pub(crate) mode: u64,
    /// Bytes that can be read, holes included; zero of anything but a file.
    pub(crate) size: u64,
}

/// A tar stream and the place in it; reading gives the data of the entry that was returned last.
#[derive(Debug)]
pub(crate) struct Tarball<R> {
    stream: R,
    /// Bytes of the entry's data that are still in the stream.
    left: u64,
    padding: u64,
    size: u64,
    position: u64,
    fragments: VecDeque<Fragment>,
}

impl<R: Read> Tarball<R> {
    /// Starts at the beginning of an uncompressed stream.
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, left: 0, padding: 0, size: 0, position: 0, fragments: VecDeque::new() }
    }

    /// Passes over what is left of the entry and returns the next one; `None` at the end mark, behind which nothing is
    /// read, or where the stream ends between two entries.
    ///
    /// # Errors
    /// The stream's own, `UnexpectedEof` and `InvalidData`.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut records = Records::default();
        let mut long_name = Vec::new();
        let mut long_link = Vec::new();
        loop {
            let Some(block) = self.next_header()? else {
                return Ok(None);
            };
            let header = Header::parse(&block)?;
            self.expect_data(header.size);
            match header.flag {
                b'x' => records = Records::parse(&self.extension()?)?,
                // Of no use to us (D9), and what it sets must not leak into the entries behind it.
                b'g' => {}
                b'L' => long_name = header::text(&self.extension()?).to_vec(),
                b'K' => long_link = header::text(&self.extension()?).to_vec(),
                _ => {
                    return self.entry(&block, header, &records, long_name, long_link).map(Some);
                }
            }
        }
    }

    fn entry(
        &mut self,
        block: &Block,
        header: Header,
        records: &Records,
        long_name: Vec<u8>,
        long_link: Vec<u8>,
    ) -> io::Result<Entry> {
        let first = |longest: Vec<u8>, record: &str, short: Vec<u8>| match records.get(record) {
            _ if !longest.is_empty() => longest,
            Some(value) => value.to_vec(),
            None => short,
        };
        let mut name = first(long_name, "path", header.name);
        let link = first(long_link, "linkpath", header.link);
        let kind = Kind::of(header.flag, &name);
        if kind != Kind::File {
            self.expect_data(0);
            return Ok(Entry { name, link, kind, mode: header.mode, size: 0 });
        }
        self.expect_data(records.number("size")?.unwrap_or(header.size));
        if header.flag == b'S' {
            let (size, map) = sparse::old_map(block, &mut self.stream)?;
            self.expect_fragments(size, map)?;
        } else if let Some(version) = sparse::Version::of(records) {
            name = records.get("GNU.sparse.name").map_or(name, <[u8]>::to_vec);
            let size = records.number("GNU.sparse.size")?.or(records.number("GNU.sparse.realsize")?);
            let map = match version {
                sparse::Version::InRecords => sparse::map_in_records(records)?,
                sparse::Version::InData => self.map_in_data()?,
            };
            self.expect_fragments(size.unwrap_or(self.size), map)?;
        }
        Ok(Entry { name, link, kind, mode: header.mode, size: self.size })
    }

    /// The next block that is no end mark.
    fn next_header(&mut self) -> io::Result<Option<Block>> {
        while self.left > 0 {
            let mut discarded = [0; 16 * BLOCK];
            self.read_stored(&mut discarded)?;
        }
        let mut block = [0; BLOCK];
        let padding = usize::try_from(std::mem::take(&mut self.padding)).unwrap_or(0);
        if fill(&mut self.stream, &mut block[..padding])? < padding {
            return Ok(None);
        }
        block = [0; BLOCK];
        if !fill_or_end(&mut self.stream, &mut block)? {
            return Ok(None);
        }
        if block != [0; BLOCK] {
            return Ok(Some(block));
        }
        if fill_or_end(&mut self.stream, &mut block)? && block != [0; BLOCK] {
            return Err(malformed());
        }
        Ok(None)
    }

    fn expect_data(&mut self, size: u64) {
        self.left = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        self.size = size;
        self.position = 0;
        self.fragments = VecDeque::from([Fragment { start: 0, length: size }]);
    }

    fn expect_fragments(&mut self, size: u64, map: VecDeque<Fragment>) -> io::Result<()> {
        sparse::check(&map, size, self.left)?;
        self.size = size;
        self.fragments = map;
        Ok(())
    }

    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.size > LONGEST_EXTENSION {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "tar header field too long"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn map_in_data(&mut self) -> io::Result<VecDeque<Fragment>> {
        let mut blocks = 0;
        sparse::map_in_data(|| {
            blocks += BLOCK as u64;
            let mut block = [0; BLOCK];
            if blocks > LONGEST_EXTENSION || self.left < BLOCK as u64 {
                return Err(malformed());
            }
            read_all(&mut self.stream, &mut block)?;
            self.left -= BLOCK as u64;
            Ok(block)
        })
    }

    /// Reads some of the entry's data as it lies in the stream.
    fn read_stored(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = read_some(&mut self.stream, &mut buffer[..wanted])?;
        if read == 0 {
            return Err(cut());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: Read> Read for Tarball<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.fragments.front().is_some_and(|fragment| fragment.end() <= self.position) {
            self.fragments.pop_front();
        }
        let next = self.fragments.front().copied();
        let hole_end = next.map_or(self.size, |fragment| fragment.start);
        let stored = hole_end <= self.position;
        let end = if stored { next.map_or(self.size, |fragment| fragment.end()) } else { hole_end };
        let wanted = usize::try_from(end - self.position).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..wanted];
        let read = if stored {
            self.read_stored(buffer)?
        } else {
            buffer.fill(0);
            wanted
        };
        self.position += read as u64;
        Ok(read)
    }
}

/// Reads until the buffer is full or the stream ends; returns how much that was.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_some(stream, &mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn read_some(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Fills the buffer, or returns `false` where the stream has nothing more at all.
fn fill_or_end(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match fill(stream, buffer)? {
        0 => Ok(false),
        filled if filled == buffer.len() => Ok(true),
        _ => Err(cut()),
    }
}

fn read_all(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<()> {
    if fill_or_end(stream, buffer)? { Ok(()) } else { Err(cut()) }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected EOF")
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "invalid tar header")
}
