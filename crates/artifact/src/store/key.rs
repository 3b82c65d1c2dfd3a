//! Names of objects and of their files, safe to be joined to a path.

use super::Error;

/// First component of every path that this operator writes (spec 7.2).
pub(super) const KIND: &str = "ocirepository";
/// The link to the artifact that was published last (spec 7.3).
pub(super) const LATEST: &str = "latest.tar.gz";
/// A link of upstream's that did not come to take its place: a stale one is removed at the next publication (spec 7.3).
pub(super) const LATEST_TEMPORARY: &str = "latest.tar.gz.tmp";
/// Lock files of upstream, which stay until their artifact goes.
pub(super) const LOCK: &str = ".lock";
/// The longest name of a file on the file systems in use.
const NAME_MAX: usize = 255;

/// One component of a path that cannot leave its directory and is not hidden.
pub(super) fn is_clean(component: &str) -> bool {
    !component.is_empty()
        && component.len() <= NAME_MAX
        && !component.starts_with('.')
        && !component.contains(['/', '\\', '\0'])
}

/// A file that may be an artifact: clean, and neither link, lock nor temporary.
pub(super) fn is_artifact(name: &str) -> bool {
    is_clean(name) && name != LATEST && name != LATEST_TEMPORARY && !name.ends_with(LOCK)
}

/// A file that has the name of an artifact: a digest and the ending.
pub(super) fn is_named_as_artifact(name: &str) -> bool {
    name.strip_suffix(".tar.gz").is_some_and(has_digest_form)
}

/// An object that owns a directory of the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    namespace: String,
    name: String,
}

impl Key {
    /// Takes a namespace and a name.
    ///
    /// # Errors
    /// [`Error::InvalidName`] where one of them is no clean component of a path.
    pub fn new(namespace: &str, name: &str) -> Result<Self, Error> {
        for component in [namespace, name] {
            if !is_clean(component) {
                return Err(Error::InvalidName(component.to_owned()));
            }
        }
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The namespace of the object.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the object.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ocirepository/<namespace>/<name>/<digest>.tar.gz`, relative to the root (spec 7.2); `file_digest` is the digest
    /// part of a revision, such as `sha256:<hex>`.
    ///
    /// # Errors
    /// [`Error::InvalidName`] where `file_digest` does not have the form of a digest.
    pub fn artifact_path(&self, file_digest: &str) -> Result<String, Error> {
        let file = format!("{file_digest}.tar.gz");
        if !has_digest_form(file_digest) || !is_artifact(&file) {
            return Err(Error::InvalidName(file_digest.to_owned()));
        }
        Ok(self.path_of(&file))
    }

    /// `ocirepository/<namespace>/<name>/latest.tar.gz`, relative to the root (spec 7.3).
    #[must_use]
    pub fn latest_path(&self) -> String {
        self.path_of(LATEST)
    }

    /// The object in whose directory a stored file lies, by the file's path relative to the root.
    pub(super) fn owner_of(path: &str) -> Option<Self> {
        let mut components = path.split('/').skip(1);
        Self::new(components.next()?, components.next()?).ok()
    }

    /// The object's directory, relative to the root.
    pub(super) fn directory(&self) -> String {
        format!("{KIND}/{}/{}", self.namespace, self.name)
    }

    /// A file in the object's directory, relative to the root.
    pub(super) fn path_of(&self, file: &str) -> String {
        format!("{}/{file}", self.directory())
    }

    /// The artifact's file name, if the path is one of this object's own; what a status says is not trusted.
    pub(super) fn file_of<'path>(&self, path: &'path str) -> Option<&'path str> {
        let file = path.strip_prefix(&self.directory())?.strip_prefix('/')?;
        is_artifact(file).then_some(file)
    }
}

fn has_digest_form(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !algorithm.is_empty()
        && !encoded.is_empty()
        && algorithm.bytes().all(|byte| is_lower(byte) || b"+._-".contains(&byte))
        && encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=_-".contains(&byte))
}
