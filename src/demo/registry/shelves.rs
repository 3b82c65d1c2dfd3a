//! What the demo's registry holds.

use std::collections::BTreeMap;

use actix_web::web::Bytes;
use sha2::{Digest as _, Sha256};

/// All blobs, manifests and tags; nothing is ever removed.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    blobs: BTreeMap<String, Bytes>,
    manifests: BTreeMap<(String, String), Manifest>,
    tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// A manifest as it was pushed.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) digest: String,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

impl Shelves {
    /// Keeps a blob, if it has this digest.
    pub(super) fn put_blob(&mut self, claimed: &str, bytes: Bytes) -> bool {
        let right = digest(&bytes) == claimed;
        if right {
            self.blobs.insert(claimed.to_owned(), bytes);
        }
        right
    }

    pub(super) fn blob(&self, digest: &str) -> Option<Bytes> {
        self.blobs.get(digest).cloned()
    }

    /// Keeps a manifest under its digest and, unless it is pushed by digest, under a tag.
    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> String {
        let digest = digest(&bytes);
        let manifest = Manifest { digest: digest.clone(), media_type: media_type.to_owned(), bytes };
        self.manifests.insert((repository.to_owned(), digest.clone()), manifest);
        if reference != digest {
            self.tags.entry(repository.to_owned()).or_default().insert(reference.to_owned(), digest.clone());
        }
        digest
    }

    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Option<Manifest> {
        let tagged = self.tags.get(repository).and_then(|tags| tags.get(reference));
        let digest = tagged.map_or(reference, String::as_str);
        self.manifests.get(&(repository.to_owned(), digest.to_owned())).cloned()
    }

    pub(super) fn tags(&self, repository: &str) -> Option<Vec<&str>> {
        self.tags.get(repository).map(|tags| tags.keys().map(String::as_str).collect())
    }
}

/// The digest of bytes: `sha256:` and 64 hex digits.
pub(in crate::demo) fn digest(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat())
}
