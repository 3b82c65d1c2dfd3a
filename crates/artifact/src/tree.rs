//! What a layer unpacks to, without unpacking it: an index of names and one run of contents. No path of a layer ever
//! reaches a file system.

mod contents;
mod index;
mod path;

use std::io::{Read, Write};
use std::path::Path;

use contents::Contents;
use index::{File, Index, Node};
use path::TreePath;
use reference::go_quote;

use crate::compression::decompressed;
use crate::content::Content;
use crate::error::{Error, LayerError, LimitError};
use crate::ignore::{FILE_NAME, Rules, Subject, UserPatterns};
use crate::limits::Limits;
use crate::stop::{Cancellable, Metered};
use crate::tarball::{Entry, Kind, Tarball};

pub(crate) use contents::Reader;

/// Bytes of a file that are copied at a time, by way of the stack.
const CHUNK: usize = 8 * 1024;

/// A directory version control keeps for itself: ignore files in it are not read (spec 5.4).
const VERSION_CONTROL: &[u8] = b".git";

/// The entries of a layer by name, and where their contents lie.
pub(crate) struct Tree {
    index: Index,
    contents: Contents,
}

/// An entry of a tree, in the order in which archives have them.
pub(crate) enum Item<'a> {
    /// A directory.
    Directory,
    /// A file, and a reader of exactly its contents.
    File {
        /// Whether anybody may execute it.
        executable: bool,
        /// Bytes.
        size: u64,
        /// From its first byte on.
        data: Reader<'a>,
    },
}

impl Tree {
    /// Reads a layer to the end mark of its tar stream. Contents are held in memory as long as they are few, else in a
    /// nameless file in the directory `scratch`.
    ///
    /// # Errors
    /// All of [`Error`] but `Ignore`.
    pub(crate) fn read(
        layer: &Content,
        limits: &Limits,
        scratch: &Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        let opened = layer.open().map_err(LayerError::Open)?;
        let allowed = limits.bytes_from(layer.size());
        let stream = decompressed(Cancellable::new(opened, cancelled), layer.size())?;
        let mut tarball = Tarball::new(Metered::new(stream, allowed, limits.beyond_ratio()));
        let mut unpacking = Unpacking {
            index: Index::new(limits),
            contents: Contents::new(scratch),
            unpacked: 0,
            allowed,
            limits,
            cancelled,
        };
        while let Some(entry) = tarball.next().map_err(LayerError::Tar)? {
            if cancelled() {
                return Err(Error::Cancelled);
            }
            unpacking.take(&entry, &mut tarball)?;
        }
        Ok(Self { index: unpacking.index, contents: unpacking.contents })
    }

    /// About how many bytes of tar all entries make: their contents, padded, and a header each.
    pub(crate) fn archived_bytes(&self) -> u64 {
        self.contents.end().saturating_add(self.index.len().saturating_mul(1024))
    }

    /// The ignore rules that hold: those of the tree's own files, then `spec.ignore` (spec 5.4).
    ///
    /// # Errors
    /// [`Error::Ignore`] where they are beyond a limit, `Write` where they cannot be read back, `Cancelled`.
    pub(crate) fn rules(
        &mut self,
        ignore: Option<&str>,
        subject: Subject,
        limits: &Limits,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Rules, Error> {
        let mut patterns = UserPatterns::default();
        let mut left = limits.rules_bytes;
        for (directory, file) in self.ignore_files() {
            if cancelled() {
                return Err(Error::Cancelled);
            }
            left = left
                .checked_sub(file.size)
                .ok_or(Error::Ignore { limit: limits.rules_bytes, unit: "bytes" })?;
            let mut text = Vec::new();
            self.contents
                .reader(file)
                .and_then(|mut reader| reader.read_to_end(&mut text))
                .map_err(unreadable)?;
            patterns.add(&text, &directory.name());
        }
        patterns.add(ignore.unwrap_or_default().as_bytes(), b"");
        Ok(patterns.into_rules(subject))
    }

    /// Hands every entry to a function, directories before what is in them and names in byte order.
    ///
    /// # Errors
    /// What the function returns, and `Write` where contents cannot be read back.
    pub(crate) fn each(
        &mut self,
        mut visit: impl FnMut(&[u8], Item<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (path, node) in self.index.iter() {
            let item = match node {
                Node::Directory => Item::Directory,
                Node::File(file) => Item::File {
                    executable: file.executable,
                    size: file.size,
                    data: self.contents.reader(*file).map_err(unreadable)?,
                },
            };
            visit(&path.name(), item)?;
        }
        Ok(())
    }

    /// Directories with an ignore file in them, and that file; a directory before those in it.
    fn ignore_files(&self) -> Vec<(TreePath, File)> {
        let mut found: Vec<(TreePath, File)> = self
            .index
            .iter()
            .filter_map(|(path, node)| match node {
                Node::File(file) if path.last() == FILE_NAME.as_bytes() => Some((path.parent()?, *file)),
                Node::File(_) | Node::Directory => None,
            })
            .filter(|(directory, _)| !directory.components().any(|name| name == VERSION_CONTROL))
            .collect();
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found
    }
}

/// The state while a layer is read.
struct Unpacking<'a> {
    index: Index,
    contents: Contents,
    unpacked: u64,
    allowed: u64,
    limits: &'a Limits,
    cancelled: &'a dyn Fn() -> bool,
}

impl Unpacking<'_> {
    fn take(&mut self, entry: &Entry, data: &mut impl Read) -> Result<(), Error> {
        let path = TreePath::parse(&entry.name)?;
        match entry.kind {
            Kind::Directory => self.index.add_directory(path),
            Kind::SymbolicLink => self.index.skip_link(path),
            Kind::File => {
                self.count(entry, entry.size)?;
                let offset = self.copy(entry.size, data)?;
                self.index
                    .add_file(path, File { executable: entry.mode & 0o111 != 0, offset, size: entry.size })
            }
            Kind::HardLink => {
                let target = TreePath::parse(&entry.link)?;
                if let Some(file) = self.index.link_target(&path, &target)? {
                    self.count(entry, file.size)?;
                    self.index.add_file(path, file)?;
                }
                Ok(())
            }
            Kind::Special(letters) => {
                Err(LayerError::Type { name: path::shown(&entry.name), kind: mode_text(letters, entry.mode) }
                    .into())
            }
        }
    }

    fn count(&mut self, entry: &Entry, bytes: u64) -> Result<(), LimitError> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if let Some(limit) = self.limits.unpacked_bytes.filter(|limit| self.unpacked > *limit) {
            return Err(LimitError::Size { name: go_quote(&path::shown(&entry.name)), limit });
        }
        if self.unpacked > self.allowed { Err(self.limits.beyond_ratio()) } else { Ok(()) }
    }

    /// Copies a file's data behind all contents so far, and returns where it begins.
    fn copy(&mut self, size: u64, data: &mut impl Read) -> Result<u64, Error> {
        let offset = self.contents.end();
        let mut buffer = [0; CHUNK];
        loop {
            let read = data.read(&mut buffer).map_err(LayerError::Data)?;
            if read == 0 {
                break;
            }
            if (self.cancelled)() {
                return Err(Error::Cancelled);
            }
            self.contents
                .write_all(&buffer[..read])
                .map_err(|source| Error::Write { what: "contents of the layer", source })?;
        }
        debug_assert_eq!(self.contents.end(), offset + size);
        Ok(offset)
    }
}

fn unreadable(source: std::io::Error) -> Error {
    Error::Write { what: "archive: contents of the layer cannot be read back", source }
}

/// A mode as Go shows it: the letters of the type, then the permissions.
fn mode_text(letters: &str, mode: u64) -> String {
    let permission = |(at, letter)| {
        if mode & (0o400_u64 >> at) == 0 { '-' } else { letter }
    };
    letters.chars().chain("rwxrwxrwx".chars().enumerate().map(permission)).collect()
}
