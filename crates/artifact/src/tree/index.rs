//! The names of a tree and what stands behind each.

use std::collections::{BTreeMap, BTreeSet};

use super::path::{TreePath, shown};
use crate::error::{Error, LayerError, LimitError};
use crate::limits::Limits;

/// What stands behind a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// A directory.
    Directory,
    /// A file.
    File(File),
}

/// A file and where its contents lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    /// Whether anybody may execute it.
    pub(super) executable: bool,
    /// Of its first byte among all contents.
    pub(super) offset: u64,
    /// Bytes.
    pub(super) size: u64,
}

/// A tree as it grows: what comes later outranks what came earlier, as on a disk. The root is always there.
#[derive(Debug)]
pub(super) struct Index {
    nodes: BTreeMap<TreePath, Node>,
    /// Symbolic links that were passed over, for hard links to them.
    skipped: BTreeSet<TreePath>,
    entries_left: u64,
    names_left: u64,
    limits: Limits,
}

impl Index {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            nodes: BTreeMap::from([(TreePath::root(), Node::Directory)]),
            skipped: BTreeSet::new(),
            entries_left: limits.entries,
            names_left: limits.names_bytes,
            limits: *limits,
        }
    }

    /// Names, the root included.
    pub(super) fn len(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// Everything, in the order of a walk.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&TreePath, &Node)> {
        self.nodes.iter()
    }

    /// Adds a directory and those it lies in. It costs an entry even where it is there already, so that a stream of
    /// repetitions ends too.
    pub(super) fn add_directory(&mut self, path: TreePath) -> Result<(), Error> {
        if matches!(self.nodes.get(&path), Some(Node::Directory)) {
            return Ok(self.charge(1, 0)?);
        }
        self.ensure_directory(Some(path))
    }

    /// Adds a file, or puts new contents into one: the execute bit stays as it was made, as when a file is opened again.
    pub(super) fn add_file(&mut self, path: TreePath, file: File) -> Result<(), Error> {
        match self.nodes.get_mut(&path) {
            Some(Node::Directory) => return Err(conflict(&path)),
            Some(Node::File(earlier)) => {
                *earlier = File { executable: earlier.executable, ..file };
                return Ok(self.charge(1, 0)?);
            }
            None => {}
        }
        self.ensure_directory(path.parent())?;
        self.charge(1, path.len())?;
        self.nodes.insert(path, Node::File(file));
        Ok(())
    }

    /// Passes over a symbolic link (spec 5.3).
    pub(super) fn skip_link(&mut self, path: TreePath) -> Result<(), Error> {
        self.charge(1, path.len())?;
        self.skipped.insert(path);
        Ok(())
    }

    /// The file that a hard link names (D9); `None`, and the link is passed over, where that is a symbolic link.
    pub(super) fn link_target(&mut self, path: &TreePath, target: &TreePath) -> Result<Option<File>, Error> {
        if let Some(Node::File(file)) = self.nodes.get(target) {
            return Ok(Some(*file));
        }
        if self.skipped.contains(target) {
            self.skip_link(path.clone())?;
            return Ok(None);
        }
        Err(LayerError::Link { name: shown(&path.name()), target: shown(&target.name()) }.into())
    }

    fn ensure_directory(&mut self, mut path: Option<TreePath>) -> Result<(), Error> {
        while let Some(missing) = path {
            match self.nodes.get(&missing) {
                Some(Node::Directory) => break,
                Some(Node::File(_)) => return Err(conflict(&missing)),
                None => {}
            }
            self.charge(1, missing.len())?;
            path = missing.parent();
            self.nodes.insert(missing, Node::Directory);
        }
        Ok(())
    }

    fn charge(&mut self, entries: u64, name_bytes: u64) -> Result<(), LimitError> {
        self.entries_left =
            self.entries_left.checked_sub(entries).ok_or(LimitError::Entries(self.limits.entries))?;
        self.names_left =
            self.names_left.checked_sub(name_bytes).ok_or(LimitError::Names(self.limits.names_bytes))?;
        Ok(())
    }
}

fn conflict(path: &TreePath) -> Error {
    LayerError::Conflict { name: shown(&path.name()) }.into()
}
