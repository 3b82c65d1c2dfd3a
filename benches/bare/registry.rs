//! The requests to a registry: a ping for each host; a token, the tags of a range, a manifest and a blob for each object.

use std::path::Path;

use anyhow::{Context, ensure};
use reference::Digest;
use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use reqwest::{Certificate, Client};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// One host and where its tokens are.
pub(crate) struct Registry {
    http: Client,
    base: String,
    realm: String,
    service: String,
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
    pub(crate) async fn find(host: &str, authority: &[u8]) -> anyhow::Result<Self> {
        let http = Client::builder().tls_certs_only([Certificate::from_pem(authority)?]).build()?;
        let base = format!("https://{host}/v2");
        let answer = http.get(format!("{base}/")).send().await?;
        let challenge = answer.headers().get(WWW_AUTHENTICATE).context("no challenge")?.to_str()?;
        let parameter = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let (realm, service) =
            (parameter("realm").context("realm")?, parameter("service").context("service")?);
        Ok(Self { http, base, realm, service })
    }

    pub(crate) async fn pull(&self, repository: &str, range: bool, data: &Path) -> anyhow::Result<Pulled> {
        let scope = format!("repository:{repository}:pull");
        let url = url::Url::parse_with_params(&self.realm, [("service", &self.service), ("scope", &scope)])?;
        let answer = self.http.get(url).send().await?.error_for_status()?.bytes().await?;
        let Token { token } = serde_json::from_slice(&answer)?;
        let tag = if range {
            let list = self.get(&token, &format!("{repository}/tags/list")).await?;
            let Tags { tags } = serde_json::from_slice(&list)?;
            let highest = tags.into_iter().max_by_key(|tag| tag.rsplit('.').next()?.parse::<u32>().ok());
            highest.context("no tag")?
        } else {
            "latest".to_owned()
        };
        let manifest = self.get(&token, &format!("{repository}/manifests/{tag}")).await?;
        let Manifest { layers } = serde_json::from_slice(&manifest)?;
        let layer = &layers.first().context("no layer")?.digest;
        let blob = self.get(&token, &format!("{repository}/blobs/{layer}")).await?;
        let digest = digest(&blob);
        ensure!(digest.to_string() == *layer, "{layer} is {digest}");
        let file = format!("{}.tar.gz", digest.hex());
        fs_err::write(data.join(&file), &blob)?;
        let revision = format!("{tag}@{}", self::digest(&manifest));
        Ok(Pulled { revision, file, digest: digest.to_string(), size: blob.len() })
    }

    async fn get(&self, token: &str, path: &str) -> anyhow::Result<Vec<u8>> {
        let request =
            self.http.get(format!("{}/{path}", self.base)).bearer_auth(token).header(ACCEPT, MANIFEST);
        Ok(request.send().await?.error_for_status()?.bytes().await?.into())
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256_from_bytes(Sha256::digest(bytes).into())
}
