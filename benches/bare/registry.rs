//! The requests to a registry: with TLS a ping for each host and a token for each object; the tags of a range, the digest of what is
//! known already, a manifest and a blob.

use std::path::Path;

use anyhow::{Context, ensure};
use reference::Digest;
use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// One host and, where it gives tokens, realm and service.
pub(crate) struct Registry {
    http: Client,
    base: String,
    tokens: Option<(String, String)>,
}

/// What was pulled and written to a file.
pub(crate) struct Pulled {
    pub(crate) revision: String,
    pub(crate) file: String,
    pub(crate) digest: String,
    pub(crate) size: usize,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Tags {
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    digest: String,
}

impl Registry {
    pub(crate) async fn find(host: &str, authority: Option<&[u8]>) -> anyhow::Result<Self> {
        let Some(authority) = authority else {
            return Ok(Self { http: Client::new(), base: format!("http://{host}/v2"), tokens: None });
        };
        let http = Client::builder().tls_certs_only([Certificate::from_pem(authority)?]).build()?;
        let base = format!("https://{host}/v2");
        let answer = http.get(format!("{base}/")).send().await?;
        let challenge = answer.headers().get(WWW_AUTHENTICATE).context("no challenge")?.to_str()?;
        let parameter = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let tokens = (parameter("realm").context("realm")?, parameter("service").context("service")?);
        Ok(Self { http, base, tokens: Some(tokens) })
    }

    async fn token(&self, repository: &str) -> anyhow::Result<Option<String>> {
        let Some((realm, service)) = &self.tokens else { return Ok(None) };
        let scope = format!("repository:{repository}:pull");
        let url = url::Url::parse_with_params(realm, [("service", service), ("scope", &scope)])?;
        let answer = self.http.get(url).send().await?.error_for_status()?.bytes().await?;
        let Token { token } = serde_json::from_slice(&answer)?;
        Ok(Some(token))
    }

    pub(crate) async fn pull(
        &self,
        repository: &str,
        range: bool,
        known: bool,
        data: &Path,
    ) -> anyhow::Result<Pulled> {
        let token = self.token(repository).await?;
        let token = token.as_deref();
        let tag = if range {
            let list = self.ask(Method::GET, token, &format!("{repository}/tags/list")).await?;
            let Tags { tags } = serde_json::from_slice(&list)?;
            let highest = tags.into_iter().max_by_key(|tag| tag.rsplit('.').next()?.parse::<u32>().ok());
            highest.context("no tag")?
        } else {
            "latest".to_owned()
        };
        let tagged = format!("{repository}/manifests/{tag}");
        if known {
            self.ask(Method::HEAD, token, &tagged).await?;
        }
        let manifest = self.ask(Method::GET, token, &tagged).await?;
        let Manifest { layers } = serde_json::from_slice(&manifest)?;
        let layer = &layers.first().context("no layer")?.digest;
        let blob = self.ask(Method::GET, token, &format!("{repository}/blobs/{layer}")).await?;
        let digest = digest(&blob);
        ensure!(digest.to_string() == *layer, "{layer} is {digest}");
        let file = format!("{}.tar.gz", digest.hex());
        fs_err::write(data.join(&file), &blob)?;
        let revision = format!("{tag}@{}", self::digest(&manifest));
        Ok(Pulled { revision, file, digest: digest.to_string(), size: blob.len() })
    }

    async fn ask(&self, method: Method, token: Option<&str>, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.http.request(method, format!("{}/{path}", self.base)).header(ACCEPT, MANIFEST);
        let request = token.into_iter().fold(request, RequestBuilder::bearer_auth);
        Ok(request.send().await?.error_for_status()?.bytes().await?.into())
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256_from_bytes(Sha256::digest(bytes).into())
}
