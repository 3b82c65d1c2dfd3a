//! The read side, for the file server: from the path of a URL to a file (D14, D42).

use std::path::PathBuf;

use super::Store;
use super::key::{LATEST_TEMPORARY, LOCK, is_clean};
use crate::disk;

/// Components of the path of a file: kind, namespace, name, file.
const DEPTH: usize = 4;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// A regular file below the root, links resolved.
    File(PathBuf),
    /// The root itself.
    Root,
    /// A directory that may hold artifacts; never listed.
    Directory,
    /// Nothing that is served.
    NotFound,
}

impl Store {
    /// Resolves the path of a URL, already percent-decoded: `/<kind>/<namespace>/<name>/<file>` and nothing else is a file.
    /// A link is followed to such a file only. Takes no lock: what is published is whole.
    #[must_use]
    pub fn resolve(&self, url_path: &str) -> Served {
        let path = url_path.strip_prefix('/').unwrap_or(url_path);
        if path.is_empty() {
            return Served::Root;
        }
        let directory = path.strip_suffix('/');
        let components: Vec<&str> = directory.unwrap_or(path).split('/').collect();
        if directory.is_some() && components.len() == DEPTH {
            return Served::NotFound;
        }
        if components.len() > DEPTH || !components.iter().all(|component| is_clean(component)) {
            return Served::NotFound;
        }
        self.lookup(&components).unwrap_or(Served::NotFound)
    }

    fn lookup(&self, components: &[&str]) -> Option<Served> {
        let root = disk::real(&self.root).ok()??;
        let real = disk::real(&self.full(&components.join("/"))).ok()??;
        if components.len() < DEPTH {
            return disk::look(&real).ok()??.is_directory.then_some(Served::Directory);
        }
        let inside: Option<Vec<&str>> =
            real.strip_prefix(&root).ok()?.iter().map(|part| part.to_str()).collect();
        let served = components.last().is_some_and(|file| is_served(file))
            && inside.is_some_and(|parts| is_stored_file(&parts))
            && disk::look(&real).ok()??.is_file;
        served.then_some(Served::File(real))
    }
}

fn is_stored_file(components: &[&str]) -> bool {
    components.len() == DEPTH
        && components.iter().all(|component| is_clean(component))
        && components.last().is_some_and(|file| is_served(file))
}

fn is_served(file: &str) -> bool {
    !file.ends_with(LOCK) && file != LATEST_TEMPORARY
}
