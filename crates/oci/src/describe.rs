//! From a digest to the layers of one platform.

use bytes::Bytes;
use reference::Digest;

use crate::client::Client;
use crate::credential::Credential;
use crate::error::Error;
use crate::image::{Content, Image, ImageError, child, parse};
use crate::platform::Platform;

/// Indexes within indexes that are followed; more is no sensible artifact.
const DEPTH: usize = 8;

/// An artifact, down to one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The digest of the manifest itself, which an index may have led to.
    pub digest: Digest,
    /// Its content.
    pub image: Image,
}

impl Client {
    /// Reads the manifest of a digest; from an index the child for `platform`. `known` is the manifest of the
    /// digest where it has been read already.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::Manifest`] for one that does not parse or is nested too deeply, and what
    /// [`Client::manifest`] meets.
    pub async fn describe(
        &self,
        credential: &Credential,
        repository: &str,
        digest: &Digest,
        known: Option<Bytes>,
        platform: &Platform,
    ) -> Result<Described, Error> {
        let mut digest = *digest;
        let mut known = known;
        for _ in 0..=DEPTH {
            let bytes = match known.take() {
                Some(bytes) => bytes,
                None => self.manifest(credential, repository, &digest).await?.bytes,
            };
            let name = self.name(repository, &digest.to_string());
            let children = match parse(&bytes) {
                Ok(Content::Image(image)) => {
                    return Ok(Described { digest, image: *image });
                }
                Ok(Content::Index(children)) => children,
                Err(reason) => return Err(Error::Manifest { name, reason }),
            };
            digest = child(&children, platform)
                .ok_or_else(|| Error::NoPlatform { platform: platform.to_string(), name })?;
        }
        let name = self.name(repository, &digest.to_string());
        Err(Error::Manifest { name, reason: ImageError::Depth })
    }
}
