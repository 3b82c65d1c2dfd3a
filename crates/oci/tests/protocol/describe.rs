//! From a digest to the layers of one platform (spec 3.6, ruling D18).

use bytes::Bytes;
use oci::{Client, Credential, Described, Error, Platform};
use reference::Digest;
use serde_json::{Value, json};

use crate::support::{Registry, Reply, client, digest, manifest};

fn image(name: &str) -> Value {
    let layer = json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(name.as_bytes()).to_string(), "size": name.len()});
    json!({"schemaVersion": 2, "annotations": {"name": name}, "layers": [layer]})
}

fn child(document: &Value, platform: Option<(&str, &str)>) -> Value {
    let mut child = json!({"digest": digest(document.to_string().as_bytes()).to_string(), "size": 1});
    if let Some((os, architecture)) = platform {
        child["platform"] = json!({"os": os, "architecture": architecture});
    }
    child
}

fn index(children: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": children})
}

/// A registry that has these documents by their digests.
async fn registry(documents: &[&Value]) -> Registry {
    let documents: Vec<_> = documents.iter().map(ToString::to_string).collect();
    Registry::start(move |seen| {
        let wanted = |document: &&String| seen.target.ends_with(&digest(document.as_bytes()).to_string());
        match documents.iter().find(wanted) {
            Some(document) => manifest(document.as_bytes()),
            None if seen.target == "/v2/" => Reply::ok(""),
            None => Reply::status(404),
        }
    })
    .await
}

async fn describe(
    client: &Client,
    digest: &Digest,
    known: Option<Bytes>,
    platform: &str,
) -> Result<Described, Error> {
    client
        .describe(&Credential::Anonymous, "app", digest, known, &platform.parse::<Platform>().unwrap())
        .await
}

fn digest_of(document: &Value) -> Digest {
    digest(document.to_string().as_bytes())
}

#[tokio::test]
async fn an_index_leads_to_the_child_of_the_platform() {
    let (arm, amd) = (image("arm"), image("amd"));
    let index = index(&[child(&arm, Some(("linux", "arm64"))), child(&amd, Some(("linux", "amd64")))]);
    let registry = registry(&[&arm, &amd, &index]).await;
    let client = client(&registry);

    for (platform, expected) in [("linux/arm64", &arm), ("linux/amd64", &amd)] {
        let described = describe(&client, &digest_of(&index), None, platform).await.unwrap();

        assert_eq!(described.digest, digest_of(expected));
        assert_eq!(described.image.annotations["name"], expected["annotations"]["name"].as_str().unwrap());
        assert_eq!(described.image.layers.len(), 1);
    }
}

#[tokio::test]
async fn a_manifest_that_is_known_is_not_read_again() {
    let amd = image("amd");
    let index = index(&[child(&amd, None)]);
    let registry = registry(&[&amd]).await;

    let known = Some(index.to_string().into());
    describe(&client(&registry), &digest_of(&index), known, "linux/amd64").await.unwrap();

    assert_eq!(
        registry.transcript(),
        ["GET /v2/".to_owned(), format!("GET /v2/app/manifests/{}", digest_of(&amd))]
    );
}

#[tokio::test]
async fn an_index_within_an_index_is_followed_but_not_for_ever() {
    let mut documents = vec![image("deep")];
    for _ in 0..20 {
        let inner = child(documents.last().unwrap(), None);
        documents.push(index(&[inner]));
    }
    let registry = registry(&documents.iter().collect::<Vec<_>>()).await;
    let client = client(&registry);

    let described = describe(&client, &digest_of(&documents[8]), None, "linux/amd64").await.unwrap();
    assert_eq!(described.digest, digest_of(&documents[0]));
    registry.take();

    let error = describe(&client, &digest_of(&documents[20]), None, "linux/amd64").await.unwrap_err();
    assert!(matches!(error, Error::Manifest { .. }), "{error}");
    assert_eq!(registry.take().len(), 9);
}

#[tokio::test]
async fn an_index_without_the_platform_is_named() {
    let arm = image("arm");
    let index = index(&[child(&arm, Some(("linux", "arm64")))]);
    let registry = registry(&[&index]).await;

    let error = describe(&client(&registry), &digest_of(&index), None, "linux/amd64").await.unwrap_err();

    let name = format!("{}/app@{}", registry.host(), digest_of(&index));
    assert_eq!(error.to_string(), format!("no child with platform linux/amd64 in index {name}"));
}

#[tokio::test]
async fn bytes_that_are_no_manifest_are_an_error() {
    let text = json!("this is no manifest");
    let registry = registry(&[&text]).await;

    let error = describe(&client(&registry), &digest_of(&text), None, "linux/amd64").await.unwrap_err();

    assert!(matches!(error, Error::Manifest { .. }), "{error}");
}
