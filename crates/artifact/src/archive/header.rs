//! Tar headers, byte for byte as Go's `archive/tar` writes them for upstream (spec 5.5, held by golden vectors).

/// Bytes of a header, and what data is padded to.
pub(super) const BLOCK: usize = 512;

const NAME: usize = 100;
const PREFIX: usize = 155;

/// A size from here on does not fit into the eleven octal digits of a header.
const TOO_LARGE_FOR_OCTAL: u64 = 1 << 33;

/// What a header is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// Whether anybody may execute it.
        executable: bool,
    },
}

impl Member {
    fn flag(self) -> u8 {
        match self {
            Self::Directory => b'5',
            Self::File { .. } => b'0',
        }
    }

    fn mode(self) -> u64 {
        match self {
            Self::Directory => 0o750,
            Self::File { executable: true, .. } => 0o700,
            Self::File { executable: false, .. } => 0o600,
        }
    }

    fn size(self) -> u64 {
        match self {
            Self::Directory => 0,
            Self::File { size, .. } => size,
        }
    }
}

/// The header of an entry: one USTAR block where everything fits, else a PAX header before it. The name holds no NUL byte
/// and ends in no slash.
pub(super) fn blocks(name: &[u8], member: Member) -> Vec<u8> {
    let large = member.size() >= TOO_LARGE_FOR_OCTAL;
    let split = split(name);
    let long = name.len() > NAME || !name.is_ascii();
    if !large && (!long || split.is_some()) {
        let (prefix, name) = split.unwrap_or((b"", name));
        return block(name, member.flag(), member.mode(), member.size(), Some(prefix)).to_vec();
    }
    let mut records = Vec::new();
    if long {
        records.extend(record("path", name));
    }
    if large {
        records.extend(record("size", member.size().to_string().as_bytes()));
    }
    let size = if large { 0 } else { member.size() };
    let mut blocks = block(&extension_name(name), b'x', 0, records.len() as u64, None).to_vec();
    records.resize(records.len().next_multiple_of(BLOCK), 0);
    blocks.extend(records);
    blocks.extend(block(&cut(ascii(name)), member.flag(), member.mode(), size, Some(b"")));
    blocks
}

/// Where USTAR cuts a long name: the prefix goes into a field of its own, the slash between them is not stored.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= NAME || !name.is_ascii() {
        return None;
    }
    let slash = name[..name.len().min(PREFIX + 1)].iter().rposition(|byte| *byte == b'/')?;
    let rest = &name[slash + 1..];
    (slash > 0 && (1..=NAME).contains(&rest.len())).then_some((&name[..slash], rest))
}

/// A PAX record begins with its own length, the digits of the length included.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + " =\n".len();
    let digits = |length: usize| length.to_string().len();
    let length = rest + digits(rest + digits(rest));
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn ascii(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(u8::is_ascii).collect()
}

/// A name as its field holds it. Where the cut leaves a slash at the end, which would make a file look like a directory,
/// a NUL byte ends the name before it.
fn cut(mut name: Vec<u8>) -> Vec<u8> {
    if name.len() <= NAME {
        return name;
    }
    name.truncate(NAME);
    if name.ends_with(b"/") {
        let end = without_slashes(&name[..NAME - 1]).len();
        name[end] = 0;
    }
    name
}

fn without_slashes(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    &name[..end]
}

fn extension_name(name: &[u8]) -> Vec<u8> {
    let file = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (directory, file) = name.split_at(file);
    let mut name = ascii(&[directory, b"PaxHeaders.0/", file].concat());
    name.truncate(NAME);
    without_slashes(&name).to_vec()
}

/// One header block; owners, times and links are always empty. Only an extension header has no device numbers.
fn block(name: &[u8], flag: u8, mode: u64, size: u64, prefix: Option<&[u8]>) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, &octal::<7>(mode));
    put(108, &octal::<7>(0));
    put(116, &octal::<7>(0));
    put(124, &octal::<11>(size));
    put(136, &octal::<11>(0));
    put(148, b"        ");
    put(156, &[flag]);
    put(257, b"ustar\x0000");
    if let Some(prefix) = prefix {
        put(329, &octal::<7>(0));
        put(337, &octal::<7>(0));
        put(345, prefix);
    }
    let sum = block.iter().copied().map(u64::from).sum();
    block[148..154].copy_from_slice(&octal::<6>(sum));
    block[154] = 0;
    block
}

/// Octal digits with leading zeros; the NUL byte behind them is there already.
fn octal<const DIGITS: usize>(number: u64) -> [u8; DIGITS] {
    std::array::from_fn(|at| b'0' + ((number >> (3 * (DIGITS - 1 - at))) & 7) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(blocks: &[u8]) -> (String, String) {
        let text = |field: &[u8]| String::from_utf8(field.split(|byte| *byte == 0).next().unwrap().to_vec());
        (text(&blocks[345..500]).unwrap(), text(&blocks[..100]).unwrap())
    }

    #[test]
    fn a_long_name_is_split_at_the_last_slash_that_fits() {
        let file = |name: &str| blocks(name.as_bytes(), Member::File { size: 1, executable: false });
        let (directory, name) = ("d".repeat(155), "f".repeat(100));

        assert_eq!(names(&file(&format!("{directory}/{name}"))), (directory.clone(), name.clone()));
        assert_eq!(file(&format!("{directory}/{name}g")).len(), 3 * BLOCK);
        assert_eq!(file(&format!("{directory}d/{name}")).len(), 3 * BLOCK);
        assert_eq!(names(&file(&format!("a/b/{name}"))), ("a/b".to_owned(), name));
    }

    #[test]
    fn a_name_without_its_other_characters_keeps_its_slash_unless_it_was_cut_there() {
        let main_header = |name: &str| names(&blocks(name.as_bytes(), Member::Directory)[2 * BLOCK..]).1;

        assert_eq!(main_header("a/é"), "a/");
        assert_eq!(names(&blocks("a/é".as_bytes(), Member::Directory)).1, "a/PaxHeaders.0");
        assert_eq!(main_header(&format!("{}/é/b", "a".repeat(99))), "a".repeat(99));
    }

    #[test]
    fn a_record_counts_the_digits_of_its_length() {
        assert_eq!(record("path", &[b'x'; 2]), b"11 path=xx\n");
        assert_eq!(record("path", &[b'x'; 1]), b"9 path=x\n");
        assert_eq!(record("path", &[b'x'; 90])[..8], *b"99 path=");
        assert_eq!(record("path", &[b'x'; 91])[..9], *b"101 path=");
    }

    #[test]
    fn a_size_beyond_eleven_octal_digits_goes_into_a_record() {
        let largest = blocks(b"a", Member::File { size: (8 << 30) - 1, executable: false });
        let larger = blocks(b"a", Member::File { size: 8 << 30, executable: false });

        assert_eq!(&largest[124..136], b"77777777777\0");
        assert_eq!(&larger[BLOCK..BLOCK + 19], b"19 size=8589934592\n");
        assert_eq!(&larger[2 * BLOCK + 124..][..12], b"00000000000\0");
    }
}
