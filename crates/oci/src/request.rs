//! One request to the registry with what it takes to be let in (spec 4.3).

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::call::Call;
use crate::challenge::{CHALLENGE_MAX_BYTES, Challenge, challenge};
use crate::client::Client;
use crate::credential::{Credential, TOKEN_MAX_BYTES};
use crate::error::Error;
use crate::failure::SURELY_READ_BYTES;
use crate::incoming::Incoming;
use crate::quota::quota;
use crate::reach::Reached;
use crate::realm;
use crate::token::TokenKey;
use crate::token_endpoint::{basic, bearer};
use crate::transport::Outgoing;

/// The most scopes of a challenge that go into a token request beside our own.
const SCOPES: usize = 8;

/// Characters of a name that a message repeats: as many as a tag may have.
const SHOWN_CHARACTERS: usize = 128;

/// A request within one repository.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) repository: &'a str,
    pub(crate) target: Target<'a>,
    pub(crate) query: Option<&'static str>,
    pub(crate) accept: Option<&'static str>,
    /// The first byte that is wanted, where it is not the very first.
    pub(crate) from: u64,
    /// Whether the content is checked against a digest.
    pub(crate) verified: bool,
}

/// Where in a repository.
pub(crate) enum Target<'a> {
    /// A kind of content and a name, as in `manifests/latest`.
    Path(&'a str, &'a str),
    /// An address that the registry itself gave.
    Url(Url),
}

impl<'a> Request<'a> {
    pub(crate) fn get(repository: &'a str, kind: &'a str, name: &'a str) -> Self {
        Self {
            method: Method::GET,
            repository,
            target: Target::Path(kind, name),
            query: None,
            accept: None,
            from: 0,
            verified: false,
        }
    }

    fn url(&self, base: &Url) -> Result<Url, Error> {
        let (kind, name) = match &self.target {
            Target::Url(url) => return Ok(url.clone()),
            Target::Path(kind, name) => (kind, name),
        };
        let declined = |reason: String| {
            let mut shown: String = name.chars().take(SHOWN_CHARACTERS).collect();
            if shown.len() < name.len() {
                shown.push('…');
            }
            Error::declined(format!("{}/{kind}/{shown}", self.repository), reason)
        };
        let unusable = || declined("not asked for: no name in a registry".to_owned());
        let mut url = base.clone();
        let mut segments = url.path_segments_mut().map_err(|()| unusable())?;
        segments.clear().push("v2");
        for segment in self.repository.split('/').chain([*kind, *name]) {
            if matches!(segment, "." | "..") {
                return Err(unusable());
            }
            segments.push(segment);
        }
        drop(segments);
        url.set_query(self.query);
        match url.as_str().len() {
            ..=SURELY_READ_BYTES => Ok(url),
            length => Err(declined(format!(
                "not asked for: its address has {length} bytes, and no server need read more than \
                 {SURELY_READ_BYTES}; use a shorter name"
            ))),
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(accept) = self.accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if self.from > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.from))
        {
            headers.insert(RANGE, range);
        }
        headers
    }
}

/// What goes into the `Authorization` header.
#[derive(Default)]
struct Pass {
    header: Option<HeaderValue>,
    /// The number of the token in it.
    token: Option<u64>,
}

impl Client {
    /// The successful answer to a request; a token that is refused is renewed once.
    pub(crate) async fn request(
        &self,
        credential: &Credential,
        request: &Request<'_>,
    ) -> Result<Incoming, Error> {
        let shared = &*self.shared;
        if credential.bytes() > TOKEN_MAX_BYTES {
            let reason = format!(
                "not shown to it: {} bytes are more than the {TOKEN_MAX_BYTES} that a token or a password may have; use a \
                 shorter one",
                credential.bytes()
            );
            return Err(Error::declined(format!("credential for {}", shared.host), reason));
        }
        let reached = shared.reach.get(&shared.transport).await?;
        let url = request.url(&reached.base)?;
        let known = shared.challenge(request.repository).or_else(|| reached.challenge.clone());

        let first = self.pass(credential, request.repository, &url, known.as_ref(), None).await?;
        let incoming = self.send(credential, request, &url, &reached, first.header.clone()).await?;
        if incoming.status() != StatusCode::UNAUTHORIZED || !incoming.of_origin {
            return incoming.success().await;
        }
        let Some(learned) = challenge(incoming.response.headers()) else {
            return incoming.success().await;
        };
        if !worth_another(credential, &learned, &first) {
            return incoming.success().await;
        }
        drop(incoming);
        let second = self.pass(credential, request.repository, &url, Some(&learned), first.token).await?;
        if known.as_ref() != Some(&learned) {
            shared.remember(request.repository, learned);
        }
        self.send(credential, request, &url, &reached, second.header).await?.success().await
    }

    async fn send(
        &self,
        credential: &Credential,
        request: &Request<'_>,
        url: &Url,
        reached: &Reached,
        authorization: Option<HeaderValue>,
    ) -> Result<Incoming, Error> {
        let outgoing = Outgoing {
            method: request.method.clone(),
            url: url.clone(),
            headers: request.headers(),
            authorization,
            form: None,
            verified: request.verified,
        };
        let outcome = self.shared.transport.send(outgoing).await;
        if let Ok(incoming) = &outcome
            && incoming.of_origin
            && incoming.status() != StatusCode::UNAUTHORIZED
            && let Some(quota) = quota(incoming.response.headers())
        {
            self.shared.note_quota(credential.identity(), quota);
        }
        let plain_refused = |incoming: &Incoming| {
            incoming.of_origin && incoming.status() == StatusCode::BAD_REQUEST && url.scheme() == "http"
        };
        let doubtful = match &outcome {
            Ok(incoming) => plain_refused(incoming),
            Err(error) => error.is_host_failure(),
        };
        if doubtful {
            self.shared.reach.doubt(reached);
        }
        outcome
    }

    async fn pass(
        &self,
        credential: &Credential,
        repository: &str,
        url: &Url,
        challenge: Option<&Challenge>,
        refused: Option<u64>,
    ) -> Result<Pass, Error> {
        let (realm, service, scope) = match (challenge, credential) {
            (None, _) => return Ok(Pass::default()),
            (Some(_), Credential::RegistryToken(token)) => {
                return Ok(Pass { header: bearer(token), token: None });
            }
            (Some(Challenge::Basic), credential) => {
                let header = credential.basic().and_then(|(username, password)| basic(username, password));
                return Ok(Pass { header, token: None });
            }
            (Some(challenge @ Challenge::Bearer { .. }), _) if challenge.bytes() > CHALLENGE_MAX_BYTES => {
                let reason = format!(
                    "challenge of {} bytes, more than the {CHALLENGE_MAX_BYTES} that a token may be asked for with",
                    challenge.bytes()
                );
                return Err(Error::malformed(&Call::new(&Method::GET, url), reason));
            }
            (Some(Challenge::Bearer { realm, service, scope }), _) => (realm, service, scope),
        };
        let key = TokenKey {
            realm: realm::checked(realm, url)?,
            service: service.clone(),
            scope: scopes(repository, scope.as_deref().unwrap_or_default()),
            identity: credential.identity(),
        };
        let token = self.shared.tokens.get(&self.shared.transport, &key, credential, refused).await?;
        Ok(Pass { header: Some(token.authorization), token: Some(token.number) })
    }
}

/// Whether a challenge asks for anything that the first try did not bring.
fn worth_another(credential: &Credential, learned: &Challenge, first: &Pass) -> bool {
    match (learned, credential) {
        (_, Credential::RegistryToken(_)) => first.header.is_none(),
        (Challenge::Bearer { .. }, _) => true,
        (Challenge::Basic, _) => {
            credential.basic().is_some() && (first.header.is_none() || first.token.is_some())
        }
    }
}

/// Reading this repository, and whatever else the registry wants to see allowed.
fn scopes(repository: &str, challenged: &str) -> String {
    let own = format!("repository:{repository}:pull");
    let mut scopes = vec![own.as_str()];
    for scope in challenged.split_ascii_whitespace().take(SCOPES) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(repository: &str, name: &str) -> Result<String, Error> {
        Request::get(repository, "manifests", name)
            .url(&Url::parse("http://ghcr.io:5000/").unwrap())
            .map(Into::into)
    }

    #[test]
    fn names_stay_within_their_place_in_the_url() {
        assert_eq!(url("a/b", "v1").unwrap(), "http://ghcr.io:5000/v2/a/b/manifests/v1");
        assert_eq!(url("app/", "v1").unwrap(), "http://ghcr.io:5000/v2/app//manifests/v1");
        assert_eq!(url("app", "../x?y#z").unwrap(), "http://ghcr.io:5000/v2/app/manifests/..%2Fx%3Fy%23z");
        assert!(url("app/../other", "v1").is_err());
        assert!(url("app", "..").is_err());
    }

    #[test]
    fn a_token_is_asked_for_the_repository_and_what_the_challenge_adds() {
        assert_eq!(scopes("app", "repository:app:pull"), "repository:app:pull");
        assert_eq!(
            scopes("app", "repository:app:metadata_read"),
            "repository:app:pull repository:app:metadata_read"
        );
    }
}
