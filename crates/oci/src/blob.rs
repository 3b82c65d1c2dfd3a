//! Blobs: verified, resumed, and never slower or larger than allowed (spec 3.6; rulings D1, D6, D15).

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE};
use reqwest::{Method, StatusCode};

use crate::client::Client;
use crate::credential::Credential;
use crate::descriptor::Descriptor;
use crate::digester::Digester;
use crate::error::{Error, TransportError, TransportKind};
use crate::incoming::Incoming;
use crate::pace::{Pace, TooSlow};
use crate::request::Request;
use crate::sink::Sink;

/// What a transfer may cost.
#[derive(Clone, Copy, Debug)]
pub struct BlobLimits {
    /// How long the registry may take to answer, and to send the next byte.
    pub stall: Duration,
    /// Largest blob, in bytes, by its descriptor.
    pub max_bytes: Option<u64>,
}

/// Bytes of one blob on their way into a sink.
struct Transfer<'a, S> {
    client: &'a Client,
    credential: &'a Credential,
    repository: &'a str,
    descriptor: &'a Descriptor,
    pace: Pace,
    sink: &'a mut S,
    digester: Digester,
    received: u64,
}

impl Client {
    /// Writes a blob into `sink`. A transfer that was cut goes on from the last byte as long as each try brings one
    /// more and all of them together are fast enough; if the content is wrong then, it is read once more from its
    /// beginning.
    ///
    /// On `Ok` the sink has exactly the bytes of the descriptor's size and digest; after an error what it has is
    /// worthless. Content that the descriptor embeds needs no request.
    ///
    /// # Errors
    /// [`Error::TooLarge`] before any request, [`Error::BlobLength`], [`Error::BlobDigest`], [`Error::Sink`],
    /// [`Error::Transport`] for a cut without progress, a stall, or less than 16 KiB/s of new bytes over a minute, and
    /// whatever a request met.
    pub async fn blob<S: Sink>(
        &self,
        credential: &Credential,
        repository: &str,
        descriptor: &Descriptor,
        limits: BlobLimits,
        sink: &mut S,
    ) -> Result<(), Error> {
        if let Some(limit) = limits.max_bytes.filter(|limit| descriptor.size > *limit) {
            return Err(Error::TooLarge { what: format!("blob {}", descriptor.digest), limit });
        }
        if let Some(data) = embedded(descriptor) {
            return sink.write(data).await.map_err(|error| Error::Sink(Arc::new(error)));
        }
        let mut transfer = Transfer {
            client: self,
            credential,
            repository,
            descriptor,
            pace: Pace::new(limits.stall),
            sink,
            digester: Digester::default(),
            received: 0,
        };
        let resumed = transfer.run().await?;
        match transfer.verify() {
            Err(Error::BlobDigest { .. }) if resumed => {}
            verdict => return verdict,
        }
        transfer.restart().await?;
        transfer.run().await?;
        transfer.verify()
    }
}

impl Client {
    /// Whether this credential may read the blob in this repository: one `HEAD`. No is also what a registry says that does
    /// not answer the question; only a transfer can tell then.
    pub async fn has_blob(&self, credential: &Credential, repository: &str, descriptor: &Descriptor) -> bool {
        let digest = descriptor.digest.to_string();
        let request = Request { method: Method::HEAD, ..Request::get(repository, "blobs", &digest) };
        match self.request(credential, &request).await {
            Ok(incoming) => {
                incoming.header(&CONTENT_LENGTH).is_none_or(|length| length == descriptor.size.to_string())
            }
            Err(error) => {
                tracing::debug!(%digest, %error, "a blob is not known to be in the repository");
                false
            }
        }
    }
}

/// The content that a descriptor carries itself, if it is what the descriptor says.
fn embedded(descriptor: &Descriptor) -> Option<&[u8]> {
    let data = descriptor.data.as_deref()?;
    (data.len() as u64 == descriptor.size && Digester::of(data) == descriptor.digest).then_some(data)
}

impl<S: Sink> Transfer<'_, S> {
    /// Receives what is missing; says whether it took more than one request.
    async fn run(&mut self) -> Result<bool, Error> {
        let mut resumed = false;
        loop {
            let before = self.received;
            match self.receive().await {
                Ok(()) => return Ok(resumed),
                Err(Error::Transport(cut)) if cut.kind == TransportKind::Cut && self.received > before => {
                    tracing::debug!(digest = %self.descriptor.digest, received = self.received, "resuming a blob");
                    resumed = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One request, from the first byte that is missing.
    async fn receive(&mut self) -> Result<(), Error> {
        let digest = self.descriptor.digest.to_string();
        let request = Request {
            from: self.received,
            verified: true,
            ..Request::get(self.repository, "blobs", &digest)
        };
        let answer = self.pace.answer(self.client.request(self.credential, &request)).await;
        let mut incoming = match answer {
            Ok(answer) => answer?,
            Err(slow) => return Err(self.unanswered(slow)),
        };
        let mut skip = self.first_byte_offset(&incoming)?;
        loop {
            let chunk = match self.pace.bytes(incoming.chunk()).await {
                Ok(chunk) => chunk?,
                Err(slow) => return Err(incoming.too_slow(slow)),
            };
            let Some(chunk) = chunk else { break };
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= known as u64;
            let new = &chunk[known..];
            self.accept(&incoming, new).await?;
            self.pace.received(new.len()).map_err(|slow| incoming.too_slow(slow))?;
        }
        if self.received == self.descriptor.size {
            return Ok(());
        }
        Err(TransportError::told(TransportKind::Cut, incoming.of_origin, "unexpected EOF".to_owned()).into())
    }

    /// How many bytes of the body we have already: all that came before, where the registry ignored the range.
    fn first_byte_offset(&self, incoming: &Incoming) -> Result<u64, Error> {
        let is_part = incoming.status() == StatusCode::PARTIAL_CONTENT;
        if is_part && !self.starts_where_asked(incoming) {
            return Err(Error::malformed(&incoming.call, "not the range that was asked for"));
        }
        let have = if is_part { 0 } else { self.received };
        let expected = self.descriptor.size - self.received + have;
        match incoming.response.content_length().filter(|announced| *announced != expected) {
            Some(announced) => Err(Error::BlobLength { call: incoming.call.clone(), announced, expected }),
            None => Ok(have),
        }
    }

    fn starts_where_asked(&self, incoming: &Incoming) -> bool {
        let range = incoming.header(&CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes "));
        let first = range.and_then(|range| range.split_once('-')).map(|(first, _)| first.trim());
        self.received > 0 && first.and_then(|first| first.parse().ok()) == Some(self.received)
    }

    async fn accept(&mut self, incoming: &Incoming, bytes: &[u8]) -> Result<(), Error> {
        let length = bytes.len() as u64;
        if length > self.descriptor.size - self.received {
            let what = format!("content of {}", incoming.call);
            return Err(Error::TooLarge { what, limit: self.descriptor.size });
        }
        self.digester.update(bytes);
        self.sink.write(bytes).await.map_err(|error| Error::Sink(Arc::new(error)))?;
        self.received += length;
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Error> {
        let actual = std::mem::take(&mut self.digester).finish();
        let expected = self.descriptor.digest;
        if actual == expected {
            Ok(())
        } else {
            Err(Error::BlobDigest { read: self.received, actual, expected })
        }
    }

    async fn restart(&mut self) -> Result<(), Error> {
        tracing::debug!(digest = %self.descriptor.digest, "wrong content after a resume, starting over");
        self.received = 0;
        self.sink.restart().await.map_err(|error| Error::Sink(Arc::new(error)))
    }

    fn unanswered(&self, slow: TooSlow) -> Error {
        let name = self.client.name(self.repository, &self.descriptor.digest.to_string());
        TransportError::told(TransportKind::Timeout, slow.is_of_host(), format!("blob {name}: {slow}")).into()
    }
}
