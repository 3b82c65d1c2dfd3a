//! The reader on streams that others wrote, and on streams that nobody should write.

use std::io::{self, Read};

use proptest::prelude::*;

use super::{BLOCK, Entry, Kind, Tarball};

/// A header block whose checksum is right.
fn header(name: &str, flag: u8, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_mode(0o644);
    header.set_size(size);
    header.as_mut_bytes()[156] = flag;
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn with_checksum(block: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.resize(data.len().next_multiple_of(BLOCK), 0);
    padded
}

fn member(name: &str, flag: u8, data: &[u8]) -> Vec<u8> {
    [header(name, flag, data.len() as u64), padded(data)].concat()
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..rest + 9).find(|length| length.to_string().len() + rest == *length).unwrap();
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn read(stream: &[u8]) -> io::Result<Vec<(Entry, Vec<u8>)>> {
    let mut tarball = Tarball::new(stream);
    let mut entries = Vec::new();
    while let Some(entry) = tarball.next()? {
        let mut data = Vec::new();
        tarball.read_to_end(&mut data)?;
        assert_eq!(data.len() as u64, entry.size);
        entries.push((entry, data));
    }
    Ok(entries)
}

fn names_and_data(stream: &[u8]) -> Vec<(String, Vec<u8>)> {
    let entries = read(stream).unwrap();
    entries.into_iter().map(|(entry, data)| (String::from_utf8(entry.name).unwrap(), data)).collect()
}

#[test]
fn what_another_writer_wrote_is_read() {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(200));
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in [("a", &b"one"[..]), (&long, &[7; 1500]), ("empty", b"")] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, name, data).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    builder.append_link(&mut link, "hard", &long).unwrap();

    let entries = read(&builder.into_inner().unwrap()).unwrap();

    let names: Vec<&[u8]> = entries.iter().map(|(entry, _)| &entry.name[..]).collect();
    assert_eq!(names, [b"a", long.as_bytes(), b"empty", b"hard"]);
    assert_eq!(entries[0].0.mode, 0o755);
    assert_eq!(entries[1].1, [7; 1500]);
    assert_eq!((entries[3].0.kind, &entries[3].0.link[..]), (Kind::HardLink, long.as_bytes()));
}

#[test]
fn records_outrank_the_header_and_may_hold_any_byte() {
    let records = [
        record("SCHILY.xattr.security.capability", b"\0\n\n1 a=\n"),
        record("path", b"first"),
        record("path", "a/n\u{e4}me".as_bytes()),
        record("size", b"3"),
    ];
    let stream = [member("x", b'x', &records.concat()), header("short", b'0', 9), padded(b"abc")].concat();

    assert_eq!(names_and_data(&stream), [("a/n\u{e4}me".to_owned(), b"abc".to_vec())]);
}

#[test]
fn a_global_header_is_passed_over() {
    let stream = [member("g", b'g', &record("path", b"everywhere")), member("a", b'0', b"1")].concat();

    assert_eq!(names_and_data(&stream), [("a".to_owned(), b"1".to_vec())]);
}

#[test]
fn links_and_directories_have_no_data_whatever_their_size_says() {
    let stream = [
        header("hard", b'1', 700),
        header("soft", b'2', 700),
        header("d", b'5', 700),
        member("a", b'0', b"1"),
    ];

    let names: Vec<String> = names_and_data(&stream.concat()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["hard", "soft", "d", "a"]);
}

#[test]
fn types_are_told_apart() {
    let kind = |name: &str, flag: u8| read(&header(name, flag, 0)).unwrap()[0].0.kind;

    assert_eq!([0, b'0', b'7', b'Z'].map(|flag| kind("a", flag)), [Kind::File; 4]);
    assert_eq!([kind("a/", 0), kind("a/", b'0')], [Kind::Directory, Kind::File]);
    assert_eq!([b'3', b'4', b'6'].map(|flag| kind("a", flag)), ["Dc", "D", "p"].map(Kind::Special));
}

#[test]
fn the_end_mark_ends_it_and_garbage_behind_it_is_not_looked_at() {
    let stream = [member("a", b'0', b"1"), vec![0; 2 * BLOCK], vec![0xff; 100]].concat();

    assert_eq!(names_and_data(&stream).len(), 1);
    assert!(read(&[vec![0; BLOCK], vec![1; BLOCK]].concat()).is_err());
}

#[test]
fn a_stream_that_ends_early_says_so() {
    let stream = member("a", b'0', &[1; 600]);

    for length in [1, 511, BLOCK + 1, BLOCK + 599] {
        assert_eq!(read(&stream[..length]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{length}");
    }
    assert_eq!(read(&stream[..BLOCK + 600]).unwrap().len(), 1);
}

#[test]
fn skipping_an_entry_whose_data_is_missing_is_an_error_too() {
    let stream = member("a", b'0', &[1; 600]);
    let mut tarball = Tarball::new(&stream[..BLOCK + 599]);
    tarball.next().unwrap();

    assert_eq!(tarball.next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn headers_that_lie_are_refused() {
    let wrong_sum = {
        let mut block = header("a", b'0', 0);
        block[0] = b'b';
        block
    };
    let record_too_long = member("x", b'x', b"99 path=a\n");
    let record_without_key = member("x", b'x', b"5 =a\n");
    let negative_size = [member("x", b'x', &record("size", b"-1")), header("a", b'0', 0)].concat();
    let nul_in_path = member("x", b'x', &record("path", b"a\0b"));
    for stream in [wrong_sum, record_too_long, record_without_key, negative_size, nul_in_path] {
        assert_eq!(read(&stream).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn an_extension_header_is_not_read_beyond_its_bound() {
    for flag in [b'x', b'L', b'K'] {
        let mut tarball = Tarball::new(io::Cursor::new(header("x", flag, 8 << 30)).chain(io::repeat(b'a')));

        assert_eq!(tarball.next().unwrap_err().to_string(), "tar header field too long");
    }
}

/// A file of 1000 bytes of which "abc" at 10 and "de" at 500 are stored.
fn expected() -> Vec<u8> {
    let mut data = vec![0; 1000];
    data[10..13].copy_from_slice(b"abc");
    data[500..502].copy_from_slice(b"de");
    data
}

#[test]
fn sparse_files_of_every_version_are_filled_up() {
    let pairs = [("offset", "10"), ("numbytes", "3"), ("offset", "500"), ("numbytes", "2")];
    let size = record("GNU.sparse.size", b"1000");
    let blocks = record("GNU.sparse.numblocks", b"2");
    let repeated = pairs.map(|(key, value)| record(&format!("GNU.sparse.{key}"), value.as_bytes())).concat();
    let version_0_0 = [size.clone(), blocks.clone(), repeated].concat();
    let version_0_1 = [size, blocks, record("GNU.sparse.map", b"10,3,500,2")].concat();
    for records in [version_0_0, version_0_1] {
        let stream = [member("x", b'x', &records), member("a", b'0', b"abcde")].concat();
        assert_eq!(names_and_data(&stream), [("a".to_owned(), expected())]);
    }

    let version_1_0 = [
        record("GNU.sparse.major", b"1"),
        record("GNU.sparse.minor", b"0"),
        record("GNU.sparse.name", b"real"),
        record("GNU.sparse.realsize", b"1000"),
    ];
    let data = [padded(b"2\n10\n3\n500\n2\n"), b"abcde".to_vec()].concat();
    let stream =
        [member("x", b'x', &version_1_0.concat()), member("GNUSparseFile.0/a", b'0', &data)].concat();
    assert_eq!(names_and_data(&stream), [("real".to_owned(), expected())]);
}

fn old_sparse(pairs: &[(u64, u64)], real_size: u64, stored: &[u8]) -> Vec<u8> {
    let mut block = tar::Header::new_gnu();
    block.set_path("a").unwrap();
    block.set_mode(0o644);
    block.set_entry_type(tar::EntryType::GNUSparse);
    block.set_size(stored.len() as u64);
    let gnu = block.as_gnu_mut().unwrap();
    gnu.set_real_size(real_size);
    for (place, (offset, length)) in gnu.sparse.iter_mut().zip(pairs) {
        place.set_offset(*offset);
        place.set_length(*length);
    }
    block.set_cksum();
    [block.as_bytes().to_vec(), padded(stored)].concat()
}

#[test]
fn an_old_sparse_file_is_filled_up_and_a_map_that_lies_is_refused() {
    let stream = old_sparse(&[(10, 3), (500, 2), (1000, 0)], 1000, b"abcde");
    assert_eq!(names_and_data(&stream), [("a".to_owned(), expected())]);

    let overlapping = old_sparse(&[(10, 3), (11, 2)], 1000, b"abcde");
    let beyond_the_end = old_sparse(&[(10, 3), (999, 2)], 1000, b"abcde");
    let too_little = old_sparse(&[(10, 3)], 1000, b"abcde");
    let too_much = old_sparse(&[(10, 3), (500, 200)], 1000, b"abcde");
    for stream in [overlapping, beyond_the_end, too_little, too_much] {
        assert_eq!(read(&stream).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn a_map_is_not_read_beyond_its_bound() {
    let one_more = [vec![0; 504], vec![1; 8]].concat();
    let mut block = old_sparse(&[], 0, b"");
    block[482] = 1;
    let old = [with_checksum(&block), one_more.repeat(3000)].concat();
    let records = [record("GNU.sparse.major", b"1"), record("GNU.sparse.minor", b"0")];
    let map = [&b"300000\n"[..], &b"0\n".repeat(600_000)].concat();
    let new = [member("x", b'x', &records.concat()), member("a", b'0', &padded(&map))].concat();

    for stream in [old, new] {
        assert_eq!(read(&stream).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn a_checksum_may_be_a_sum_of_signed_bytes() {
    let mut block = header("\u{e9}", b'0', 0);
    let sum: i32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { i32::from(byte.cast_signed()) })
        .sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());

    assert_eq!(names_and_data(&block).len(), 1);
}

/// One stream with every kind of header in it.
fn everything() -> Vec<u8> {
    let sparse_1_0 = [
        record("GNU.sparse.major", b"1"),
        record("GNU.sparse.minor", b"0"),
        record("GNU.sparse.realsize", b"1000"),
    ];
    let sparse_0_1 = [
        record("GNU.sparse.numblocks", b"2"),
        record("GNU.sparse.map", b"10,3,500,2"),
        record("GNU.sparse.size", b"1000"),
    ];
    let map = [padded(b"2\n10\n3\n500\n2\n"), b"abcde".to_vec()].concat();
    let streams = [
        member("long", b'L', b"name\0"),
        member("a", b'0', &[1; 700]),
        member("x", b'x', &[record("size", b"3"), record("path", b"b")].concat()),
        member("a", b'0', b"abc"),
        member("x", b'x', &sparse_1_0.concat()),
        member("a", b'0', &map),
        member("x", b'x', &sparse_0_1.concat()),
        member("a", b'0', b"abcde"),
        old_sparse(&[(10, 3), (500, 2)], 1000, b"abcde"),
        header("d", b'5', 0),
        vec![0; 2 * BLOCK],
    ];
    streams.concat()
}

proptest! {
    #[test]
    fn no_change_makes_the_reader_panic_or_read_for_ever(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut stream = everything();
        for (at, byte) in changes {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        for block in stream.chunks_exact_mut(BLOCK).filter(|block| block[257..262] == *b"ustar") {
            let right = with_checksum(block);
            block.copy_from_slice(&right);
        }
        let blocks = stream.len() / BLOCK;

        let mut tarball = Tarball::new(&stream[..]);
        let mut entries = 0;
        while let Ok(Some(_)) = tarball.next() {
            entries += 1;
            prop_assert!(entries <= blocks);
            drop(io::copy(&mut tarball.by_ref().take(1 << 16), &mut io::sink()));
        }
    }
}
