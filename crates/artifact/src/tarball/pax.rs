//! The records of a PAX extension header: `<length> <key>=<value>\n` each (POSIX pax).

use std::collections::BTreeMap;
use std::io;

use super::malformed;

/// The records that are of use here; the last of several with one key holds.
#[derive(Debug, Default)]
pub(super) struct Records {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Offsets and lengths of a sparse file in turn: version 0.0 repeats their keys.
    pub(super) sparse_pairs: Vec<u64>,
}

impl Records {
    pub(super) fn parse(mut bytes: &[u8]) -> io::Result<Self> {
        let mut records = Self::default();
        while !bytes.is_empty() {
            let (key, value, rest) = split_record(bytes).ok_or_else(malformed)?;
            records.put(key, value)?;
            bytes = rest;
        }
        Ok(records)
    }

    /// The value of a key; an empty one counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key.as_bytes()).map(Vec::as_slice).filter(|value| !value.is_empty())
    }

    /// The value of a key as a number.
    pub(super) fn number(&self, key: &str) -> io::Result<Option<u64>> {
        self.get(key).map(decimal).transpose()
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        match key {
            b"path" | b"linkpath" if value.contains(&0) => return Err(malformed()),
            b"GNU.sparse.offset" if self.sparse_pairs.len().is_multiple_of(2) => {
                self.sparse_pairs.push(decimal(value)?);
            }
            b"GNU.sparse.numbytes" if !self.sparse_pairs.len().is_multiple_of(2) => {
                self.sparse_pairs.push(decimal(value)?);
            }
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => return Err(malformed()),
            b"path" | b"linkpath" | b"size" => {
                self.values.insert(key.to_vec(), value.to_vec());
            }
            _ if key.starts_with(b"GNU.sparse.") => {
                self.values.insert(key.to_vec(), value.to_vec());
            }
            _ => {}
        }
        Ok(())
    }
}

/// Key, value and what follows the first record.
fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&bytes[..space]).ok()?).ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    (!key.is_empty() && !key.contains(&0)).then_some((key, value, rest))
}

/// A number in decimal digits that Go's signed 64 bits can hold.
pub(super) fn decimal(digits: &[u8]) -> io::Result<u64> {
    str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse::<i64>().ok())
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(malformed)
}
