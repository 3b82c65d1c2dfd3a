//! What the files declare together: every object once, and what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use sluice_actors::Key;
use sluice_actors::cluster::{Secret, ServiceAccount};

use super::document::{Fault, documents};
use super::manifest::{Body, Declared, Kind, Manifest};

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    manifests: Vec<Placed>,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug)]
struct Placed {
    line: usize,
    manifest: Arc<Manifest>,
}

/// Reads a file. As long as any part of it does not parse, the objects that it held before and that are not among
/// the readable ones stay as they were: they may be in the part that does not parse.
pub(super) fn content(text: Result<String, String>, before: Content) -> Content {
    let text = match text {
        Ok(text) => text,
        Err(text) => {
            return Content { faults: vec![Fault { line: 1, text }], ..before };
        }
    };
    let mut content = Content::default();
    for document in documents(&text) {
        let line = document.line;
        let read =
            document.content.and_then(|value| Manifest::read(&value).map_err(|text| Fault { line, text }));
        match read {
            Ok(None) => {}
            Ok(Some(manifest)) => content.manifests.push(Placed { line, manifest: Arc::new(manifest) }),
            Err(fault) => content.faults.push(fault),
        }
    }
    if !content.faults.is_empty() {
        let readable: BTreeSet<_> = content.manifests.iter().map(Placed::identity).collect();
        let kept = before.manifests.into_iter().filter(|placed| !readable.contains(&placed.identity()));
        content.manifests.extend(kept.collect::<Vec<_>>());
    }
    content
}

impl Placed {
    fn identity(&self) -> (Kind, Key) {
        (self.manifest.kind(), self.manifest.key.clone())
    }
}

/// What all files declare.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) repositories: BTreeMap<Key, Declaration>,
    pub(super) secrets: BTreeMap<Key, Secret>,
    pub(super) accounts: BTreeMap<Key, ServiceAccount>,
    /// The files of which a part does not parse.
    pub(super) faulty: BTreeSet<String>,
    pub(super) problems: BTreeSet<Problem>,
}

/// An `OCIRepository`, and the file that declares it.
#[derive(Clone, Debug)]
pub(super) struct Declaration {
    pub(super) file: String,
    pub(super) declared: Declared,
}

/// What is wrong in the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub(super) file: String,
    pub(super) fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.fault.line, self.fault.text)
    }
}

impl Contents {
    /// Puts the files together, in their order; of an object that is declared twice the first one counts.
    pub(super) fn of<'a>(files: impl Iterator<Item = (&'a str, &'a Content)>) -> Self {
        let mut all = Self::default();
        let mut places: BTreeMap<(Kind, Key), (&str, usize)> = BTreeMap::new();
        for (file, content) in files {
            if !content.faults.is_empty() {
                all.faulty.insert(file.to_owned());
            }
            for fault in &content.faults {
                all.complain(file, fault.clone());
            }
            for placed in &content.manifests {
                let (kind, key) = placed.identity();
                if let Some((first, line)) = places.get(&(kind, key.clone())) {
                    let text = format!(
                        "the {} {key} is declared in {first}:{line} already; this one is not used",
                        kind.as_str()
                    );
                    all.complain(file, Fault { line: placed.line, text });
                    continue;
                }
                places.insert((kind, key), (file, placed.line));
                all.take(file, &placed.manifest);
            }
        }
        all
    }

    fn complain(&mut self, file: &str, fault: Fault) {
        self.problems.insert(Problem { file: file.to_owned(), fault });
    }

    fn take(&mut self, file: &str, manifest: &Manifest) {
        let key = manifest.key.clone();
        match &manifest.body {
            Body::OciRepository(declared) => {
                let declaration = Declaration { file: file.to_owned(), declared: declared.clone() };
                self.repositories.insert(key, declaration);
            }
            Body::Secret(secret) => drop(self.secrets.insert(key, secret.clone())),
            Body::ServiceAccount(account) => drop(self.accounts.insert(key, account.clone())),
            Body::ConfigMap => {}
        }
    }
}
