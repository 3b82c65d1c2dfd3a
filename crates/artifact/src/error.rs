//! Why no archive came of a layer.

use std::io;

/// A failure to build; each variant is told to the object's owner under another reason.
///
/// Displayed without its source: whoever shows it joins the chain with `: `, which gives upstream's text behind its own
/// `failed to extract layer contents from artifact: ` and the like (spec 5.3, 5.5).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The layer cannot be read, or has an entry that is refused (`OCIArtifactLayerOperationFailed`).
    #[error(transparent)]
    Layer(LayerError),
    /// The layer is larger than is allowed (D15; `OCIArtifactLayerOperationFailed`).
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The ignore rules are not to be had (`SourceIgnoreError`).
    #[error("ignore rules are too large: more than {limit} {unit}")]
    Ignore {
        /// What is allowed.
        limit: u64,
        /// Of what, and where it is not plain, what to do about it.
        unit: &'static str,
    },
    /// The archive, or the space to build it in, cannot be written (`ArchiveOperationFailed`).
    #[error("failed to write {what}")]
    Write {
        /// What was being written.
        what: &'static str,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
    /// The caller no longer wants it.
    #[error("cancelled")]
    Cancelled,
}

/// What is wrong with a layer; the texts are upstream's where it has one.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The bytes that were fetched cannot be opened.
    #[error("failed to read layer")]
    Open(#[source] io::Error),
    /// Neither gzip nor zstd nor tar (D17).
    #[error("requires gzip-compressed body")]
    NotAnArchive(#[source] io::Error),
    /// The stream of headers is damaged or ends early.
    #[error("tar error")]
    Tar(#[source] io::Error),
    /// The content of a file is damaged or ends early.
    #[error("error copying buffer")]
    Data(#[source] io::Error),
    /// A name that leads out of the tree, or is no name; quoted as Go does.
    #[error("tar contained invalid name error {0}")]
    Name(String),
    /// A device or a pipe.
    #[error("tar file entry {name} contained unsupported file type {kind}")]
    Type {
        /// As it stands in the layer.
        name: String,
        /// As Go shows a file mode.
        kind: String,
    },
    /// A hard link to something that came not before it, or is no file.
    #[error("tar file entry {name} is a link to {target}, which is no earlier file")]
    Link {
        /// As it stands in the layer.
        name: String,
        /// Likewise.
        target: String,
    },
    /// A file where a directory has to be, or the other way round.
    #[error("tar file entry {name} is a file and a directory")]
    Conflict {
        /// As it stands in the layer.
        name: String,
    },
}

/// Which limit a layer is beyond.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The contents of its files together (`--artifact-max-size`).
    #[error("tar {name} is bigger than max archive size of {limit} bytes")]
    Size {
        /// The file that is too much, quoted.
        name: String,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// It unpacks to so much more than it is that it must be a trap.
    #[error("layer unpacks to more than {unpacked} bytes, over {ratio} times its own size")]
    Ratio {
        /// Bytes that any layer may unpack to, whatever its size.
        unpacked: u64,
        /// How many times its size it may unpack to.
        ratio: u64,
    },
    /// Files and directories.
    #[error("layer has more than {0} entries")]
    Entries(u64),
    /// One name.
    #[error("layer has an entry with a name longer than {0} bytes")]
    Name(u64),
    /// All names together.
    #[error("names of the layer's entries are longer than {0} bytes together")]
    Names(u64),
}
