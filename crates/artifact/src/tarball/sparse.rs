//! Where the stored bytes of a sparse file belong (GNU tar's manual, "Sparse Formats").

use std::collections::VecDeque;
use std::io::{self, Read};

use super::header::{BLOCK, Block, is_gnu, number};
use super::pax::{Records, decimal};
use super::{LONGEST_EXTENSION, malformed, read_all};

/// Bytes that are stored, between two holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Fragment {
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// Where a PAX archive says what is stored.
pub(super) enum Version {
    /// 0.0 and 0.1: in the extension header.
    InRecords,
    /// 1.0: in front of the data.
    InData,
}

impl Version {
    /// The version that the records speak of; `None` where the file is not sparse, or in a way that nobody knows.
    pub(super) fn of(records: &Records) -> Option<Self> {
        match (records.get("GNU.sparse.major"), records.get("GNU.sparse.minor")) {
            (Some(b"0"), Some(b"0" | b"1")) => Some(Self::InRecords),
            (Some(b"1"), Some(b"0")) => Some(Self::InData),
            (None, None) if records.get("GNU.sparse.map").is_some() || !records.sparse_pairs.is_empty() => {
                Some(Self::InRecords)
            }
            _ => None,
        }
    }
}

/// Refuses a map that is out of order, reaches beyond the file or does not account for the stored bytes.
pub(super) fn check(map: &VecDeque<Fragment>, size: u64, stored: u64) -> io::Result<()> {
    let mut end = 0;
    let mut sum: u64 = 0;
    for fragment in map {
        let next = fragment.start.checked_add(fragment.length).ok_or_else(malformed)?;
        if fragment.start < end || next > size {
            return Err(malformed());
        }
        end = next;
        sum += fragment.length;
    }
    if sum == stored { Ok(()) } else { Err(malformed()) }
}

/// The size and the map of the old GNU format: in the header, and in blocks behind it.
pub(super) fn old_map(header: &Block, stream: &mut impl Read) -> io::Result<(u64, VecDeque<Fragment>)> {
    if !is_gnu(header) {
        return Err(malformed());
    }
    let size = number(&header[483..495])?;
    let mut map = VecDeque::new();
    collect(&mut map, &header[386..482])?;
    let mut more = header[482] != 0;
    let mut blocks = 0;
    while more {
        blocks += BLOCK as u64;
        if blocks > LONGEST_EXTENSION {
            return Err(malformed());
        }
        let mut block = [0; BLOCK];
        read_all(stream, &mut block)?;
        collect(&mut map, &block[..504])?;
        more = block[504] != 0;
    }
    Ok((size, map))
}

fn collect(map: &mut VecDeque<Fragment>, entries: &[u8]) -> io::Result<()> {
    for entry in entries.chunks_exact(24).take_while(|entry| entry[0] != 0) {
        map.push_back(Fragment { start: number(&entry[..12])?, length: number(&entry[12..])? });
    }
    Ok(())
}

/// The map of the versions 0.0 and 0.1.
pub(super) fn map_in_records(records: &Records) -> io::Result<VecDeque<Fragment>> {
    let numbers = match records.get("GNU.sparse.map") {
        _ if !records.sparse_pairs.is_empty() => records.sparse_pairs.clone(),
        Some(map) => map.split(|byte| *byte == b',').map(decimal).collect::<io::Result<_>>()?,
        None => Vec::new(),
    };
    let blocks = records.number("GNU.sparse.numblocks")?.ok_or_else(malformed)?;
    if blocks.checked_mul(2) != Some(numbers.len() as u64) {
        return Err(malformed());
    }
    Ok(numbers.chunks_exact(2).map(|pair| Fragment { start: pair[0], length: pair[1] }).collect())
}

/// The map of version 1.0: lines of one number each, how many pairs there are and then the pairs; it takes whole blocks.
pub(super) fn map_in_data(
    mut next_block: impl FnMut() -> io::Result<Block>,
) -> io::Result<VecDeque<Fragment>> {
    let mut unread = VecDeque::new();
    let mut next_number = || {
        let mut digits = Vec::new();
        loop {
            match unread.pop_front() {
                None => unread.extend(next_block()?),
                Some(b'\n') => return decimal(&digits),
                Some(_) if digits.len() > 20 => return Err(malformed()),
                Some(digit) => digits.push(digit),
            }
        }
    };
    let mut map = VecDeque::new();
    for _ in 0..next_number()? {
        map.push_back(Fragment { start: next_number()?, length: next_number()? });
    }
    Ok(map)
}
