//! TLS with private authorities and client certificates (spec 4.4).

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci::{Client, ClientCertificate, Credential, Error, Origin, TlsMaterial};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::support::{Registry, Reply, Seen, basic, manifest, settings};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        (parameters.signed_by(&key, &self.0).unwrap(), key)
    }

    pub(crate) fn material(&self) -> TlsMaterial {
        TlsMaterial { ca_pem: Some(self.0.pem().into_bytes()), client: None }
    }

    fn client(&self) -> ClientCertificate {
        let (certificate, key) = self.issue();
        ClientCertificate {
            certificate_pem: certificate.pem().into_bytes(),
            key_pem: key.serialize_pem().into_bytes(),
        }
    }

    async fn registry(&self, mutual: bool) -> Registry {
        self.scripted(mutual, |_| manifest(b"{}")).await
    }

    async fn scripted(
        &self,
        mutual: bool,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Registry {
        Registry::start_tls(TlsAcceptor::from(Arc::new(self.config(mutual))), script).await
    }

    /// What a server of this authority needs; a `mutual` one wants a certificate from its clients, too.
    pub(crate) fn config(&self, mutual: bool) -> ServerConfig {
        let (certificate, key) = self.issue();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

async fn poll(origin: &Origin) -> Result<(), Error> {
    let client = Client::new(origin, &settings())?;
    client.head(&Credential::Anonymous, "app", "v1").await.map(|_| ())
}

fn origin(registry: &Registry, tls: Option<TlsMaterial>, insecure: bool) -> Origin {
    Origin { tls, plain_http: insecure, ..Origin::new(registry.host()) }
}

const UNKNOWN: &str = "tls: failed to verify certificate: x509: certificate signed by unknown authority";

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let authority = Authority::new();
    let registry = authority.registry(false).await;

    poll(&origin(&registry, Some(authority.material()), false)).await.unwrap();

    assert_eq!(registry.transcript(), ["GET /v2/", "HEAD /v2/app/manifests/v1"]);
}

/// The registry that this test, started anew with another environment, is to poll.
const HOST: &str = "SLUICE_TEST_REGISTRY";

#[tokio::test]
async fn a_system_authority_is_trusted_everywhere() {
    if let Ok(host) = std::env::var(HOST) {
        for tls in [None, Some(Authority::new().material())] {
            poll(&Origin { tls, ..Origin::new(host.clone()) }).await.unwrap();
        }
        return;
    }
    let (authority, directory) = (Authority::new(), tempfile::tempdir().unwrap());
    let bundle = directory.path().join("bundle.pem");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&bundle, format!("{garbage}{}", authority.0.pem())).unwrap();
    let others = mounted(&directory.path().join("others"), &Authority::new());
    let ours = mounted(&directory.path().join("ours"), &authority);
    let folders = std::env::join_paths([others, ours]).unwrap();
    for (variable, place) in [("SSL_CERT_FILE", bundle.as_os_str()), ("SSL_CERT_DIR", &folders)] {
        for (issuer, trusted) in [(&authority, true), (&Authority::new(), false)] {
            let registry = issuer.registry(false).await;
            let polled = tokio::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "tls::a_system_authority_is_trusted_everywhere"])
                .env_remove("SSL_CERT_FILE")
                .env_remove("SSL_CERT_DIR")
                .env(variable, place)
                .env(HOST, registry.host())
                .output()
                .await
                .unwrap();

            assert_eq!(polled.status.success(), trusted, "{}", String::from_utf8_lossy(&polled.stdout));
            assert_eq!(registry.take().len(), if trusted { 4 } else { 0 });
        }
    }
}

/// A volume with the authority, as the kubelet mounts it: each file by two links.
fn mounted(volume: &Path, authority: &Authority) -> PathBuf {
    let version = volume.join("..2026_11_29_12_00_00.1");
    std::fs::create_dir_all(&version).unwrap();
    std::fs::write(version.join("ca.crt"), authority.0.pem()).unwrap();
    symlink(version.file_name().unwrap(), volume.join("..data")).unwrap();
    symlink("..data/ca.crt", volume.join("ca.crt")).unwrap();
    volume.to_owned()
}

#[tokio::test]
async fn insecure_skips_verification_only_without_material() {
    let authority = Authority::new();
    let registry = authority.registry(false).await;
    let url = format!("Get \"https://{}/v2/\": ", registry.host());

    poll(&origin(&registry, None, true)).await.unwrap();

    for (tls, insecure) in
        [(None, false), (Some(Authority::new().material()), true), (Some(Authority::new().material()), false)]
    {
        let error = poll(&origin(&registry, tls, insecure)).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("{url}{UNKNOWN}; ")), "{error}");
        assert!(error.is_host_failure());
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_registry_that_wants_one() {
    let authority = Authority::new();
    let registry = authority.registry(true).await;
    let material = TlsMaterial { client: Some(authority.client()), ..authority.material() };

    poll(&origin(&registry, Some(material), false)).await.unwrap();

    assert!(registry.take().iter().all(|seen| seen.certificate));
    poll(&origin(&registry, Some(authority.material()), false)).await.unwrap_err();
    assert!(registry.take().is_empty());
}

#[tokio::test]
async fn material_that_cannot_be_used_is_named_in_upstreams_words() {
    let authority = Authority::new();
    let client = authority.client();
    let with = |certificate: &[u8], key: &[u8]| TlsMaterial {
        client: Some(ClientCertificate { certificate_pem: certificate.to_vec(), key_pem: key.to_vec() }),
        ..authority.material()
    };
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let key = "failed to parse TLS certificate and key: tls: ";
    for (tls, text) in [
        (
            TlsMaterial { ca_pem: Some(b"invalid".to_vec()), client: None },
            "failed to parse CA certificate".to_owned(),
        ),
        (TlsMaterial { ca_pem: Some(broken), client: None }, "failed to parse CA certificate".to_owned()),
        (
            with(&client.certificate_pem, b"invalid-key"),
            format!("{key}failed to find any PEM data in key input"),
        ),
        (with(b"invalid", &client.key_pem), format!("{key}failed to find any PEM data in certificate input")),
        (
            with(&client.certificate_pem, &authority.client().key_pem),
            format!("{key}private key does not match public key"),
        ),
    ] {
        let error = poll(&Origin { tls: Some(tls), ..Origin::new("127.0.0.1:1") }).await.unwrap_err();

        assert!(matches!(error, Error::Material(_)), "{error}");
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn a_registry_with_tls_leads_no_password_to_a_token_endpoint_without() {
    let plain = Registry::start(|_| Reply::ok(r#"{"token":"t"}"#)).await;
    let port = plain.host().split_once(':').unwrap().1.to_owned();
    let authority = Authority::new();
    for (redirected, reason) in [
        (false, "realm scheme \"http\" not allowed for a secure registry; use https"),
        (true, "redirect from https to http denied"),
    ] {
        let outside = format!("http://localhost:{port}/token");
        let registry = authority
            .scripted(false, move |seen| match seen.target.as_str() {
                token if token.starts_with("/token") => Reply::redirect(&outside),
                _ if redirected => {
                    let realm = format!(r#"Bearer realm="https://{}/token""#, seen.header("host"));
                    Reply::status(401).header("WWW-Authenticate", &realm)
                }
                _ => Reply::status(401).header("WWW-Authenticate", &format!(r#"Bearer realm="{outside}""#)),
            })
            .await;
        let client = Client::new(&origin(&registry, Some(authority.material()), false), &settings()).unwrap();

        let error = client.head(&basic("user", "secret"), "app", "v1").await.unwrap_err();

        assert!(error.to_string().ends_with(reason), "{error}");
        assert!(plain.take().is_empty());
    }
}
