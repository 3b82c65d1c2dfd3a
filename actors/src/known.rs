//! Which artifacts exist according to the cluster: what is known but not here is "not yet", never "not found" (D14).

use std::sync::atomic::{AtomicBool, Ordering};

use dashmap::DashMap;

use crate::Key;

/// The recorded artifacts of all objects that are not being deleted; written by Repositories, read by the file server.
#[derive(Debug, Default)]
pub struct Known {
    listed: AtomicBool,
    paths: DashMap<Key, String>,
}

impl Known {
    /// The first list of objects is complete.
    pub fn complete(&self) {
        self.listed.store(true, Ordering::Release);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// The object's artifact is at this path, or it has none.
    pub fn note(&self, key: &Key, path: Option<&str>) {
        match path {
            Some(path) => drop(self.paths.insert(key.clone(), path.to_owned())),
            None => drop(self.paths.remove(key)),
        }
    }

    /// Whether an object claims to have an artifact at this path, or the link beside it.
    #[must_use]
    pub fn expects(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let ["ocirepository", namespace, name, file] = parts[..] else {
            return false;
        };
        let Some(recorded) = self.paths.get(&Key::new(namespace, name)) else {
            return false;
        };
        file == "latest.tar.gz" || recorded.trim_start_matches('/') == path.trim_start_matches('/')
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::Key;

    #[test]
    fn only_the_recorded_file_and_the_link_of_this_kind_are_expected() {
        let known = Known::default();
        known.note(&Key::new("team", "app"), Some("ocirepository/team/app/sha256:aa.tar.gz"));

        assert!(known.expects("/ocirepository/team/app/sha256:aa.tar.gz"));
        assert!(known.expects("/ocirepository/team/app/latest.tar.gz"));
        for other in [
            "/ocirepository/team/app/sha256:bb.tar.gz",
            "/ocirepository/team/other/latest.tar.gz",
            "/helmchart/team/app/latest.tar.gz",
            "/ocirepository/team/app/latest.tar.gz/",
        ] {
            assert!(!known.expects(other), "{other}");
        }
    }
}
