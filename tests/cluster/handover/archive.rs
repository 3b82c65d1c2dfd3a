//! The archive that source-controller makes of files, byte for byte before compression.

use std::collections::BTreeSet;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

const BLOCK: usize = 512;

/// The tar of these files and the directories that they are in.
pub(super) fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut entries: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (path, _) in files {
        let components: Vec<&str> = path.split('/').collect();
        entries.extend((1..=components.len()).map(|depth| components[..depth].to_vec()));
    }
    let mut tar = Vec::new();
    write_entry(&mut tar, ".", None);
    for components in entries {
        let name = components.join("/");
        let file = files.iter().find(|(path, _)| *path == name);
        write_entry(&mut tar, &name, file.map(|(_, content)| &**content));
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}

/// The same compressed: other bytes than ours, as those of source-controller are.
pub(super) fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(tar).unwrap();
    compressed.finish().unwrap()
}

/// A directory where there is no content.
fn write_entry(tar: &mut Vec<u8>, name: &str, content: Option<&[u8]>) {
    let (mode, kind) = if content.is_some() { ("0000600", "0") } else { ("0000750", "5") };
    let size = format!("{:011o}", content.map_or(0, <[u8]>::len));
    let mut header = [0_u8; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    for (at, text) in [
        (0, name),
        (100, mode),
        (108, "0000000"),
        (116, "0000000"),
        (124, &size),
        (136, "00000000000"),
        (148, "        "),
        (156, kind),
        (257, "ustar\0"),
        (263, "00"),
        (329, "0000000"),
        (337, "0000000"),
    ] {
        put(at, text);
    }
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    let checksum = format!("{sum:06o}\0 ");
    header[148..156].copy_from_slice(checksum.as_bytes());
    tar.extend_from_slice(&header);
    if let Some(content) = content {
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
}
