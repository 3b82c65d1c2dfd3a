//! Deliveries with secrets wherever they can be: in the Secret of a hook, in proofs that are right and wrong, and in bodies.

use serde_json::{Value, json};

use super::planted::Planted;
use crate::support::api::is_ready;
use crate::support::manifest::secret;
use crate::support::operator::Operator;
use crate::support::scene::Scene;
use crate::webhooks::hook;

/// The hooks, each named for its type.
pub(super) const KINDS: [&str; 4] = ["gitlab", "generic-hmac", "quay", "artifactory"];

/// Sends them; returns everything that was sent, and what the operator answered.
pub(super) async fn deliver(
    scene: &Scene,
    operator: &Operator,
    planted: &mut Planted,
) -> (Vec<String>, Vec<String>) {
    let (mut sent, mut answers) = (Vec::new(), Vec::new());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for kind in KINDS {
        let known = planted.grow(&format!("secret of the hook {kind}"));
        scene.namespace.apply(&secret(kind, "token", &known)).await;
        scene.namespace.apply(&hook(kind, kind, &json!({}))).await;
        let object = scene.namespace.until_hook(kind, "Ready", is_ready).await;
        let url = operator.hook(object["status"]["path"].as_str().unwrap());
        let wrong = planted.grow(&format!("wrong secret for the hook {kind}"));
        let inside = planted.grow(&format!("token in a body for the hook {kind}"));
        for (proof, body) in [
            (&known, delivery(&inside).to_string()),
            (&wrong, delivery(&inside).to_string()),
            (&known, format!("{{\"events\": \"{inside}\"}}")),
            (&known, format!("{inside} is no JSON")),
        ] {
            let (_, signature) = hooks::sign(proof.as_bytes(), body.as_bytes());
            let request = client
                .post(format!("{url}?token={proof}"))
                .bearer_auth(proof)
                .header("X-JFrog-Event-Auth", proof.as_str())
                .header("X-Signature", signature)
                .body(body.clone());
            let answer = request.send().await.unwrap();
            answers.push(format!("{:?} {}", answer.headers().clone(), answer.text().await.unwrap()));
            sent.push(format!("{proof} {body}"));
        }
    }
    (sent, answers)
}

/// As registries send it, with a token beside what is read.
fn delivery(token: &str) -> Value {
    json!({
        "events": [{
            "id": "one", "action": "push", "actor": { "name": token, "user": token },
            "target": { "repository": "app", "tag": "v1", "mediaType": "application/vnd.oci.image.manifest.v1+json" },
            "request": { "host": "ghcr.io" },
        }],
        "url": "oci://ghcr.io/example/app", "tag": "v1", "digest": token,
        "docker_url": "quay.io/example/app", "updated_tags": ["v1"], "token": token,
    })
}
