//! Manifests by tag and by digest (spec 3.5, 3.6; rulings D21 and D47).

use bytes::Bytes;
use reference::Digest;
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};

use crate::client::Client;
use crate::credential::Credential;
use crate::digester::Digester;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::request::Request;
use crate::room::Gathered;

/// Every kind of manifest that upstream asks for; Docker's schema 1 is refused by name rather than not found.
const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v1+json,\
    application/vnd.docker.distribution.manifest.v1+prettyjws,\
    application/vnd.docker.distribution.manifest.v2+json,\
    application/vnd.oci.image.manifest.v1+json,\
    application/vnd.docker.distribution.manifest.list.v2+json,\
    application/vnd.oci.image.index.v1+json";

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// A manifest or an index, as the registry holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The digest of the bytes.
    pub digest: Digest,
    /// What the registry says it is; empty if it does not.
    pub media_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// What a tag names now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// The manifest, where resolving the tag brought it.
    pub manifest: Option<Manifest>,
}

impl Client {
    /// Resolves a tag: by `GET` where a new manifest is expected, else by `HEAD`, or by `GET` after all where
    /// `HEAD` is answered 404, 405, 501 or without a digest.
    ///
    /// # Errors
    /// Whatever the request met; after a fallback, what `GET` met.
    pub async fn resolve(
        &self,
        credential: &Credential,
        repository: &str,
        tag: &str,
        expect_new: bool,
    ) -> Result<Resolved, Error> {
        if !expect_new && let Some(digest) = self.head(credential, repository, tag).await? {
            return Ok(Resolved { digest, manifest: None });
        }
        let manifest = self.fetch(credential, repository, tag, None).await?;
        Ok(Resolved { digest: manifest.digest, manifest: Some(manifest) })
    }

    /// The digest of what a tag or digest names, without reading it: one `HEAD`. Nothing where the registry
    /// answers 404, 405, 501 or gives no digest: only `GET` can tell then.
    ///
    /// # Errors
    /// Any other answer that is no success, and what the request met.
    pub async fn head(
        &self,
        credential: &Credential,
        repository: &str,
        reference: &str,
    ) -> Result<Option<Digest>, Error> {
        let request = Request {
            method: Method::HEAD,
            accept: Some(ACCEPT),
            ..Request::get(repository, "manifests", reference)
        };
        match self.request(credential, &request).await {
            Ok(incoming) => Ok(announced(&incoming)),
            Err(error) if error.answer().is_some_and(|answer| leaves_it_to_get(answer.status)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The manifest of a digest.
    ///
    /// # Errors
    /// [`Error::ManifestDigest`] for another one, [`Error::TooLarge`], [`Error::Declined`] for a large one while
    /// there is no room, [`Error::Transport`] for less than 16 KiB/s over a minute, and whatever the request met.
    pub async fn manifest(
        &self,
        credential: &Credential,
        repository: &str,
        digest: &Digest,
    ) -> Result<Manifest, Error> {
        self.fetch(credential, repository, &digest.to_string(), Some(digest)).await
    }

    async fn fetch(
        &self,
        credential: &Credential,
        repository: &str,
        reference: &str,
        wanted: Option<&Digest>,
    ) -> Result<Manifest, Error> {
        let request = Request {
            accept: Some(ACCEPT),
            verified: wanted.is_some(),
            ..Request::get(repository, "manifests", reference)
        };
        let mut incoming = self.request(credential, &request).await?;
        let media_type = incoming.media_type();
        let expected = wanted.copied().or_else(|| announced(&incoming));
        let what = format!("manifest {}", self.name(repository, reference));
        let body = Gathered::within(&self.shared.manifest_room);
        let bytes = incoming.read(&what, self.shared.manifest_max_bytes, body).await?;
        let digest = Digester::of(&bytes);
        match expected.filter(|expected| *expected != digest) {
            Some(expected) => {
                let name = self.name(repository, reference);
                Err(Error::ManifestDigest { actual: digest, expected, name })
            }
            None => Ok(Manifest { digest, media_type, bytes }),
        }
    }

    /// A full reference, as upstream's texts give it.
    pub(crate) fn name(&self, repository: &str, reference: &str) -> String {
        let separator = if reference.starts_with("sha256:") { '@' } else { ':' };
        format!("{}/{repository}{separator}{reference}", self.shared.host)
    }
}

fn announced(incoming: &Incoming) -> Option<Digest> {
    Digest::parse(incoming.header(&DOCKER_CONTENT_DIGEST)?).ok()
}

fn leaves_it_to_get(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED)
}
