//! A delivery of each kind of sender, where it says something was pushed, and what else the kind sends.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::stage::{Headers, Stage, header};

/// Where the identity provider of a test stands in the tables.
const ISSUER: &str = "ISSUER";
const PIPELINE: &str = r#"{"url":"oci://ghcr.io/example/web","tag":"1.4.2","digest":"sha256:4e9d62b02bc05e96a460820405bb2607762573630283b411c8d034e80ddceb54"}"#;

/// A kind of sender.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// `spec.type`.
    pub(super) name: &'static str,
    /// The fixture of a push of one tag, or the body itself.
    pub(super) push: &'static str,
    /// What it says was pushed.
    pub(super) url: &'static str,
    pub(super) tag: &'static str,
    /// A text of it in the place of which another one means another host, and that host's repository.
    pub(super) elsewhere: Option<(&'static str, &'static str, &'static str)>,
    /// Fixtures of deletions, of pushes without a tag, of tests.
    pub(super) silent: &'static [&'static str],
    /// `spec.host`.
    pub(super) host: Option<&'static str>,
    pub(super) proof: Proof,
}

/// How a kind proves who sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Path,
    Shared,
    Signature,
    /// With `email` in the place of `sub`, and with the application that asked.
    Token {
        email: bool,
        application: Option<&'static str>,
    },
}

const NONE: Kind = Kind {
    name: "",
    push: PIPELINE,
    url: "ghcr.io/example/web",
    tag: "1.4.2",
    elsewhere: Some(("ghcr.io", "quay.io", "quay.io/example/web")),
    silent: &[],
    host: None,
    proof: Proof::Shared,
};

/// Each kind; `acr` has two ways to prove itself, and `harbor` has two formats.
pub(super) const KINDS: [Kind; 19] = [
    Kind {
        name: "distribution",
        push: "distribution/push-tag",
        url: "registry.example.com/apps/web",
        elsewhere: Some(("registry.example.com", "other.example.com", "other.example.com/apps/web")),
        silent: &["distribution/push-digest", "distribution/delete-tag", "distribution/delete-manifest"],
        ..NONE
    },
    Kind {
        name: "gitlab",
        push: "gitlab/push-tag",
        url: "registry.gitlab.example.com/platform/web/api",
        elsewhere: Some(("registry.gitlab", "other.gitlab", "other.gitlab.example.com/platform/web/api")),
        silent: &["gitlab/push-digest", "gitlab/delete-tag", "gitlab/delete-manifest"],
        ..NONE
    },
    Kind {
        name: "dockerhub",
        push: "dockerhub/push",
        url: "docker.io/exampleorg/web",
        elsewhere: None,
        proof: Proof::Path,
        ..NONE
    },
    Kind {
        name: "harbor",
        push: "harbor/default-push",
        url: "harbor.example.com/apps/team/web",
        elsewhere: Some(("harbor.example.com", "other.example.com", "other.example.com/apps/team/web")),
        silent: &["harbor/default-push-digest", "harbor/default-delete", "harbor/default-pull"],
        ..NONE
    },
    Kind {
        name: "harbor",
        push: "harbor/cloudevents-push",
        url: "harbor.example.com/apps/team/web",
        elsewhere: Some(("harbor.example.com", "other.example.com", "other.example.com/apps/team/web")),
        silent: &["harbor/cloudevents-push-digest", "harbor/cloudevents-delete"],
        ..NONE
    },
    Kind {
        name: "quay",
        push: "quay/push",
        url: "quay.io/exampleorg/web",
        elsewhere: Some(("quay.io", "quay.example.com", "quay.example.com/exampleorg/web")),
        proof: Proof::Path,
        ..NONE
    },
    Kind {
        name: "github",
        push: "github/package-published",
        url: "ghcr.io/exampleorg/web",
        elsewhere: Some(("ghcr.io", "ghcr.example.com", "ghcr.example.com/exampleorg/web")),
        silent: &["github/package-published-untagged", "github/ping"],
        proof: Proof::Signature,
        ..NONE
    },
    Kind {
        name: "gitea",
        push: "gitea/package-created",
        url: "gitea.example.com/platform/apps/web",
        elsewhere: Some(("gitea.example.com", "other.example.com", "other.example.com/platform/apps/web")),
        silent: &["gitea/package-created-digest", "gitea/package-deleted", "gitea/test-push"],
        proof: Proof::Signature,
        ..NONE
    },
    Kind {
        name: "gcr",
        push: "gcr/artifact-registry-push",
        url: "europe-docker.pkg.dev/example-project/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some(("europe-", "us-", "us-docker.pkg.dev/example-project/apps/podinfo")),
        silent: &["gcr/artifact-registry-push-digest", "gcr/artifact-registry-tag-delete"],
        proof: Proof::Token { email: true, application: None },
        ..NONE
    },
    Kind {
        name: "acr",
        push: "acr/push",
        url: "myregistry.azurecr.io/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some(("myregistry.", "other.", "other.azurecr.io/apps/podinfo")),
        silent: &["acr/push-digest-no-tag", "acr/push-digest-empty-tag", "acr/delete", "acr/ping"],
        ..NONE
    },
    Kind {
        name: "acr",
        push: "acr/eventgrid-image-pushed",
        url: "myregistry.azurecr.io/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some(("myregistry.", "other.", "other.azurecr.io/apps/podinfo")),
        silent: &["acr/eventgrid-image-pushed-digest", "acr/eventgrid-image-deleted"],
        proof: Proof::Token { email: false, application: Some("4962773b-9cdb-44cf-a8bf-237846a00ab7") },
        ..NONE
    },
    Kind {
        name: "ecr",
        push: "ecr/push",
        url: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some((
            "123456789012",
            "210987654321",
            "210987654321.dkr.ecr.eu-west-1.amazonaws.com/apps/podinfo",
        )),
        silent: &["ecr/push-digest", "ecr/delete"],
        ..NONE
    },
    Kind {
        name: "nexus",
        push: "nexus/component-created",
        url: "nexus.example.com:8443/docker-hosted/apps/podinfo",
        tag: "6.7.1",
        elsewhere: None,
        silent: &["nexus/asset-deleted-tag", "nexus/asset-created-digest", "nexus/component-deleted"],
        host: Some("nexus.example.com:8443"),
        proof: Proof::Signature,
    },
    Kind {
        name: "artifactory",
        push: "artifactory/pushed",
        url: "example.jfrog.io/docker-local/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some(("example.jfrog.io", "other.jfrog.io", "other.jfrog.io/docker-local/apps/podinfo")),
        silent: &["artifactory/deleted", "artifactory/test"],
        proof: Proof::Signature,
        ..NONE
    },
    Kind {
        name: "aliyun",
        push: "aliyun/push",
        url: "registry.cn-hangzhou.aliyuncs.com/apps/podinfo",
        tag: "6.7.1",
        elsewhere: Some(("cn-hangzhou", "cn-beijing", "registry.cn-beijing.aliyuncs.com/apps/podinfo")),
        proof: Proof::Path,
        ..NONE
    },
    Kind {
        name: "zot",
        push: "zot/image-updated",
        url: "zot.example.com/apps/podinfo",
        tag: "6.7.1",
        elsewhere: None,
        silent: &["zot/image-updated-digest", "zot/image-deleted", "zot/image-deleted-digest"],
        host: Some("zot.example.com"),
        ..NONE
    },
    Kind { name: "generic", ..NONE },
    Kind { name: "generic-hmac", proof: Proof::Signature, ..NONE },
    Kind { name: "generic-oidc", proof: Proof::Token { email: false, application: None }, ..NONE },
];

impl Kind {
    /// The spec of its hook.
    pub(super) fn spec(&self, name: &str, issuer: &Issuer) -> Value {
        let mut spec = json!({ "type": self.name });
        if let Proof::Token { email, application } = self.proof {
            let whom = if email { "email" } else { "subject" };
            spec["oidc"] = json!({ "issuer": ISSUER, "audience": "hook", whom: "sender" });
            if application.is_some() {
                spec["oidc"].as_object_mut().unwrap().remove(whom);
            }
            spec["oidc"]["issuer"] = issuer.url.clone().into();
        } else {
            spec["secretRef"] = json!({ "name": name });
        }
        if let Some(host) = self.host {
            spec["host"] = host.into();
        }
        spec
    }

    /// A hook for it, with its path.
    pub(super) async fn hook(&self, stage: &Stage, namespace: &str, name: &str, issuer: &Issuer) -> String {
        let token = token_of(namespace, name);
        stage.hook(namespace, name, &token, &self.spec(name, issuer)).await
    }

    /// The delivery of a push.
    pub(super) fn body(&self) -> Vec<u8> {
        fixture(self.push)
    }

    /// The same with another text in the place of one.
    pub(super) fn body_with(&self, from: &str, to: &str) -> Vec<u8> {
        let replaced = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(text.contains(from), "{} does not have {from}", self.push);
            text.replace(from, to).into_bytes()
        };
        if self.name != "gcr" {
            return replaced(&self.body());
        }
        let mut envelope: Value = serde_json::from_slice(&self.body()).unwrap();
        let data = STANDARD.decode(envelope["message"]["data"].as_str().unwrap()).unwrap();
        envelope["message"]["data"] = STANDARD.encode(replaced(&data)).into();
        envelope["message"]["messageId"] = format!("instead of {from} {to}").into();
        envelope.to_string().into_bytes()
    }
}

/// The secret of the hook of this name.
pub(super) fn token_of(namespace: &str, name: &str) -> String {
    format!("secret-of-{namespace}-{name}")
}

/// A body by the name of its fixture, or as it is.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    if name.starts_with('{') {
        return name.as_bytes().to_vec();
    }
    std::fs::read(fixtures().join(format!("{name}.json"))).unwrap()
}

pub(super) fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/hooks/tests/fixtures")
}

/// The headers that say what a fixture is about.
pub(super) fn about(name: &str) -> Headers {
    let (folder, name) = name.split_once('/').unwrap_or_default();
    match folder {
        "gitea" if name.starts_with("test-push") => header("X-Gitea-Event", "push"),
        "gitea" => header("X-Gitea-Event", "package"),
        "zot" if name.contains("structured") => Headers::new(),
        "zot" => header("Ce-Type", format!("zotregistry.{}", event(name))),
        _ => Headers::new(),
    }
}

/// `image-updated-digest` is about `image.updated`.
fn event(name: &str) -> String {
    let words: Vec<_> = name.split('-').take(2).collect();
    words.join(".")
}
