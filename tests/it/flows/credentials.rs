//! Which credentials and certificates let an object in (upstream's table of authentication).

use serde_json::{Value, json};

use super::authority::Authority;
use super::images::Image;
use super::place::{Place, lines, repository, secret};
use super::registry::Registry;

/// A pull secret for the registry.
fn pull_secret(name: &str, registry: &Registry, user: &str, password: &str) -> Value {
    let config = json!({"auths": {registry.host(): {"username": user, "password": password}}});
    let mut secret = secret(name, &json!({".dockerconfigjson": config.to_string()}));
    secret["type"] = json!("kubernetes.io/dockerconfigjson");
    secret
}

fn account(name: &str, pull_secret: &str) -> Value {
    let metadata = json!({"name": name});
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": [{"name": pull_secret}]})
}

/// An object that wants 6.1.6.
fn wants(name: &str, registry: &Registry, mut more: Value) -> Value {
    more["ref"] = json!({"tag": "6.1.6"});
    more["timeout"] = json!("60s");
    repository(name, &registry.url(), &more)
}

/// Each object is Ready with the image.
async fn let_in(place: &Place, image: &Image, names: &[&str]) {
    let revision = format!("6.1.6@{}", image.digest());
    for name in names {
        let status = place.settled(name).await;

        let stored = format!("True(Succeeded, stored artifact for digest '{revision}')");
        let expected = ["Ready", "ArtifactInStorage"].map(|kind| format!("{kind}={stored}"));
        assert_eq!(lines(&status), expected, "{name}");
    }
}

#[actix::test]
async fn a_password_lets_in_whether_a_secret_or_an_account_brings_it() {
    let (open, closed) = (Registry::open(), Registry::of("myuser", "mypass"));
    let image = Image::podinfo("6.1.6");
    open.push(&image, &["6.1.6"]);
    closed.push(&image, &["6.1.6"]);
    let place = Place::with(&[
        pull_secret("right", &closed, "myuser", "mypass"),
        account("puller", "right"),
        wants("nobody", &open, json!({"insecure": true})),
        wants("by-secret", &closed, json!({"insecure": true, "secretRef": {"name": "right"}})),
        wants("by-account", &closed, json!({"insecure": true, "serviceAccountName": "puller"})),
        wants(
            "before-a-cloud",
            &closed,
            json!({"insecure": true, "secretRef": {"name": "right"}, "provider": "azure"}),
        ),
    ]);

    let_in(&place, &image, &["nobody", "by-secret", "by-account", "before-a-cloud"]).await;
    place.leave().await;
}

#[actix::test]
async fn no_password_or_a_wrong_one_keeps_out_whoever_brings_it() {
    let closed = Registry::of("myuser", "mypass");
    closed.push(&Image::podinfo("6.1.6"), &["6.1.6"]);
    let place = Place::with(&[
        pull_secret("wrong", &closed, "myuser", "one"),
        pull_secret("as-wrong", &closed, "myuser", "two"),
        account("puller", "as-wrong"),
        wants("nobody", &closed, json!({"insecure": true})),
        wants("by-secret", &closed, json!({"insecure": true, "secretRef": {"name": "wrong"}})),
        wants("by-account", &closed, json!({"insecure": true, "serviceAccountName": "puller"})),
    ]);

    for (name, text) in [
        ("nobody", "failed to determine artifact digest"),
        ("by-secret", "UNAUTHORIZED"),
        ("by-account", "UNAUTHORIZED"),
    ] {
        place.failed(name, "OCIArtifactPullFailed", text).await;
    }
    assert_eq!(closed.shown(), ["", "myuser:one", "myuser:two"].map(str::to_owned).into());
    place.leave().await;
}

#[actix::test]
async fn a_private_authority_is_known_by_either_key_and_the_new_one_wins() {
    let authority = Authority::new();
    let registry = Registry::secured(authority.server(false));
    let image = Image::podinfo("6.1.6");
    registry.push(&image, &["6.1.6"]);
    let named = |name: &str| json!({"certSecretRef": {"name": name}});
    let place = Place::with(&[
        secret("new", &json!({"ca.crt": authority.pem()})),
        secret("legacy", &json!({"caFile": authority.pem()})),
        secret("both", &json!({"ca.crt": authority.pem(), "caFile": "invalid"})),
        wants("new", &registry, named("new")),
        wants("legacy", &registry, named("legacy")),
        wants("both", &registry, named("both")),
    ]);

    let_in(&place, &image, &["new", "legacy", "both"]).await;
    place.leave().await;
}

#[actix::test]
async fn an_authority_that_is_not_named_or_no_certificate_keeps_out() {
    let registry = Registry::secured(Authority::new().server(false));
    registry.push(&Image::podinfo("6.1.6"), &["6.1.6"]);
    let place = Place::with(&[
        secret("invalid", &json!({"ca.crt": "invalid"})),
        wants("unknown", &registry, json!({})),
        wants("invalid", &registry, json!({"certSecretRef": {"name": "invalid"}})),
    ]);

    place.failed("unknown", "OCIArtifactPullFailed", "failed to determine artifact digest").await;
    place.failed("invalid", "AuthenticationFailed", "failed to parse CA certificate").await;
    assert!(registry.shown().is_empty(), "a request arrived");
    place.leave().await;
}
