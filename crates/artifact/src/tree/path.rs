//! Names of a layer that are safe to use.

use reference::go_quote;

use crate::error::{Error, LayerError, LimitError};

/// Bytes of a name: what Linux takes as a path.
const LONGEST: usize = 4096;

/// Bytes between two slashes: what Linux takes as the name of a file.
const LONGEST_COMPONENT: usize = 255;

/// A path below the root of a tree, without `.`, `..` or empty components; empty for the root itself.
///
/// Its components are joined by NUL bytes, which no name holds. So paths are in the order of a walk: a directory, then
/// what is in it, names in byte order (`a/z` before `a-b`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TreePath(Vec<u8>);

impl TreePath {
    /// The root of a tree.
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    /// Reads a name of a layer, which may be anything.
    ///
    /// # Errors
    /// [`LayerError::Name`] where upstream refuses it (spec 5.3) or a component is `..`; [`LimitError::Name`].
    pub(super) fn parse(name: &[u8]) -> Result<Self, Error> {
        if name.len() > LONGEST {
            return Err(LimitError::Name(LONGEST as u64).into());
        }
        let refused = name.is_empty()
            || name.starts_with(b"/")
            || name.iter().any(|byte| matches!(byte, b'\\' | 0))
            || name.windows(3).any(|bytes| bytes == b"../");
        let components = || name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
        if refused || components().any(|part| part == b"..") {
            return Err(LayerError::Name(go_quote(&shown(name))).into());
        }
        if components().any(|part| part.len() > LONGEST_COMPONENT) {
            return Err(LimitError::Name(LONGEST_COMPONENT as u64).into());
        }
        Ok(Self(components().collect::<Vec<_>>().join(&0)))
    }

    /// The path with slashes; empty for the root.
    pub(super) fn name(&self) -> Vec<u8> {
        self.0.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect()
    }

    /// The directory that it lies in; `None` for the root.
    pub(super) fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == 0).unwrap_or(0);
        Some(Self(self.0[..end].to_vec()))
    }

    /// The names on the way from the root; none for the root.
    pub(super) fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == 0).filter(|name| !name.is_empty())
    }

    /// The name in its directory; empty for the root.
    pub(super) fn last(&self) -> &[u8] {
        self.components().last().unwrap_or_default()
    }

    /// Bytes that it holds.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A name in a message.
pub(super) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> TreePath {
        TreePath::parse(name.as_bytes()).unwrap()
    }

    #[test]
    fn names_are_cleaned() {
        for (name, cleaned) in [("./a", "a"), ("a//b/./c/", "a/b/c"), ("./", ""), ("..c/..d", "..c/..d")] {
            assert_eq!(path(name).name(), cleaned.as_bytes());
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_as_upstream_words_it() {
        for name in ["", "/a", "a\\b", "../a", "a/../b", "a../b", "..", "a/..", "a\0b"] {
            let error = TreePath::parse(name.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("tar contained invalid name error {}", go_quote(name)));
        }
    }

    #[test]
    fn names_that_no_disk_takes_are_refused() {
        let longest = format!("{}/{}", "a".repeat(255), "b/".repeat(1920));
        assert_eq!(longest.len(), 4096);
        assert_eq!(path(&longest).components().count(), 1921);

        for name in [format!("{longest}b"), "c".repeat(256)] {
            let refused = TreePath::parse(name.as_bytes());
            assert!(matches!(refused, Err(Error::Limit(LimitError::Name(_)))));
        }
    }

    #[test]
    fn paths_are_in_the_order_of_a_walk() {
        let walk = ["./", "A", "a", "a/z", "a/z/b", "a-b", "a.b", "a0", "é"].map(path);

        assert!(walk.is_sorted());
        assert_eq!(
            walk.map(|path| path.parent().map(|parent| parent.name())),
            [
                None,
                Some(b"".to_vec()),
                Some(b"".to_vec()),
                Some(b"a".to_vec()),
                Some(b"a/z".to_vec()),
                Some(b"".to_vec()),
                Some(b"".to_vec()),
                Some(b"".to_vec()),
                Some(b"".to_vec()),
            ]
        );
    }
}
