//! The gzip format of our own archives (D7): the same input gives the same bytes whatever the sizes of the writes, and
//! however many threads deflate them.

use std::io::{self, Write};
use std::sync::Mutex;
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::stored::{is_noise, store};
use crate::hold::hold;

/// Bytes that are deflated at a time, by a state of their own.
const BLOCK: usize = 1024 * 1024;

/// Room for a deflated block that did not get smaller: five bytes for each stored run, and the flush.
const HEADROOM: usize = 16 * 1024;

/// Blocks that are deflated side by side at most, however many processors there are: each takes 2.3 MiB meanwhile.
const LANES: usize = 4;

/// Measured on manifests: 5 to 18 % more bytes than level 6, at twice its speed, in a cluster where artifacts are read next door.
const LEVEL: u32 = 2;

/// One member, no name, no time, no flags, system unknown (RFC 1952).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Gathers blocks and writes them deflated. Most archives have one small block: it takes no more memory than it needs, and
/// threads are only started for more.
pub(super) struct GzipWriter<'a, W> {
    out: W,
    deflaters: &'a Deflaters,
    /// Full blocks before the one that is filled.
    full: Vec<Vec<u8>>,
    block: Vec<u8>,
    /// What is written before the next block: the header, once.
    before: Vec<u8>,
    checksum: Crc,
}

impl<'a, W: Write> GzipWriter<'a, W> {
    /// Starts a stream of about so many bytes; the header is written with the first block.
    pub(super) fn new(out: W, bytes: u64, deflaters: &'a Deflaters) -> Self {
        let block = Vec::with_capacity(usize::try_from(bytes).unwrap_or(BLOCK).min(BLOCK));
        Self { out, deflaters, full: Vec::new(), block, before: HEADER.to_vec(), checksum: Crc::new() }
    }

    /// Writes the last block and the trailer.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_blocks(FlushCompress::Finish)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes all blocks, of which the last ends in this way; one of their buffers is filled next.
    fn write_blocks(&mut self, end: FlushCompress) -> io::Result<()> {
        let mut blocks: Vec<(&[u8], FlushCompress)> =
            self.full.iter().map(|block| (&block[..], FlushCompress::Sync)).collect();
        blocks.push((&self.block, end));
        let mut deflated = self.deflaters.side_by_side(std::mem::take(&mut self.before), &blocks)?;
        for (block, _) in blocks {
            self.checksum.update(block);
        }
        if let (FlushCompress::Finish, Some(last)) = (end, deflated.last_mut()) {
            last.extend(self.checksum.sum().to_le_bytes());
            last.extend(self.checksum.amount().to_le_bytes());
        }
        for piece in deflated {
            self.out.write_all(&piece)?;
        }
        self.full.clear();
        self.block.clear();
        Ok(())
    }
}

impl<W: Write> Write for GzipWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full block stays until more comes: the last one ends the stream, whatever its size.
        if self.block.len() == BLOCK && !bytes.is_empty() {
            if self.full.len() + 1 < self.deflaters.lanes {
                self.full.push(std::mem::take(&mut self.block));
            } else {
                self.write_blocks(FlushCompress::Sync)?;
            }
        }
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Does nothing: a block is written when it is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The states of deflation that nobody uses now, [`LANES`] at most. One is 380 KiB: to find that much fresh memory for each
/// archive takes longer than to deflate a manifest.
pub(crate) struct Deflaters {
    lanes: usize,
    idle: Mutex<Vec<Compress>>,
}

impl Deflaters {
    /// None yet.
    pub(crate) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { lanes: processors.min(LANES), idle: Mutex::default() }
    }

    /// Deflates the first block on this thread, behind what is there before, and each other one on a thread of its own.
    fn side_by_side(&self, before: Vec<u8>, blocks: &[(&[u8], FlushCompress)]) -> io::Result<Vec<Vec<u8>>> {
        let Some(((first, end), others)) = blocks.split_first() else {
            return Ok(Vec::new());
        };
        thread::scope(|scope| {
            let started = others.iter().map(|(block, end)| {
                let work = || self.deflate(Vec::new(), block, *end);
                thread::Builder::new().name("deflate".to_owned()).spawn_scoped(scope, work)
            });
            let started: Vec<_> = started.collect::<io::Result<_>>()?;
            let mut deflated = vec![self.deflate(before, first, *end)?];
            for thread in started {
                deflated.push(thread.join().map_err(|_| io::Error::other("a block could not be deflated"))??);
            }
            Ok(deflated)
        })
    }

    /// Deflates a block behind what is there before, or stores what gets no smaller.
    fn deflate(&self, before: Vec<u8>, block: &[u8], end: FlushCompress) -> io::Result<Vec<u8>> {
        let idle = hold(&self.idle).pop();
        let mut state = idle.unwrap_or_else(|| Compress::new(Compression::new(LEVEL), false));
        let mut deflated = before;
        deflated.reserve(block.len() + HEADROOM);
        if is_noise(block, &mut state)? {
            store(block, end, &mut deflated);
        } else {
            state.compress_vec(block, &mut deflated, end)?;
            // All was taken and room is left: the flush is complete too (zlib's manual, `deflate`).
            if state.total_in() != block.len() as u64 || deflated.len() == deflated.capacity() {
                return Err(io::Error::other("deflated block does not fit"));
            }
            state.reset();
        }
        self.keep(state);
        Ok(deflated)
    }

    /// Keeps a state that is as good as new, unless there are enough.
    fn keep(&self, state: Compress) {
        let mut idle = hold(&self.idle);
        if idle.len() < LANES {
            idle.push(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::super::stored::tests::noise;
    use super::*;
    use crate::digest::Algorithm;

    /// Bytes that compress, but not to nothing.
    fn sample(length: usize) -> Vec<u8> {
        let mut state: u32 = 1;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"apiVersion: v1\n"[(state >> 24) as usize % 15]
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    fn compressed(bytes: &[u8], mut sizes: impl Iterator<Item = usize>) -> Vec<u8> {
        let deflaters = Deflaters::new();
        let mut writer = GzipWriter::new(Vec::new(), 0, &deflaters);
        let mut left = bytes;
        while !left.is_empty() {
            let (now, later) = left.split_at(sizes.next().unwrap_or(left.len()).clamp(1, left.len()));
            writer.write_all(now).unwrap();
            left = later;
        }
        writer.finish().unwrap()
    }

    fn at_once(bytes: &[u8]) -> Vec<u8> {
        compressed(bytes, std::iter::empty())
    }

    fn digest(bytes: &[u8]) -> String {
        Algorithm::Sha256.digest_of(bytes).unwrap().to_string()
    }

    fn inflated(bytes: &[u8]) -> Vec<u8> {
        let mut inflated = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut inflated).unwrap();
        inflated
    }

    #[test]
    fn the_bytes_are_those_that_were_agreed() {
        let bytes = at_once(&sample(3 * BLOCK + 5));

        assert_eq!(bytes[..10], HEADER);
        assert_eq!(digest(&bytes), "sha256:d4f1a5b27fd51d2d577fefebceb356b6364b6ec87dd71068879034ffa3090b73");
        assert_eq!(
            digest(&at_once(&noise(2 * BLOCK + 5))),
            "sha256:926c4e1239c2a0b47041f86d59d3b51b7d297a40d48617f52938519a0e3f9c26"
        );
    }

    #[test]
    fn every_length_around_a_block_inflates_to_what_was_written() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK] {
            let bytes = sample(length);
            assert!(inflated(&at_once(&bytes)) == bytes, "{length}");
        }
    }

    #[test]
    fn bytes_that_do_not_compress_fit_too() {
        for length in [65_535, 65_536, BLOCK, 2 * BLOCK, 2 * BLOCK + 65_536] {
            let noise = noise(length);
            let bytes = at_once(&noise);

            assert!(inflated(&bytes) == noise);
            assert!(bytes.len() < length + length / 1000 + 64, "{length}");
        }
    }

    #[test]
    fn equal_blocks_deflate_equally_wherever_they_stand() {
        let block = sample(BLOCK);
        let once = Deflaters::new().deflate(Vec::new(), &block, FlushCompress::Sync).unwrap();

        let bytes = at_once(&[&block[..], &block, b"x"].concat());

        assert!(bytes[10..].starts_with(&[&once[..], &once].concat()));
    }

    #[test]
    fn the_bytes_do_not_depend_on_how_many_blocks_are_deflated_side_by_side() {
        let bytes = [sample(3 * BLOCK), noise(2 * BLOCK), sample(7)].concat();
        let written = |lanes| {
            let deflaters = Deflaters { lanes, ..Deflaters::new() };
            let mut writer = GzipWriter::new(Vec::new(), 0, &deflaters);
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap()
        };

        let one = written(1);

        assert!(inflated(&one) == bytes);
        assert!([2, 3, 4, 6, 9].into_iter().all(|lanes| written(lanes) == one));
    }

    #[test]
    fn a_state_is_used_again_and_no_more_are_kept_than_lanes() {
        let deflaters = Deflaters::new();
        for _ in 0..2 {
            deflaters.deflate(Vec::new(), &sample(100), FlushCompress::Finish).unwrap();
            assert_eq!(hold(&deflaters.idle).len(), 1);
        }

        for _ in 0..LANES {
            deflaters.keep(Compress::new(Compression::new(LEVEL), false));
        }

        assert_eq!(hold(&deflaters.idle).len(), LANES);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn what_a_state_has_deflated_before_changes_no_byte(
            earlier in prop::collection::vec(any::<u8>(), 0..200_000),
            repeated in 1..5_usize,
            length in 0..200_000_usize,
        ) {
            let used = Deflaters::new();
            used.deflate(Vec::new(), &earlier.repeat(repeated), FlushCompress::Sync).unwrap();
            used.deflate(Vec::new(), &sample(length / 2), FlushCompress::Finish).unwrap();

            for block in [&noise(length)[..], &sample(length), &earlier, &earlier[earlier.len() / 3..]] {
                let fresh = Deflaters::new().deflate(Vec::new(), block, FlushCompress::Finish).unwrap();
                prop_assert!(used.deflate(Vec::new(), block, FlushCompress::Finish).unwrap() == fresh);
            }
        }

        #[test]
        fn the_bytes_do_not_depend_on_the_sizes_of_the_writes(
            length in 0..(2 * BLOCK + 4096),
            sizes in prop::collection::vec(1..300_000_usize, 1..40),
        ) {
            let bytes = sample(length);

            prop_assert!(compressed(&bytes, sizes.into_iter().cycle()) == at_once(&bytes));
        }
    }
}
