//! Several replicas that take deliveries of one hook.

use std::sync::Arc;

use serde_json::json;
use sluice_actors::Key;
use sluice_actors::receiver::HookChanged;

use crate::scene::{SECOND, Scene, main_tag, object, play, push};

#[tokio::test(start_paused = true)]
async fn what_came_to_each_replica_adds_up() {
    play(async |leader| {
        let hook = leader.given("a", "hook", &json!({})).await;
        let standby = Scene::on(&leader.cluster);
        let key = hook.key.clone();
        standby.show(&key).await;
        let path = leader.cluster.hook(&key)["status"]["path"].as_str().unwrap().to_owned();
        let theirs = standby.hooks.find(&path).expect("each replica takes deliveries");
        for scene in [&leader, &standby] {
            scene.follow("a", "app", "ghcr.io/example/app", &main_tag());
            scene.pass(10 * SECOND).await;
        }

        for number in 0..10 {
            leader.deliver(&hook, vec![push("example/app", Some(number))]).await;
            standby.deliver(&theirs, vec![push("example/app", Some(number))]).await;
            standby.deliver(&theirs, vec![push("example/nobody", None)]).await;
            for _ in 0..4 {
                leader.pass(SECOND).await;
                leader.show(&key).await;
                standby.show(&key).await;
            }
        }
        for _ in 0..20 {
            leader.pass(SECOND).await;
            leader.show(&key).await;
            standby.show(&key).await;
        }

        let counted = leader.cluster.hook(&key)["status"]["deliveries"].clone();
        assert_eq!(counted, json!({ "accepted": 20, "unmatched": 10 }));
        assert_eq!(leader.cluster.requests().len(), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn how_a_hook_stands_is_written_by_who_leads_or_comes_to_lead() {
    let start = async {
        let standby = Scene::on(&Arc::default());
        let key = Key::new("a", "hook");
        standby.cluster.token(&key, "token");
        standby.cluster.put(object("a", "hook", &json!({})));

        standby.changed(HookChanged::RelistStarted).await;
        standby.show(&key).await;
        standby.changed(HookChanged::RelistFinished).await;
        standby.pass(60 * SECOND).await;
        assert!(standby.hooks.is_complete());
        assert!(standby.cluster.patches().is_empty());

        standby.lead().await;
        standby.settle().await;

        let ready = standby.cluster.hook(&key)["status"]["conditions"][0].clone();
        assert_eq!(ready["status"], json!("True"));
    };
    tokio::task::LocalSet::new().run_until(start).await;
}
