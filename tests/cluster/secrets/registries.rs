//! Registries that want to be shown secrets, hand out their own, and repeat what they were shown.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::image::{MANIFEST_TYPE, layer, manifest, sha256};
use crate::support::scripted::{Answer, Asked};

/// The `Authorization` header of a user and a password.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What a token endpoint gives out.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
    /// Given in an answer that cannot be read.
    pub(super) unreadable: String,
    /// Refresh tokens that it takes.
    pub(super) taken: BTreeSet<String>,
    /// Of what it gives out, in seconds.
    pub(super) lifetime: u32,
}

/// One registry.
#[derive(Clone)]
pub(super) struct Registry {
    pub(super) host: String,
    /// Where else one of its layers can be had.
    pub(super) elsewhere: String,
    /// `Authorization` headers that it, or its token endpoint, takes.
    pub(super) taken: BTreeSet<String>,
    /// Of layers elsewhere.
    pub(super) signature: String,
    /// Of a page of tags.
    pub(super) page_token: String,
    pub(super) tokens: Option<Tokens>,
}

impl Registry {
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        match (asked.path.as_str(), &self.tokens) {
            (path, _) if path.starts_with("/elsewhere/") => self.elsewhere(asked),
            ("/token", Some(tokens)) => self.token(asked, tokens),
            ("/v2/", _) => self.challenge(),
            (path, _) if !self.lets_in(asked) => {
                let challenge = self.challenge();
                if path.starts_with("/v2/echo/") { echo(403, asked) } else { challenge }
            }
            (path, _) => self.content(path, asked),
        }
    }

    fn lets_in(&self, asked: &Asked) -> bool {
        match &self.tokens {
            None => self.taken.contains(&asked.authorization),
            Some(tokens) => {
                let bearer = asked.authorization.strip_prefix("Bearer ");
                bearer.is_some_and(|token| token == tokens.access || tokens.taken.contains(token))
            }
        }
    }

    fn challenge(&self) -> Answer {
        let challenge = match &self.tokens {
            None => "Basic realm=\"registry\"".to_owned(),
            Some(_) => format!("Bearer realm=\"http://{}/token\",service=\"registry\"", self.host),
        };
        Answer::new(401, error("UNAUTHORIZED", "authentication required")).with("WWW-Authenticate", challenge)
    }

    fn token(&self, asked: &Asked, tokens: &Tokens) -> Answer {
        let mut refreshing = tokens.taken.iter().chain([&tokens.refresh]);
        let is_refreshed = refreshing.any(|token| asked.body.ends_with(&form(token)));
        if asked.query.contains("malformed") {
            return Answer::new(200, json!({"token": {"value": tokens.unreadable}}).to_string());
        }
        if !is_refreshed && !self.taken.contains(&asked.authorization) {
            return echo(401, asked);
        }
        let (token, refresh) = (&tokens.access, &tokens.refresh);
        let grant = json!({
            "token": token,
            "access_token": token,
            "refresh_token": refresh,
            "expires_in": tokens.lifetime,
        });
        Answer::new(200, grant.to_string())
    }

    fn content(&self, path: &str, asked: &Asked) -> Answer {
        let repository = path.split('/').nth(2).unwrap_or_default();
        if repository == "echo" {
            return echo(500, asked);
        }
        if path.ends_with("/tags/list") {
            let next =
                format!("</v2/{repository}/tags/list?last=v0&token={}>; rel=\"next\"", self.page_token);
            let is_first = asked.query == "n=1000";
            let page = || Answer::new(200, json!({"name": repository, "tags": ["v0"]}).to_string());
            return if is_first { page().with("Link", next) } else { echo(500, asked) };
        }
        if path.contains("/manifests/") {
            let manifest = manifest();
            let digest = sha256(manifest.as_bytes());
            return Answer::new(200, manifest)
                .with("Content-Type", MANIFEST_TYPE)
                .with("Docker-Content-Digest", digest);
        }
        let location = match repository {
            "redirected" => {
                format!("http://{}/elsewhere/layer?n=1&X-Signature={}", self.elsewhere, self.signature)
            }
            "expired" => {
                format!("http://{}/elsewhere/expired?X-Signature={}", self.elsewhere, self.signature)
            }
            "named" => format!("http://robot:{}@{}/elsewhere/layer", self.signature, self.elsewhere),
            "inside" => format!("http://10.0.0.1/layer?X-Signature={}", self.signature),
            "nowhere" => {
                format!("http://localhost:9/layer?X-Signature={}#{}", self.signature, self.signature)
            }
            _ => return Answer::new(200, layer()),
        };
        Answer::new(307, "").with("Location", location)
    }

    fn elsewhere(&self, asked: &Asked) -> Answer {
        if asked.path.ends_with("/layer") {
            return Answer::new(200, layer());
        }
        let signature = &self.signature;
        Answer::new(
            403,
            format!(
                "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{signature}</SignatureProvided></Error>"
            ),
        )
    }
}

/// An error that repeats whatever secret it was shown, as it was shown and as it reads.
pub(super) fn echo(status: u16, asked: &Asked) -> Answer {
    let headers = [&asked.authorization, &asked.proxy_authorization];
    let plain = headers.map(|header| {
        let shown = STANDARD.decode(header.rsplit(' ').next().unwrap_or_default()).unwrap_or_default();
        String::from_utf8_lossy(&shown).into_owned()
    });
    let message = format!("{headers:?} {} {}", plain.join(" "), asked.query);
    let detail = url::form_urlencoded::parse(asked.body.as_bytes());
    let detail: serde_json::Map<String, Value> =
        detail.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect();
    let errors = json!({"errors": [{"code": "DENIED", "message": message, "detail": detail}]});
    Answer::new(status, errors.to_string())
}

fn error(code: &str, message: &str) -> String {
    json!({"errors": [{"code": code, "message": message}]}).to_string()
}

fn form(token: &str) -> String {
    format!("refresh_token={}", url::form_urlencoded::byte_serialize(token.as_bytes()).collect::<String>())
}
