//! Blocks of a deflate stream that are stored as they are (RFC 1951 section 3.2.4): images and archives within an archive, which
//! deflation makes no smaller and takes longest for.

use std::io;

use flate2::{Compress, FlushCompress};

/// Bytes of a block that have one sample. Smaller blocks are deflated: that takes no time worth saving.
const STRETCH: usize = 64 * 1024;

/// Bytes at the beginning of each stretch that are tried.
const SAMPLE: usize = 1024;

/// A block is stored if its samples get smaller by less than this part of them. One header of a file among them saves less.
const WORTHWHILE: usize = 32;

/// What the length of one stored run can say.
const RUN: usize = 0xffff;

/// Whether samples of a block hardly get smaller. The block alone decides, and the level of a state that is as good as new before
/// and after. There is room for all of them: a state of zlib-rs 0.6 is not as good as new if it is reset while output waits.
pub(super) fn is_noise(block: &[u8], state: &mut Compress) -> io::Result<bool> {
    if block.len() < STRETCH {
        return Ok(false);
    }
    let samples: Vec<u8> =
        block.chunks(STRETCH).flat_map(|stretch| stretch.iter().take(SAMPLE)).copied().collect();
    let mut deflated = Vec::with_capacity(2 * samples.len());
    state.compress_vec(&samples, &mut deflated, FlushCompress::Finish)?;
    state.reset();
    Ok(deflated.len() > samples.len() - samples.len() / WORTHWHILE)
}

/// Stores a block behind what is there before, from one byte boundary to the next.
pub(super) fn store(block: &[u8], end: FlushCompress, deflated: &mut Vec<u8>) {
    let mut runs = block.chunks(RUN).peekable();
    while let Some(run) = runs.next() {
        let last = runs.peek().is_none() && matches!(end, FlushCompress::Finish);
        let [low, high, ..] = run.len().to_le_bytes();
        deflated.extend([u8::from(last), low, high, !low, !high]);
        deflated.extend(run);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read;

    use flate2::Compression;

    use super::*;

    pub(in super::super) fn noise(length: usize) -> Vec<u8> {
        (0_u32..).flat_map(|at| *blake3::hash(&at.to_le_bytes()).as_bytes()).take(length).collect()
    }

    fn is_noise(block: &[u8]) -> bool {
        super::is_noise(block, &mut Compress::new(Compression::new(2), false)).unwrap()
    }

    #[test]
    fn noise_is_stored_but_not_what_is_small_or_has_a_stretch_of_text() {
        let block = noise(1024 * 1024);
        let with = |at: usize, other: &[u8]| [&block[..at], other, &block[at + other.len()..]].concat();

        assert!(is_noise(&block));
        assert!(is_noise(&block[..STRETCH]));
        assert!(is_noise(&with(0, &[0; 512])));
        assert!(!is_noise(&block[..STRETCH - 1]));
        assert!(!is_noise(&with(700_000, &b"kind: ConfigMap\n".repeat(STRETCH / 16 + SAMPLE / 16))));
        assert!(!is_noise(&b"kind: ConfigMap\n".repeat(STRETCH / 16)));
    }

    #[test]
    fn a_state_that_has_tried_a_block_is_as_good_as_new() {
        let text = b"kind: ConfigMap\n".repeat(50);
        let deflated = |state: &mut Compress| {
            let mut deflated = Vec::with_capacity(text.len());
            state.compress_vec(&text, &mut deflated, FlushCompress::Finish).unwrap();
            deflated
        };
        let mut used = Compress::new(Compression::new(2), false);
        for length in STRETCH..STRETCH + 20 {
            assert!(super::is_noise(&noise(length), &mut used).unwrap());
        }

        assert_eq!(deflated(&mut used), deflated(&mut Compress::new(Compression::new(2), false)));
    }

    #[test]
    fn stored_blocks_inflate_to_what_they_were() {
        for length in [1, RUN - 1, RUN, RUN + 1, 2 * RUN, 1024 * 1024] {
            let (one, other) = (noise(length), b"and then".repeat(length));
            let mut deflated = Vec::new();
            store(&one, FlushCompress::Sync, &mut deflated);
            store(&other, FlushCompress::Finish, &mut deflated);

            let mut inflated = Vec::new();
            flate2::read::DeflateDecoder::new(&deflated[..]).read_to_end(&mut inflated).unwrap();
            assert!(inflated == [one, other].concat(), "{length}");
        }
    }
}
