//! The default `ServiceAccount` of an operator: what its namespace gives to an object, and nothing else.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::{artifact, condition};
use crate::support::bench::Bench;
use crate::support::manifest::{pull_secret, repository};
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![bench.trial(objects_that_name_no_account_use_the_default_one_and_fail_without_it)]
}

fn account(name: &str, secrets: &[&str]) -> Value {
    let secrets: Vec<_> = secrets.iter().map(|name| json!({"name": name})).collect();
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name},
        "imagePullSecrets": secrets,
    })
}

async fn objects_that_name_no_account_use_the_default_one_and_fail_without_it(scene: Scene) {
    let registry = scene.registry_of("me:right").await;
    registry.push("app:v1", &[("a.yaml", b"a: 1\n")]).await;
    let _operator = scene.operator_of(&json!({"extraArguments": ["--default-service-account=tenant"]})).await;
    let (namespace, host) = (&scene.namespace, registry.host());
    let url = format!("{host}/app");
    namespace.apply(&pull_secret("right", &host, "me", "right")).await;
    namespace.apply(&account("plain", &[])).await;
    for (name, spec) in [
        ("unnamed", json!({"ref": {"tag": "v1"}})),
        ("secret", json!({"ref": {"tag": "v1"}, "secretRef": {"name": "right"}})),
        ("named", json!({"ref": {"tag": "v1"}, "serviceAccountName": "plain"})),
    ] {
        namespace.apply(&repository(name, &url, &spec)).await;
    }

    let locked = format!(
        "failed to get service account '{}/tenant': the specified default service account does not exist in the \
         object namespace. your cluster is subject to multi-tenant workload identity lockdown, reach out to your \
         cluster administrator for help",
        namespace.name
    );
    for name in ["unnamed", "secret"] {
        let object = namespace.until_failed(name, &locked).await;
        let failed = condition(&object, "FetchFailed");
        assert_eq!((&failed["reason"], &failed["message"]), (&json!("AuthenticationFailed"), &json!(locked)));
    }
    namespace.until_failed("named", "UNAUTHORIZED").await;

    namespace.apply(&account("tenant", &["right"])).await;
    for name in ["unnamed", "secret"] {
        let object = namespace.until_ready(name).await;
        let (url, digest) = artifact(&object);
        scene.tools.consume(url, digest, &scene.folder(name)).await.unwrap();
    }
    let named = namespace.object("named").await;
    assert_eq!(condition(&named, "FetchFailed")["reason"], "OCIArtifactPullFailed");
}
