//! One header block of a tar stream.

use std::io;

use super::malformed;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 512;

/// A header, or data between two headers.
pub(crate) type Block = [u8; BLOCK];

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file, or a type that POSIX wants to be taken for one.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// Another name of a file that came earlier.
    HardLink,
    /// A device or pipe, with the letters that Go shows for it.
    Special(&'static str),
}

impl Kind {
    pub(super) fn of(flag: u8, name: &[u8]) -> Self {
        match flag {
            0 if name.ends_with(b"/") => Self::Directory,
            b'1' => Self::HardLink,
            b'2' => Self::SymbolicLink,
            b'3' => Self::Special("Dc"),
            b'4' => Self::Special("D"),
            b'5' => Self::Directory,
            b'6' => Self::Special("p"),
            _ => Self::File,
        }
    }
}

/// The fields that are of use here.
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) flag: u8,
    pub(super) mode: u64,
    pub(super) size: u64,
}

impl Header {
    pub(super) fn parse(block: &Block) -> io::Result<Self> {
        if !is_header(block) {
            return Err(malformed());
        }
        let prefix = match &block[257..263] {
            b"ustar\0" if block.ends_with(b"tar\0") => text(&block[345..476]),
            b"ustar\0" => text(&block[345..500]),
            _ => b"",
        };
        let mut name = prefix.to_vec();
        if !prefix.is_empty() {
            name.push(b'/');
        }
        name.extend_from_slice(text(&block[..100]));
        Ok(Self {
            name,
            link: text(&block[157..257]).to_vec(),
            flag: block[156],
            mode: number(&block[100..108])?,
            size: number(&block[124..136])?,
        })
    }
}

/// Whether the block's checksum is that of a tar header.
pub(crate) fn is_header(block: &Block) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let bytes =
        || block.iter().enumerate().map(|(at, byte)| if CHECKSUM.contains(&at) { b' ' } else { *byte });
    let unsigned: i64 = bytes().map(i64::from).sum();
    // Some old writers added signed bytes.
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    octal(&block[CHECKSUM])
        .and_then(|sum| i64::try_from(sum).ok())
        .is_some_and(|sum| sum == unsigned || sum == signed)
}

/// Whether the block is one of GNU tar's own format, which alone may describe an old sparse file.
pub(super) fn is_gnu(block: &Block) -> bool {
    &block[257..265] == b"ustar  \0"
}

/// A field up to its first NUL byte.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in base 256 where the first bit is set.
pub(super) fn number(field: &[u8]) -> io::Result<u64> {
    let parsed = match field {
        [first, rest @ ..] if first & 0x80 != 0 => {
            rest.iter().try_fold(u64::from(first & 0x7f), |number, byte| {
                number.checked_mul(256).map(|number| number | u64::from(*byte))
            })
        }
        _ => octal(field),
    };
    parsed.filter(|number| i64::try_from(*number).is_ok()).ok_or_else(malformed)
}

fn octal(field: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !blank(byte)) else {
        return Some(0);
    };
    let end = field.iter().rposition(|byte| !blank(byte))?;
    let digits = text(&field[start..=end]);
    let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u64::from_str_radix(digits, 8).ok()
}
