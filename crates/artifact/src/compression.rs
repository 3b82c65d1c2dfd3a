//! What a layer is compressed with, told by its first bytes (D17), and the stream that is inside.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::DeflateDecoder;

use crate::error::LayerError;
use crate::tarball;

/// Bytes of a layer that are read at a time.
const BUFFER: usize = 128 * 1024;

/// Bytes that are looked at: a tar header.
const HEAD: usize = 512;

/// Window that a zstd frame may ask for, as a power of two: the 8 MiB that RFC 8878 (section 3.1.1.1.2) recommends.
const ZSTD_WINDOW: u32 = 23;

/// Opens the tar stream of a layer of so many bytes.
///
/// # Errors
/// [`LayerError::NotAnArchive`] where there is none.
pub(crate) fn decompressed<'a>(layer: impl Read + 'a, size: u64) -> Result<Box<dyn Read + 'a>, LayerError> {
    let buffer = usize::try_from(size).unwrap_or(BUFFER).clamp(HEAD, BUFFER);
    let mut layer = BufReader::with_capacity(buffer, layer);
    let mut head = Vec::with_capacity(HEAD);
    layer.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(LayerError::Open)?;
    let format = Format::of(&head);
    let layer = Cursor::new(head).chain(layer);
    match format {
        Some(Format::Gzip) => Ok(Box::new(Gzip::new(layer).map_err(LayerError::NotAnArchive)?)),
        Some(Format::Zstd) => {
            let mut stream = zstd::Decoder::with_buffer(layer).map_err(LayerError::NotAnArchive)?;
            stream.window_log_max(ZSTD_WINDOW).map_err(LayerError::NotAnArchive)?;
            Ok(Box::new(stream))
        }
        Some(Format::Tar) => Ok(Box::new(layer)),
        None => Err(LayerError::NotAnArchive(invalid_header())),
    }
}

enum Format {
    Gzip,
    Zstd,
    Tar,
}

impl Format {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or one that is to be skipped (RFC 8878, sections 3.1.1 and 3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => {
                let block = head.try_into().ok()?;
                (tarball::is_header(block) || *block == [0; HEAD]).then_some(Self::Tar)
            }
        }
    }
}

/// Gzip members, one after the other. What a member's trailer says is not checked (D34), but it must be there.
struct Gzip<R> {
    /// Taken while a header or trailer is read, and at the end.
    member: Option<DeflateDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    fn new(mut layer: R) -> io::Result<Self> {
        skip_header(&mut layer)?;
        Ok(Self { member: Some(DeflateDecoder::new(layer)) })
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer).map_err(unexpected_end)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut layer) = self.member.take().map(DeflateDecoder::into_inner) else {
                break;
            };
            skip(&mut layer, 8)?;
            if layer.fill_buf()?.is_empty() {
                break;
            }
            skip_header(&mut layer)?;
            self.member = Some(DeflateDecoder::new(layer));
        }
        Ok(0)
    }
}

/// Passes over the header of a member (RFC 1952, section 2.3).
fn skip_header(layer: &mut impl BufRead) -> io::Result<()> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let mut header = [0; 10];
    read_exact(layer, &mut header)?;
    let [0x1f, 0x8b, 8, flags, ..] = header else {
        return Err(invalid_header());
    };
    if flags & EXTRA != 0 {
        let mut length = [0; 2];
        read_exact(layer, &mut length)?;
        skip(layer, u64::from(u16::from_le_bytes(length)))?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            layer.skip_until(0)?;
        }
    }
    skip(layer, if flags & CHECKSUM == 0 { 0 } else { 2 })
}

fn skip(layer: &mut impl BufRead, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut layer.take(bytes), &mut io::sink())?;
    if skipped < bytes { Err(cut()) } else { Ok(()) }
}

fn read_exact(layer: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<()> {
    layer.read_exact(buffer).map_err(unexpected_end)
}

/// Says that a stream ended as upstream says it.
fn unexpected_end(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof { cut() } else { error }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected EOF")
}

fn invalid_header() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "gzip: invalid header")
}
