//! How a layer may be compressed, and what happens where it is damaged (spec 5.3, D17, D34).

use std::io::Write;

use artifact::Content;

use crate::layer::{extract, files, gzip, refusal};

fn tar() -> Vec<u8> {
    files(&[("a.yaml", "a: 1\n"), ("b", &"x".repeat(3000))]).finish()
}

fn names(layer: Vec<u8>) -> Vec<String> {
    extract(&Content::memory(layer)).unwrap().names()
}

#[test]
fn gzip_zstd_and_plain_tar_give_the_same_archive() {
    let zstd = zstd::encode_all(&tar()[..], 3).unwrap();
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd[..]].concat();
    let expected = extract(&Content::memory(gzip(&tar()))).unwrap().built;

    for layer in [zstd, skippable, tar()] {
        assert_eq!(extract(&Content::memory(layer)).unwrap().built, expected);
    }
}

#[test]
fn several_members_and_frames_are_one_stream() {
    let tar = tar();
    let (one, other) = tar.split_at(700);
    let frame = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();

    for layer in [[gzip(one), gzip(b""), gzip(other)].concat(), [frame(one), frame(other)].concat()] {
        assert_eq!(names(layer), ["a.yaml", "b"]);
    }
}

#[test]
fn a_gzip_header_may_have_all_that_it_can_have() {
    let plain = gzip(&tar());
    let header = [&plain[..3], &[0b1_1110], &plain[4..10], &[3, 0], b"abc", b"name\0", b"comment\0", b"??"];
    let layer = [&header.concat(), &plain[10..]].concat();

    assert_eq!(names(layer.clone()), ["a.yaml", "b"]);
    for length in 10..header.concat().len() {
        assert!(extract(&Content::memory(layer[..length].to_vec())).is_err());
    }
}

#[test]
fn what_gzip_says_of_itself_at_its_end_is_not_checked() {
    let mut one = gzip(&tar()[..700]);
    let trailer = one.len() - 8;
    one[trailer..].fill(0);

    assert_eq!(names([one, gzip(&tar()[700..])].concat()), ["a.yaml", "b"]);
}

#[test]
fn what_lies_behind_the_end_of_the_tar_is_not_read() {
    assert_eq!(names([gzip(&tar()), b"garbage".to_vec()].concat()), ["a.yaml", "b"]);
}

#[test]
fn a_stream_that_ends_before_the_tar_does_is_an_error() {
    let layer = gzip(&tar());
    let stored = tar();
    let frame = zstd::encode_all(&stored[..], 3).unwrap();

    assert_eq!(refusal(&Content::memory(layer[..40].to_vec())), "tar error: unexpected EOF");
    assert_eq!(refusal(&Content::memory(stored[..2000].to_vec())), "error copying buffer: unexpected EOF");
    assert!(extract(&Content::memory(frame[..frame.len() / 2].to_vec())).is_err());
}

#[test]
fn a_trailer_that_is_cut_ends_the_stream_too_early() {
    let layer = gzip(&files(&[("a", "a")]).unfinished());

    assert_eq!(names(layer.clone()), ["a"]);
    assert_eq!(refusal(&Content::memory(layer[..layer.len() - 1].to_vec())), "tar error: unexpected EOF");
}

#[test]
fn a_frame_that_asks_for_more_memory_than_it_should_is_refused() {
    let frame = |window| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window).unwrap();
        encoder.write_all(&tar()).unwrap();
        encoder.finish().unwrap()
    };

    assert_eq!(names(frame(23)), ["a.yaml", "b"]);
    assert!(extract(&Content::memory(frame(24))).is_err());
}

#[test]
fn what_is_no_archive_is_refused_as_upstream_words_it() {
    const NO_GZIP: &[u8] = &[0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0];
    for layer in [&b"no archive at all"[..], b"", &[1; 600], NO_GZIP] {
        assert_eq!(refusal(&Content::memory(layer)), "requires gzip-compressed body: gzip: invalid header");
    }
    assert_eq!(refusal(&Content::memory(&NO_GZIP[..2])), "requires gzip-compressed body: unexpected EOF");
    assert_eq!(names(vec![0; 1024]), [""; 0]);
}

#[test]
fn a_damaged_stream_is_an_error_and_never_a_panic() {
    let intact = gzip(&tar());
    let frame = zstd::encode_all(&tar()[..], 3).unwrap();

    for whole in [intact, frame, tar()] {
        for at in (0..whole.len()).step_by(whole.len() / 250 + 1) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x5a;
            drop(extract(&Content::memory(damaged)));
        }
    }
}
