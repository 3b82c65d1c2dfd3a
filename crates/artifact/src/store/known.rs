//! Which stored files were hashed, so that none is hashed twice without a reason (D30, D31).
//!
//! Kept by inode: a hundred links of one file are hashed once. Bounded by the files of the store: an entry goes with the
//! last path that leads to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::digest::Digest;
use crate::disk::Identity;

/// Device and number.
pub(super) type Inode = (u64, u64);

struct Hashed {
    identity: Identity,
    digest: Digest,
    paths: usize,
}

struct Condemned {
    inode: Inode,
    digest: Digest,
    reason: String,
}

/// A path whose bytes are known to be bad because it is a link of a file that was found damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) path: String,
    pub(super) inode: Inode,
}

/// The memory of this process; empty after a start, so that everything is hashed when it is first used.
#[derive(Default)]
pub(super) struct Known {
    paths: BTreeMap<String, Inode>,
    files: BTreeMap<Inode, Hashed>,
    broken: BTreeMap<String, Condemned>,
}

impl Known {
    /// Whether a file of this identity was hashed and had this digest.
    pub(super) fn vouches(&self, identity: &Identity, digest: &Digest) -> bool {
        self.files
            .get(&identity.inode)
            .is_some_and(|hashed| hashed.identity == *identity && hashed.digest == *digest)
    }

    /// Notes that the path leads to a file of this identity, whose digest was computed from its bytes.
    pub(super) fn note(&mut self, path: &str, identity: Identity, digest: &Digest) {
        if self.paths.get(path) != Some(&identity.inode) {
            self.forget(path);
            self.paths.insert(path.to_owned(), identity.inode);
            self.files
                .entry(identity.inode)
                .or_insert_with(|| Hashed { identity, digest: digest.clone(), paths: 0 })
                .paths += 1;
        }
        self.broken.remove(path);
        if let Some(hashed) = self.files.get_mut(&identity.inode)
            && (hashed.identity != identity || hashed.digest != *digest)
        {
            hashed.identity = identity;
            hashed.digest = digest.clone();
        }
    }

    /// Forgets a path, because its file is gone or to be hashed again.
    pub(super) fn forget(&mut self, path: &str) {
        self.broken.remove(path);
        let Some(inode) = self.paths.remove(path) else {
            return;
        };
        let Some(hashed) = self.files.get_mut(&inode) else {
            return;
        };
        hashed.paths = hashed.paths.saturating_sub(1);
        if hashed.paths == 0 {
            self.files.remove(&inode);
        }
    }

    /// Forgets every path below a directory.
    pub(super) fn forget_below(&mut self, directory: &str) {
        for (path, _) in self.below(directory) {
            self.forget(&path);
        }
        self.broken.retain(|path, _| !path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/')));
    }

    /// The first path behind `after` whose file is none of those visited, with the digest that it is known by.
    pub(super) fn next(&self, after: &str, visited: &BTreeSet<Inode>) -> Option<(String, Inode, Digest)> {
        let behind = self.paths.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let mut unvisited = behind.filter(|(_, inode)| !visited.contains(inode));
        unvisited.find_map(|(path, inode)| {
            let hashed = self.files.get(inode)?;
            Some((path.clone(), *inode, hashed.digest.clone()))
        })
    }

    fn below(&self, directory: &str) -> Vec<(String, Inode)> {
        let prefix = format!("{directory}/");
        let below = self.paths.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        below.map(|(path, inode)| (path.clone(), *inode)).collect()
    }

    /// Notes that a file no longer has the digest that it is known by: its links, which are returned, wait for bytes that
    /// have it (D31). A file that is known by another digest is not damaged; what was expected of it was wrong.
    pub(super) fn condemn(&mut self, inode: Inode, digest: &Digest, reason: &str) -> Vec<String> {
        if self.files.get(&inode).is_none_or(|hashed| hashed.digest != *digest) {
            return Vec::new();
        }
        let links = self.forget_file(inode);
        for link in &links {
            let condemned = Condemned { inode, digest: digest.clone(), reason: reason.to_owned() };
            self.broken.insert(link.clone(), condemned);
        }
        links
    }

    /// Why the file behind a path, found damaged through any of its links, does not have this digest.
    pub(super) fn condemned(&self, path: &str, inode: Inode, digest: &Digest) -> Option<String> {
        let condemned = self.broken.get(path)?;
        (condemned.inode == inode && condemned.digest == *digest).then(|| condemned.reason.clone())
    }

    /// Hands over the paths that wait for bytes of this digest.
    pub(super) fn broken(&mut self, digest: &Digest) -> Vec<Broken> {
        self.broken
            .extract_if(.., |_, condemned| condemned.digest == *digest)
            .map(|(path, Condemned { inode, .. })| Broken { path, inode })
            .collect()
    }

    fn forget_file(&mut self, inode: Inode) -> Vec<String> {
        self.files.remove(&inode);
        self.paths.extract_if(.., |_, of| *of == inode).map(|(path, _)| path).collect()
    }
}
