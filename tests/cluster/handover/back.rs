//! What source-controller finds when it takes over again.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams, ListParams};
use serde_json::{Value, json};

use super::definition::Definition;
use super::fixture::{Fixture, names};
use super::stage::{MANAGER, Stage, hex};
use super::storage::Shelf;
use crate::support::api::is_settled;
use crate::support::files::below;
use crate::support::manifest::pull_secret;
use crate::support::scene::Scene;

const FINGERPRINT: &str = "sourceVerificationFingerprint";

pub(super) async fn what_is_left_is_what_source_controller_would_have_left(scene: Scene) {
    let mut stage = Stage::set(scene).await;
    stage.namespace.apply(&pull_secret("pull", &stage.gate.host(), "anybody", "anything")).await;
    stage.operator.resume().await;
    for name in names() {
        let fixture = stage.fixture(&name, ("", 0));
        let namespace = stage.namespace_of(&fixture);
        namespace.apply(&fixture.first_manifest()).await;
        if fixture.path().is_some() {
            namespace.until_ready(&name).await;
        }
    }
    let secrets = Api::<Secret>::namespaced(stage.client.clone(), &stage.namespace.name);
    drop(secrets.delete("pull", &DeleteParams::default()).await.unwrap());
    let mut fixtures = Vec::new();
    for name in names() {
        let fixture = stage.fixture(&name, ("", 0));
        stage.namespace_of(&fixture).apply(&fixture.manifest()).await;
        let object = until_handled(&stage, &fixture).await;
        let stored = &object["status"]["artifact"];
        let digest = stored["digest"].as_str().unwrap_or_default();
        let size = stored["size"].as_u64().unwrap_or_default();
        fixtures.push(stage.fixture(&name, (digest, size.try_into().unwrap())));
    }

    assert_eq!(stage.operator.terminate().await, 0);

    let root = stage.operator.data();
    for fixture in &fixtures {
        let object = stage.object(fixture).await;
        assert_looks_like(fixture, &object);
        assert_is_stored(&root, fixture);
    }
    let kinds: BTreeSet<_> = root.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kinds, [".sluice", "ocirepository"].map(Into::into).into());
    assert_lease_is_free(&stage).await;

    let left = left_by_us(&stage, &fixtures).await;
    Definition::Upstreams.install(&stage.client, &stage.namespace).await;
    let shelf = Shelf::open(&stage.operator.address(), root).await;
    for (fixture, left) in fixtures.iter().zip(left) {
        assert_is_read_whole(&stage, fixture, left).await;
    }
    shelf.close().await;
}

/// Waits until the operator has done what the whole manifest asks for.
async fn until_handled(stage: &Stage, fixture: &Fixture) -> Value {
    let asked = fixture.object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"].clone();
    let handled = |object: &Value| {
        let failing = !fixture.is_ready() && fixture.path().is_some();
        object["status"]["lastHandledReconcileAt"] == asked
            && object["status"]["observedGeneration"] == fixture.object["metadata"]["generation"]
            && (failing || is_settled(object))
    };
    stage.namespace_of(fixture).until(fixture.name(), "state of its manifest", handled).await
}

async fn left_by_us(stage: &Stage, fixtures: &[Fixture]) -> Vec<Value> {
    let mut left = Vec::new();
    for fixture in fixtures {
        left.push(stage.object(fixture).await);
    }
    left
}

/// Finalizer, managers and status are those of source-controller, apart from times.
fn assert_looks_like(fixture: &Fixture, object: &Value) {
    let name = fixture.name();
    assert_eq!(object["metadata"]["finalizers"], fixture.object["metadata"]["finalizers"], "{name}");
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let theirs = entries.iter().filter(|entry| entry["operation"] == "Update");
    let managers: BTreeSet<_> = theirs
        .map(|entry| (entry["manager"].as_str().unwrap(), entry["subresource"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(managers, BTreeSet::from([(MANAGER, ""), (MANAGER, "status")]), "{name}");

    let mut status = object["status"].clone();
    let fingerprint = status.as_object_mut().unwrap().remove(FINGERPRINT);
    assert_eq!(fingerprint.is_some(), name == "verified", "{name}");
    let mut expected = fixture.object["status"].clone();
    for status in [&mut status, &mut expected] {
        without_times(status);
    }
    assert_eq!(status, expected, "{name}");
}

/// Takes out when things happened; each is RFC 3339 in whole seconds and UTC.
fn without_times(status: &mut Value) {
    let is_time = |value: Value| {
        let text = value.as_str().unwrap();
        let time: jiff::Timestamp = text.parse().unwrap();
        assert_eq!(text, time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    };
    for condition in status["conditions"].as_array_mut().unwrap() {
        is_time(condition.as_object_mut().unwrap().remove("lastTransitionTime").unwrap());
    }
    if let Some(artifact) = status["artifact"].as_object_mut() {
        is_time(artifact.remove("lastUpdateTime").unwrap());
    }
}

/// A regular file with the digest and the size of the status, and an absolute link to it, and nothing else.
fn assert_is_stored(root: &Path, fixture: &Fixture) {
    let Some(path) = fixture.path() else {
        assert!(!root.join("ocirepository").join(fixture.namespace()).join(fixture.name()).exists());
        return;
    };
    let file = root.join(path);
    let (_, digest) = fixture.artifact();
    let content = std::fs::read(&file).unwrap();
    assert_eq!(format!("sha256:{}", hex(&content)), digest);
    assert_eq!(fixture.object["status"]["artifact"]["size"], content.len());
    let directory = file.parent().unwrap();
    assert_eq!(std::fs::read_link(directory.join("latest.tar.gz")).unwrap(), file);
    assert_eq!(below(directory), std::slice::from_ref(&file));
    let mode = |path: &Path| path.symlink_metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&file), mode(directory)), (0o600, 0o700));
}

/// The next controller need not wait until it runs out.
async fn assert_lease_is_free(stage: &Stage) {
    let leases = Api::<Lease>::namespaced(stage.client.clone(), &stage.namespace.name);
    let found = leases.list(&ListParams::default()).await.unwrap().items;
    let found: Vec<_> = found
        .iter()
        .map(|lease| {
            let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
            (lease.metadata.name.as_deref().unwrap(), holder.unwrap_or_default())
        })
        .collect();
    assert_eq!(found, [("source-controller-leader-election", "")]);
}

/// By the definition of 1.9 nothing is missing but what 1.10 has added, nothing is unknown, and the artifact can be fetched.
async fn assert_is_read_whole(stage: &Stage, fixture: &Fixture, left: Value) {
    let name = fixture.name();
    let read = stage.object(fixture).await;
    let mut known = left.clone();
    known["status"].as_object_mut().unwrap().remove(FINGERPRINT);
    assert_eq!((&read["spec"], &read["status"]), (&known["spec"], &known["status"]), "{name}");

    let refused = stage.write_strictly(fixture, &left).await;
    if name == "verified" {
        assert!(refused.unwrap_err().contains(&format!("unknown field \"status.{FINGERPRINT}\"")));
    } else {
        assert_eq!(refused, Ok(()), "{name}");
    }
    assert_eq!(stage.write_strictly(fixture, &known).await, Ok(()), "{name}");
    if fixture.path().is_some() {
        stage.consume(&read, fixture).await;
        let latest = reqwest::get(read["status"]["url"].as_str().unwrap()).await.unwrap();
        let digest = format!("sha256:{}", hex(&latest.bytes().await.unwrap()));
        assert_eq!(json!(digest), read["status"]["artifact"]["digest"], "{name}");
    }
}
