//! Signatures, made by cosign itself.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::api::{artifact, condition};
use crate::support::bench::Bench;
use crate::support::manifest::{repository, secret};
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(a_signed_push_is_taken_and_an_unsigned_one_is_not)]
}

async fn a_signed_push_is_taken_and_an_unsigned_one_is_not(scene: Scene) {
    let registry = scene.registry().await;
    let keys = scene.keys().await;
    let signed = registry.push("app:main", &[("a.yaml", b"a: 1\n")]).await;
    registry.sign(&format!("app@{signed}"), &keys).await;
    let operator = scene.operator().await;
    let namespace = &scene.namespace;
    namespace.apply(&secret("trusted", "cosign.pub", &keys.public)).await;
    let verify = json!({"provider": "cosign", "secretRef": {"name": "trusted"}});
    let spec = json!({"ref": {"tag": "main"}, "verify": verify});
    namespace.apply(&repository("app", &format!("{}/app", registry.host()), &spec)).await;

    let before = namespace.until_revision("app", &format!("main@{signed}")).await;
    assert_eq!(condition(&before, "SourceVerified")["status"], "True");

    let unsigned = registry.push("app:main", &[("a.yaml", b"a: 2\n")]).await;
    namespace.poke("app", "now").await;

    let after = namespace.until_failed("app", "failed to verify the signature using provider 'cosign'").await;
    let verified = condition(&after, "SourceVerified");
    assert_eq!((&verified["status"], &verified["reason"]), (&json!("False"), &json!("VerificationError")));
    assert_eq!(after["status"]["artifact"], before["status"]["artifact"]);
    assert!(!operator.artifacts("app").join(format!("{unsigned}.tar.gz")).exists());
    let (url, digest) = artifact(&after);
    scene.tools.consume(url, digest, &scene.folder("consumed")).await.unwrap();
}
