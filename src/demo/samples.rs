//! What the demo pushes, as `helm push` and `flux push artifact` would.

use std::collections::BTreeMap;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use oci::Credential;
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::OciImageManifest;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use serde_json::json;

const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const MANIFESTS_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const MANIFESTS_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

const CHART: [(&str, &str); 3] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: NAME\ndescription: A sample chart\ntype: application\nversion: VERSION\nappVersion: VERSION\n",
    ),
    ("values.yaml", "replicas: 2\n"),
    ("templates/deployment.yaml", include_str!("samples/deployment.yaml")),
];
const MANIFESTS: [(&str, &str); 2] = [
    (
        "kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - configmap.yaml\n",
    ),
    (
        "configmap.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n  version: VERSION\n",
    ),
];

/// Pushes samples to one registry.
pub(super) struct Pusher {
    client: Client,
    auth: RegistryAuth,
    registry: String,
}

impl Pusher {
    /// For the registry at this host and port, with this credential.
    pub(super) fn new(registry: &str, credential: Option<&Credential>) -> anyhow::Result<Self> {
        let config = ClientConfig {
            protocol: ClientProtocol::Http,
            use_monolithic_push: true,
            // The client has no other way to ignore a proxy that the environment names.
            http_proxy: Some(format!("http://{registry}")),
            no_proxy: registry.rsplit_once(':').map(|(host, _)| host.to_owned()),
            ..ClientConfig::default()
        };
        let auth = match credential {
            Some(Credential::Basic { username, password }) => {
                RegistryAuth::Basic(username.clone(), password.clone())
            }
            Some(Credential::Anonymous | Credential::IdentityToken { .. } | Credential::RegistryToken(_))
            | None => RegistryAuth::Anonymous,
        };
        let client = Client::try_from(config).context("no client to push with")?;
        Ok(Self { client, auth, registry: registry.to_owned() })
    }

    /// Pushes a Helm chart of this version; the tag is the version.
    pub(super) async fn push_chart(&self, repository: &str, version: &str) -> anyhow::Result<()> {
        let name = last(repository);
        let config = json!({
            "apiVersion": "v2",
            "name": name,
            "description": "A sample chart",
            "type": "application",
            "version": version,
            "appVersion": version,
        });
        let archive = archive(&format!("{name}/"), &CHART, name, version)?;
        self.push(repository, version, (CHART_CONFIG, config.to_string()), (CHART_LAYER, archive)).await
    }

    /// Pushes manifests for Kubernetes under this tag.
    pub(super) async fn push_manifests(&self, repository: &str, tag: &str) -> anyhow::Result<()> {
        let archive = archive("", &MANIFESTS, last(repository), tag)?;
        self.push(repository, tag, (MANIFESTS_CONFIG, "{}".to_owned()), (MANIFESTS_LAYER, archive)).await
    }

    async fn push(
        &self,
        repository: &str,
        tag: &str,
        (config_type, config): (&str, String),
        (layer_type, layer): (&str, Vec<u8>),
    ) -> anyhow::Result<()> {
        let annotations = BTreeMap::from([
            ("org.opencontainers.image.source".to_owned(), "https://example.com/podinfo.git".to_owned()),
            ("org.opencontainers.image.revision".to_owned(), format!("{tag}@sha1:{}", "0".repeat(40))),
        ]);
        let config = Config::new(config, config_type.to_owned(), None);
        let layers = [ImageLayer::new(layer, layer_type.to_owned(), None)];
        let manifest = OciImageManifest::build(&layers, &config, Some(annotations));
        let reference = Reference::with_tag(self.registry.clone(), repository.to_owned(), tag.to_owned());
        let pushed = self.client.push(&reference, &layers, config, &self.auth, Some(manifest)).await;
        pushed.map(drop).with_context(|| format!("{reference} could not be pushed"))
    }
}

fn last(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or(repository)
}

fn archive(folder: &str, files: &[(&str, &str)], name: &str, version: &str) -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in files {
        let text = text.replace("NAME", name).replace("VERSION", version);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len().try_into()?);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{folder}{path}"), text.as_bytes())?;
    }
    Ok(archive.into_inner()?.finish()?)
}
