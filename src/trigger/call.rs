//! One signed request to a hook, and again where that may help.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Response, StatusCode, redirect};
use serde::Deserialize;
use url::Url;

use crate::config::TriggerArguments;
use crate::webhooks::FOLLOW;

/// For one request.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Between two of them, unless the server says when.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest that a server may ask to wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a hook is called.
pub(super) struct Call {
    http: reqwest::Client,
    hook: Url,
    secret: Vec<u8>,
    follows: bool,
}

/// What a hook says of a delivery that it has taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Taken {
    pub(super) result: String,
    pub(super) woken: Option<usize>,
    pub(super) objects: Vec<String>,
    pub(super) requested_at: Option<String>,
}

/// What a hook says of one that it refuses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
}

impl Call {
    pub(super) fn new(arguments: &TriggerArguments, secret: Vec<u8>) -> anyhow::Result<Self> {
        let hook = Url::parse(&arguments.hook).context("--hook is no URL")?;
        if !matches!(hook.scheme(), "http" | "https") {
            bail!("--hook has to begin with https:// or http://");
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(TIME_LIMIT);
        if let Some(file) = &arguments.ca_file {
            let pem = fs_err::read(file).context("--ca-file")?;
            let authorities = Certificate::from_pem_bundle(&pem).context("--ca-file has no certificates")?;
            http = http.tls_certs_merge(authorities);
        }
        Ok(Self { http: http.build()?, hook, secret, follows: arguments.wait })
    }

    /// Posts a delivery until it is taken.
    pub(super) async fn deliver(&self, body: &str, say: &dyn Fn(&str)) -> anyhow::Result<Taken> {
        let answer = self.post(body, say).await?;
        // A hook behind something that swallows its answer has taken the delivery all the same.
        Ok(answer.json().await.unwrap_or_default())
    }

    /// Posts a body until it is answered with success.
    pub(super) async fn post(&self, body: &str, say: &dyn Fn(&str)) -> anyhow::Result<Response> {
        loop {
            let (problem, pause) = match self.request(body).await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => (answer.status().to_string(), self.pause(answer).await?),
                Err(error) if error.is_builder() => return Err(error.without_url().into()),
                Err(error) => (in_words(&error.without_url()), PAUSE),
            };
            say(&format!("{problem}; again in {} s", pause.as_secs()));
            tokio::time::sleep(pause).await;
        }
    }

    async fn request(&self, body: &str) -> reqwest::Result<Response> {
        let mut request = self.http.post(self.hook.clone()).header(CONTENT_TYPE, "application/json");
        let (header, signature) = hooks::sign(&self.secret, body.as_bytes());
        request = request.header(header, signature);
        if self.follows {
            request = request.header(FOLLOW, "1");
        }
        request.body(body.to_owned()).send().await
    }

    /// How long to wait after this answer; an error where waiting does not help.
    async fn pause(&self, answer: Response) -> anyhow::Result<Duration> {
        let status = answer.status();
        let patient = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
            || status.is_server_error();
        let announced = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let announced = announced.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        if patient {
            return Ok(announced.unwrap_or(PAUSE).min(LONGEST_PAUSE));
        }
        let said = answer.json::<Refusal>().await.unwrap_or_default().message;
        let hint = match status {
            StatusCode::UNAUTHORIZED => {
                "the secret is not that of the hook (a line break at its end counts), or its type is not generic-hmac"
            }
            StatusCode::NOT_FOUND => "no hook has this path: see status.path of the RegistryWebhook",
            _ if status.is_redirection() => {
                "the address leads elsewhere: give --hook the address that it leads to"
            }
            _ => "the hook does not take this delivery",
        };
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        bail!("{status}: {hint}{said}")
    }
}

/// An error and its causes in one line.
fn in_words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
