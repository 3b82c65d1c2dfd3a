//! Webhooks with Gitea itself as their sender: a push to its container registry is Ready, and nobody polls.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::bench::Bench;
use crate::support::gitea::Gitea;
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::scene::Scene;
use crate::webhooks::{TOKEN, hooked};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(a_push_to_the_real_gitea_wakes_who_follows_its_tag_and_nobody_else),
        bench.trial(a_tag_that_the_real_gitea_tells_in_small_letters_is_followed_all_the_same),
    ]
}

/// A Gitea with an image, which an object follows by its tag and does not poll before the test is over; what is pushed from
/// now on the operator is told.
async fn followed(scene: &Scene, tag: &str) -> (Operator, Gitea) {
    let operator = scene.operator().await;
    let gitea = scene.gitea().await;
    let digest = gitea.push("app", tag, "number: 1\n").await;
    scene.namespace.apply(&gitea.pull_secret("pull")).await;
    let spec = json!({"ref": {"tag": tag}, "interval": "1h", "secretRef": {"name": "pull"}});
    scene.namespace.apply(&repository("app", &gitea.image("app"), &spec)).await;
    scene.namespace.until_revision("app", &format!("{tag}@{digest}")).await;
    let path = hooked(scene, "gitea", "gitea").await;
    gitea.notify(&operator.hook(&path), TOKEN).await;
    (operator, gitea)
}

async fn a_push_to_the_real_gitea_wakes_who_follows_its_tag_and_nobody_else(scene: Scene) {
    let (_operator, gitea) = followed(&scene, "main").await;

    let digest = gitea.push("app", "main", "number: 2\n").await;

    let before = scene.namespace.until_revision("app", &format!("main@{digest}")).await;

    gitea.push("app", "other", "number: 3\n").await;

    let other = json!([format!("{}:other", gitea.image("app"))]);
    let arrived = |hook: &Value| hook["status"]["lastDelivery"]["pushes"] == other;
    let hook = scene.namespace.until_hook("gitea", "a push that nobody follows", arrived).await;
    let last = &hook["status"]["lastDelivery"];
    assert_eq!((&last["result"], &last["woken"]), (&json!("unmatched"), &json!(0)), "{hook:#}");
    assert_eq!(hook["status"]["deliveries"]["accepted"], 1, "{hook:#}");
    let after = scene.namespace.object("app").await;
    assert_eq!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
}

async fn a_tag_that_the_real_gitea_tells_in_small_letters_is_followed_all_the_same(scene: Scene) {
    let (_operator, gitea) = followed(&scene, "V1-RC").await;

    let digest = gitea.push("app", "V1-RC", "number: 2\n").await;

    scene.namespace.until_revision("app", &format!("V1-RC@{digest}")).await;
    let told = json!([format!("{}:v1-rc", gitea.image("app"))]);
    let arrived = |hook: &Value| hook["status"]["lastDelivery"]["pushes"] == told;
    let hook = scene.namespace.until_hook("gitea", "a push in small letters", arrived).await;
    assert_eq!(hook["status"]["lastDelivery"]["result"], "accepted", "{hook:#}");
}
