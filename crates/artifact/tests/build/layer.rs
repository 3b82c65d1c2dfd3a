//! Layers, what is made of them, and what is in it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use artifact::digest::Algorithm;
use artifact::{Built, Content, Error, Limits, Recipe, Scratch, build};

use crate::tar_builder::TarBuilder;

/// An archive that was built.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) bytes: Vec<u8>,
    pub(crate) built: Built,
    pub(crate) tar: Vec<u8>,
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn layer(tar: TarBuilder) -> Content {
    Content::memory(gzip(&tar.finish()))
}

/// A tree of files with nothing special about them.
pub(crate) fn files(files: &[(&str, &str)]) -> TarBuilder {
    files.iter().fold(TarBuilder::new(), |tar, (name, data)| tar.file(name, data))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest_of(bytes).unwrap().to_string().split_off("sha256:".len())
}

pub(crate) fn extract(layer: &Content) -> Result<Archive, Error> {
    make(layer, &Recipe::default(), &Limits::default())
}

pub(crate) fn extract_without(layer: &Content, ignore: &str) -> Archive {
    let recipe = Recipe { ignore: Some(ignore.to_owned()), ..Recipe::default() };
    make(layer, &recipe, &Limits::default()).unwrap()
}

pub(crate) fn make(layer: &Content, recipe: &Recipe, limits: &Limits) -> Result<Archive, Error> {
    let scratch = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let built =
        build(layer, recipe, limits, Algorithm::Sha256, &Scratch::new(scratch.path()), &|| false, &mut bytes);
    assert_eq!(scratch.path().read_dir().unwrap().count(), 0, "something is left in the scratch directory");
    let built = built?;
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut tar).unwrap();
    Ok(Archive { bytes, built, tar })
}

impl Archive {
    /// What another reader finds, in order: names, and data of files.
    pub(crate) fn entries(&self) -> Vec<(String, Vec<u8>)> {
        let mut tar = tar::Archive::new(&self.tar[..]);
        let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
            let mut entry = entry.unwrap();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            (String::from_utf8_lossy(&entry.path_bytes()).into_owned(), data)
        };
        tar.entries().unwrap().map(read).collect()
    }

    /// Their modes, that of the root first.
    pub(crate) fn modes(&self) -> Vec<u32> {
        let mut tar = tar::Archive::new(&self.tar[..]);
        tar.entries().unwrap().map(|entry| entry.unwrap().header().mode().unwrap()).collect()
    }

    /// Their names without the root.
    pub(crate) fn names(&self) -> Vec<String> {
        self.entries().into_iter().map(|(name, _)| name).filter(|name| name != ".").collect()
    }
}

/// The whole message of an error, as it is shown to the object's owner.
pub(crate) fn message(error: &Error) -> String {
    let mut message = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        message = format!("{message}: {source}");
        next = source.source();
    }
    message
}

pub(crate) fn refusal(layer: &Content) -> String {
    message(&extract(layer).unwrap_err())
}

/// A file with these bytes, in a directory of the test.
pub(crate) fn file_with(directory: &Path, bytes: &[u8]) -> Content {
    let path = directory.join("layer");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    Content::file(path, bytes.len() as u64)
}
