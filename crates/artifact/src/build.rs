//! From the bytes of a layer to the bytes that are stored.

use std::io::{Read, Write};

use crate::archive::Archive;
use crate::content::Content;
use crate::digest::{Algorithm, Digest, HashingWriter};
use crate::error::{Error, LayerError};
use crate::ignore::{Budget, Subject};
use crate::limits::Limits;
use crate::recipe::{Operation, Recipe};
use crate::scratch::Scratch;
use crate::stop::Cancellable;
use crate::tree::{Item, Tree};

/// Bytes that are copied at a time.
const CHUNK: usize = 128 * 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Of all bytes that were written, with its algorithm.
    pub digest: Digest,
    /// How many they were.
    pub size: u64,
}

/// Writes what the recipe makes of a layer. The same layer and recipe give the same bytes, always.
///
/// `cancelled` is asked between entries, between blocks of data and while ignore rules are applied. Contents of more
/// than 8 MiB are kept meanwhile in a nameless file in `scratch`; memory is bounded by the limits whatever the layer says.
///
/// # Errors
/// See [`Error`]. Something may have been written: it is worth nothing then.
pub fn build(
    content: &Content,
    recipe: &Recipe,
    limits: &Limits,
    algorithm: Algorithm,
    scratch: &Scratch,
    cancelled: &dyn Fn() -> bool,
    out: &mut dyn Write,
) -> Result<Built, Error> {
    let out = HashingWriter::new(out, algorithm);
    let mut out = match recipe.operation {
        Operation::Copy => copy(content, cancelled, out)?,
        Operation::Extract => {
            let tree = Tree::read(content, limits, scratch.directory(), cancelled)?;
            let out = Archive::new(out, tree.archived_bytes(), scratch.deflaters());
            archive(tree, recipe, limits, cancelled, out)?
        }
    };
    out.flush().map_err(unwritten)?;
    let (digest, size) = out.finish();
    Ok(Built { digest, size })
}

fn copy<W: Write>(content: &Content, cancelled: &dyn Fn() -> bool, mut out: W) -> Result<W, Error> {
    let mut layer = Cancellable::new(content.open().map_err(LayerError::Open)?, cancelled);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = layer.read(&mut buffer).map_err(LayerError::Open)?;
        if read == 0 {
            return Ok(out);
        }
        out.write_all(&buffer[..read]).map_err(unwritten)?;
    }
}

fn archive<W: Write>(
    mut tree: Tree,
    recipe: &Recipe,
    limits: &Limits,
    cancelled: &dyn Fn() -> bool,
    mut archive: Archive<'_, W>,
) -> Result<W, Error> {
    let subject = if recipe.chart { Subject::Chart } else { Subject::Sources };
    let rules = tree.rules(recipe.ignore.as_deref(), subject, limits, cancelled)?;
    let mut budget = Budget::new(limits.ignore_steps, cancelled);
    tree.each(|path, item| {
        if cancelled() {
            return Err(Error::Cancelled);
        }
        if rules.exclude(path, matches!(item, Item::Directory), &mut budget)? {
            return Ok(());
        }
        let name = if path.is_empty() { b"." } else { path };
        match item {
            Item::Directory => archive.directory(name),
            Item::File { executable, size, mut data } => archive.file(name, executable, size, &mut data),
        }
        .map_err(unwritten)
    })?;
    archive.finish().map_err(unwritten)
}

fn unwritten(source: std::io::Error) -> Error {
    Error::Write { what: "archive", source }
}
