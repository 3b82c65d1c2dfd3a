//! Two replicas of one release and the Lease between them: one works, the other waits (spec 8.5, D43).
//!
//! The chart asks for one replica. There are two all the same while a Deployment is scaled up, or while a node that nobody
//! hears of still runs the pod that another node has replaced. Both are behind one Service, which leads to the one that is
//! ready, so they have one address. Each has a volume of its own, except where they share a claim.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::LeaseSpec;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::artifact;
use crate::support::audit::{ELECTION, Write};
use crate::support::bench::Bench;
use crate::support::files::below;
use crate::support::manifest::repository;
use crate::support::operator::Operator;
use crate::support::registry::Registry;
use crate::support::release::short_lease;
use crate::support::scene::Scene;
use crate::support::waiting::{if_so, until};
use crate::webhooks::{deliver, hooked, woke};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(one_replica_writes_and_serves_and_the_other_touches_nothing),
        bench.trial(a_leader_that_is_killed_is_followed_when_its_lease_has_expired),
        bench.trial(who_follows_on_the_same_volume_downloads_and_writes_nothing),
        bench.trial(a_delivery_to_the_replica_that_does_not_lead_reaches_the_one_that_does),
        bench.trial(a_replica_that_does_not_lead_passes_on_what_it_took_before_it_ends),
        bench.trial(a_leader_that_is_stopped_hands_over_without_waiting_for_the_lease_to_expire),
        bench.trial(a_leader_that_cannot_renew_ends_and_writes_nothing_once_another_may_lead),
    ]
}

/// The times of `short_lease`, and the time limit of a write.
const SHORT: SignedDuration = SignedDuration::from_secs(13);
const WRITE: SignedDuration = SignedDuration::from_secs(10);

/// Between two looks at the Lease, by the chart's default.
const RETRY: SignedDuration = SignedDuration::from_secs(5);

/// What a busy machine may add to a time.
const SLACK: SignedDuration = SignedDuration::from_secs(3);

/// A leader, who has an object, and a follower that has looked at the Lease.
struct Pair {
    scene: Scene,
    registry: Registry,
    leader: Operator,
    follower: Operator,
}

impl Pair {
    /// With these values of the chart; `shared` replicas have one volume.
    async fn of(scene: Scene, values: &Value, shared: bool) -> Self {
        let leader = scene.operator_of(values).await;
        Self::behind(scene, values, leader, shared).await
    }

    async fn behind(scene: Scene, values: &Value, leader: Operator, shared: bool) -> Self {
        let registry = scene.registry().await;
        let kubeconfig = scene.release(values).await.kubeconfig(scene.plane().await).await;
        let folder = scene.folder("follower");
        if shared {
            symlink(leader.data(), folder.join("data")).unwrap();
        }
        let mut follower = leader.another(&folder, &kubeconfig);
        follower.launch();
        let pair = Self { scene, registry, leader, follower };
        pair.until("follower", || pair.follower.output().contains("attempting to acquire leader lease"))
            .await;
        pair
    }

    async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        until(what, async || if_so(holds(), &self.scene.namespace.name)).await;
    }

    /// Waits until the follower has the artifact of this revision on its own volume.
    async fn until_stored(&self, revision: &str) {
        let digest = revision.trim_start_matches("main@");
        let file = self.follower.artifacts("app").join(format!("{digest}.tar.gz"));
        self.until("artifact", || file.exists()).await;
    }

    async fn push(&self, content: &str) -> String {
        let digest = self.registry.push("app:main", &[("a.yaml", content.as_bytes())]).await;
        format!("main@{digest}")
    }

    async fn apply(&self, name: &str, interval: &str) {
        let spec = json!({"ref": {"tag": "main"}, "interval": interval});
        let url = format!("{}/app", self.registry.host());
        self.scene.namespace.apply(&repository(name, &url, &spec)).await;
    }

    /// What the two have written, the Lease included: the one that made it, and the other.
    async fn writes(&self) -> (Vec<Write>, Vec<Write>) {
        let writes = self.scene.plane().await.writes(&self.scene.namespace.name);
        let tokens: BTreeSet<_> = writes.iter().map(|write| write.token.clone()).collect();
        assert!(tokens.len() <= 2 && !tokens.contains(""), "each process has a token: {tokens:?}");
        let first = writes.first().expect("a leader has written its Lease").token.clone();
        writes.into_iter().partition(|write| write.token == first)
    }

    /// The artifact that is served, as its consumers find it.
    async fn consume(&self, object: &Value, folder: &str) {
        let (url, digest) = artifact(object);
        self.scene.tools.consume(url, digest, &self.scene.folder(folder)).await.unwrap();
    }
}

fn acquired(lease: &LeaseSpec) -> Timestamp {
    lease.acquire_time.as_ref().expect("a held Lease says since when").0
}

fn renewed(lease: &LeaseSpec) -> Timestamp {
    lease.renew_time.as_ref().expect("a held Lease says when it was renewed").0
}

/// Those that are not about the Lease.
fn of_objects(writes: &[Write]) -> Vec<&Write> {
    writes.iter().filter(|write| !write.is_of_the_election()).collect()
}

/// The last write of the Lease itself.
fn last_of_the_lease(writes: &[Write]) -> &Write {
    writes.iter().rfind(|write| write.what == "update leases").expect("the Lease was written")
}

async fn one_replica_writes_and_serves_and_the_other_touches_nothing(scene: Scene) {
    let pair = Pair::of(scene, &json!({}), false).await;
    let first = pair.push("a: 1\n").await;
    let namespace = &pair.scene.namespace;

    pair.apply("app", "10m").await;
    namespace.until_revision("app", &first).await;
    let second = pair.push("a: 2\n").await;
    let object = namespace.poked("app", "now").await;

    assert_eq!(object["status"]["artifact"]["revision"], second);
    pair.consume(&object, "consumed").await;
    pair.scene.until_writes(5).await;
    let (leaders, followers) = pair.writes().await;
    assert_eq!(of_objects(&leaders).len(), 5, "{leaders:?}");
    assert!(followers.is_empty(), "{followers:?}");
    let asked =
        pair.registry.requests().into_iter().filter(|line| line.starts_with("GET /v2/app/manifests/"));
    assert_eq!(asked.count(), 2, "one asks for each revision");
    assert!(pair.leader.is_ready().await && !pair.follower.is_ready().await);
    for (replica, leads) in [(&pair.leader, 1), (&pair.follower, 0)] {
        let line = format!("leader_election_master_status{{name=\"{ELECTION}\"}} {leads}");
        assert!(replica.metrics().await.lines().any(|measured| measured == line), "no {line}");
    }
    assert_eq!(measured(&pair.leader).await, documented());
    let text = pair.leader.metrics().await;
    let idle = ["sluice_arbiter_lag_seconds_count 0", "sluice_watch_lag_seconds_count 0"];
    assert!(!text.lines().any(|line| idle.contains(&line)), "{text}");
    assert!(below(&pair.follower.data()).is_empty());
    let told = namespace.events(ELECTION).await;
    assert!(
        matches!(&told[..], [(reason, text)] if reason == "LeaderElection" && text.ends_with(" became leader"))
    );
}

async fn a_delivery_to_the_replica_that_does_not_lead_reaches_the_one_that_does(scene: Scene) {
    let pair = Pair::of(scene, &json!({}), false).await;
    let first = pair.push("a: 1\n").await;
    let namespace = &pair.scene.namespace;
    pair.apply("app", "1h").await;
    namespace.until_revision("app", &first).await;
    let path = hooked(&pair.scene, "app", "generic").await;
    let url = format!("oci://{}/app", pair.registry.host());

    let second = pair.push("a: 2\n").await;
    let answer = until("index of the follower", async || {
        let answer = deliver(&pair.follower, &path, &url, "main").await;
        if_so(answer["result"] == "accepted", answer)
    });

    woke(&answer.await, 1);
    let object = namespace.until_revision("app", &second).await;
    assert!(object["status"]["lastHandledReconcileAt"].is_string(), "it was asked through the cluster");
    let third = pair.push("a: 3\n").await;
    woke(&deliver(&pair.leader, &path, &url, "main").await, 1);
    let object = namespace.until_revision("app", &third).await;
    let told = |hook: &Value| hook["status"]["deliveries"]["accepted"] == 2;
    namespace.until_hook("app", "deliveries of both replicas", told).await;
    assert_eq!(
        object["status"]["lastHandledReconcileAt"],
        object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
    );
    let writes = pair.scene.plane().await.writes(&pair.scene.namespace.name);
    let counted = writes.iter().filter(|write| write.what == "patch registrywebhooks/status");
    let tokens: BTreeSet<_> = counted.map(|write| &write.token).collect();
    assert_eq!(tokens.len(), 2, "each replica counts what came to it");
}

async fn a_replica_that_does_not_lead_passes_on_what_it_took_before_it_ends(scene: Scene) {
    let mut pair = Pair::of(scene, &json!({}), false).await;
    let revision = pair.push("a: 1\n").await;
    pair.apply("app", "1h").await;
    pair.scene.namespace.until_revision("app", &revision).await;
    let path = hooked(&pair.scene, "app", "generic").await;
    let url = format!("oci://{}/app", pair.registry.host());
    let taken = until("index of the follower", async || {
        let answer = deliver(&pair.follower, &path, &url, "main").await;
        if_so(answer["result"] == "accepted", answer)
    });
    woke(&taken.await, 1);

    // Within a second of the first it is taken for an echo, to be passed on later.
    woke(&deliver(&pair.follower, &path, &url, "main").await, 1);
    assert_eq!(pair.follower.terminate().await, 0);

    until("both requests", async || {
        let (_, followers) = pair.writes().await;
        let requests = followers.iter().filter(|write| write.what == "patch ocirepositories").count();
        if_so(requests == 2, followers)
    })
    .await;
}

/// The series that the replica has.
async fn measured(replica: &Operator) -> BTreeSet<String> {
    let text = replica.metrics().await;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    types.map(str::to_owned).collect()
}

/// The series that a leader has, as the documentation lists them: all but what registries say of quotas, which ours does not.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.filter(|name| *name != "sluice_registry_quota_remaining").map(str::to_owned).collect()
}

async fn a_leader_that_is_killed_is_followed_when_its_lease_has_expired(scene: Scene) {
    let mut pair = Pair::of(scene, &short_lease(), false).await;
    let revision = pair.push("a: 1\n").await;
    pair.apply("app", "10m").await;
    let before = pair.scene.namespace.until_revision("app", &revision).await;
    pair.scene.until_writes(3).await;

    pair.leader.kill();
    let left = pair.scene.lease().await;
    pair.follower.ready().await;

    let taken = pair.scene.lease().await;
    assert!(acquired(&taken).duration_since(renewed(&left)) >= SHORT, "{left:?} then {taken:?}");
    assert_eq!((left.lease_transitions, taken.lease_transitions), (Some(0), Some(1)));
    pair.until_stored(&revision).await;
    pair.consume(&before, "after it").await;
    let second = pair.push("a: 2\n").await;
    let after = pair.scene.namespace.poked("app", "now").await;
    assert_eq!(after["status"]["artifact"]["revision"], second);
    pair.consume(&after, "a new one").await;
    pair.scene.until_writes(6).await;
    let (leaders, followers) = pair.writes().await;
    assert_eq!(of_objects(&leaders).len(), 3, "{leaders:?}");
    let mut followers: Vec<_> = of_objects(&followers).into_iter().map(|write| write.what.as_str()).collect();
    followers.sort_unstable();
    let rebuilt = "update ocirepositories/status";
    assert_eq!(followers, ["create events", "update ocirepositories/status", rebuilt]);
    let told: Vec<_> = pair.scene.namespace.events("app").await.into_iter().map(|(_, text)| text).collect();
    for revision in [revision, second] {
        let about = told.iter().filter(|text| text.contains(&format!("revision '{revision}'")));
        assert_eq!(about.count(), 1, "{revision} is told once: {told:?}");
    }
}

async fn who_follows_on_the_same_volume_downloads_and_writes_nothing(scene: Scene) {
    let mut pair = Pair::of(scene, &short_lease(), true).await;
    let revision = pair.push("a: 1\n").await;
    pair.apply("app", "1s").await;
    pair.scene.namespace.until_revision("app", &revision).await;
    let written = pair.scene.until_writes(3).await;
    let before = pair.scene.namespace.object("app").await;
    let mark = pair.registry.mark();

    pair.leader.kill();
    pair.follower.ready().await;
    pair.consume(&before, "after it").await;

    let looked = || pair.registry.since(mark).iter().any(|line| line.starts_with("HEAD /v2/app/manifests/"));
    pair.until("look at the registry", looked).await;
    assert_eq!(pair.scene.namespace.object("app").await, before);
    assert_eq!(pair.scene.writes().await, written);
    let asked = pair.registry.since(mark);
    assert!(asked.iter().all(|line| line.starts_with("HEAD ")), "{asked:?}");
}

async fn a_leader_that_is_stopped_hands_over_without_waiting_for_the_lease_to_expire(scene: Scene) {
    let mut pair = Pair::of(scene, &json!({}), false).await;
    let revision = pair.push("a: 1\n").await;
    pair.apply("app", "10m").await;
    let before = pair.scene.namespace.until_revision("app", &revision).await;

    assert_eq!(pair.leader.terminate().await, 0);
    pair.follower.ready().await;

    let taken = pair.scene.lease().await;
    let (leaders, _) = pair.writes().await;
    let release = last_of_the_lease(&leaders);
    assert!(acquired(&taken).duration_since(release.at) <= RETRY + SLACK, "{release:?} then {taken:?}");
    let late: Vec<_> = of_objects(&leaders).into_iter().filter(|write| write.at > release.at).collect();
    assert!(late.is_empty(), "{late:?} after {release:?}");
    pair.until_stored(&revision).await;
    pair.consume(&before, "after it").await;
    let told: Vec<_> =
        pair.scene.namespace.events(ELECTION).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(told.iter().filter(|text| text.ends_with(" became leader")).count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|text| text.ends_with(" stopped leading")).count(), 1, "{told:?}");
}

async fn a_leader_that_cannot_renew_ends_and_writes_nothing_once_another_may_lead(scene: Scene) {
    let (api, kubeconfig) = scene.api_gate().await;
    let release = scene.release(&short_lease()).await;
    let leader = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    let mut pair = Pair::behind(scene, &short_lease(), leader, false).await;
    let first = pair.push("a: 0\n").await;
    pair.apply("app", "10m").await;
    pair.scene.namespace.until_revision("app", &first).await;

    let hold = api.hold(Method::PUT, &format!("/leases/{ELECTION}$"));
    hold.reached(1).await;
    let last = pair.scene.lease().await;
    let (namespace, registry) = (&pair.scene.namespace, &pair.registry);
    let pushes = async {
        for number in 1.. {
            let content = format!("a: {number}\n");
            let digest = registry.push("app:main", &[("a.yaml", content.as_bytes())]).await;
            namespace.poke("app", &content).await;
            namespace.until_revision("app", &format!("main@{digest}")).await;
        }
    };
    let status = tokio::select! {
        () = pushes => unreachable!("pushes go on for ever"),
        status = pair.leader.ended() => status,
    };
    let ended = Timestamp::now();
    pair.follower.ready().await;

    assert_eq!(status, 1);
    assert!(pair.leader.output().contains("leader election lost"));
    assert!(ended < renewed(&last) + SHORT, "it ended at {ended}: {last:?}");
    let newest = pair.push("a: last\n").await;
    let after = pair.scene.namespace.poked("app", "last").await;
    assert_eq!(after["status"]["artifact"]["revision"], newest);
    let (leaders, followers) = pair.writes().await;
    let wrote = of_objects(&leaders).last().expect("it wrote before").at;
    let acquired = followers.first().expect("the other one writes the Lease first");
    assert_eq!(acquired.what, "update leases");
    assert!(wrote < acquired.at, "{wrote} is after {acquired:?}");
    assert!(wrote <= renewed(&last) + (SHORT - WRITE) + SLACK, "{wrote}, after {last:?}");
}
