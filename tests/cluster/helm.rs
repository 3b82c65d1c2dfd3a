//! The chart as helm renders it.

use std::sync::Arc;

use clap::Parser as _;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sluice::config::{Cli, Command, Config};

use crate::support::bench::Bench;
use crate::support::chart::{self, Chart, arguments, only};
use crate::support::manifest::replaced;
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(helm_finds_nothing_wrong_with_the_chart),
        bench.trial(every_value_changes_what_is_rendered),
        bench.trial(values_that_cannot_work_are_refused_before_anything_is_rendered),
        bench.trial(times_of_the_lease_with_which_nobody_could_lead_are_refused),
        bench.trial(a_volume_of_ones_own_is_mounted_beside_the_artifacts),
        bench.trial(an_image_must_be_named),
        bench.trial(the_whole_has_the_address_of_source_controller),
        bench.trial(a_shard_stands_beside_it_and_takes_only_its_own_objects),
        bench.trial(every_argument_reaches_the_program),
        bench.trial(of_its_namespace_nothing_but_the_name_is_rendered),
    ]
}

fn unplaced(scene: &Scene) -> Chart {
    unplaced_in(scene, "flux-system")
}

fn unplaced_in(scene: &Scene, namespace: &str) -> Chart {
    Chart::unplaced(&scene.tools, scene.folder("helm"), namespace)
}

/// Each value with another content than its own, and the values among which that counts.
fn every_value() -> Vec<(&'static str, Value, Value)> {
    let alone = || json!({});
    let persistent = || json!({"storage": {"persistent": true}});
    let authorities = || json!([{"name": "authorities", "configMap": {"name": "company-ca"}}]);
    let hosts = || json!(["hooks.example.com"]);
    let gateways = || json!([{"name": "public"}]);
    let peers = || json!([{"podSelector": {}}]);
    let exposed = || {
        json!({"webhooks": {
            "ingress": {"enabled": true, "hosts": hosts()},
            "httpRoute": {"enabled": true, "parentRefs": gateways()},
        }})
    };
    vec![
        ("mode", json!("beside"), alone()),
        ("shard", json!("two"), json!({"mode": "beside", "shard": "one"})),
        ("image.repository", json!("quay.io/example/sluice"), alone()),
        ("image.tag", json!("v9"), alone()),
        ("image.digest", json!(format!("sha256:{:064}", 1)), alone()),
        ("image.pullPolicy", json!("Always"), alone()),
        ("imagePullSecrets", json!([{"name": "registry"}]), alone()),
        ("watchAllNamespaces", json!(false), alone()),
        ("watchDependencies", json!(false), alone()),
        ("clusterDomain", json!("example.com"), alone()),
        ("eventsAddress", json!("https://events.example.com/"), alone()),
        ("artifactMaxSize", json!("50Mi"), alone()),
        ("artifactRetention.ttl", json!("1h30m"), alone()),
        ("artifactRetention.records", json!(2_000_000), alone()),
        ("scrubInterval", json!("12h"), alone()),
        ("registryConcurrency", json!(4_000_000), alone()),
        ("logLevel", json!("debug"), alone()),
        ("leaderElection.leaseSeconds", json!(60), alone()),
        ("leaderElection.renewSeconds", json!(20), alone()),
        ("leaderElection.retrySeconds", json!(3), alone()),
        ("extraArguments", json!(["--concurrent=4"]), alone()),
        ("extraEnvironment", json!([{"name": "NO_PROXY", "value": "example.com"}]), alone()),
        ("extraVolumes", authorities(), alone()),
        (
            "extraVolumeMounts",
            json!([{"name": "authorities", "mountPath": "/etc/authorities"}]),
            json!({"extraVolumes": authorities()}),
        ),
        ("storage.persistent", json!(true), alone()),
        ("storage.existingClaim", json!("mine"), persistent()),
        ("storage.size", json!("1Ti"), persistent()),
        ("storage.storageClassName", json!("fast"), persistent()),
        ("webhooks.enabled", json!(false), alone()),
        ("webhooks.port", json!(9393), alone()),
        ("webhooks.service.type", json!("LoadBalancer"), alone()),
        ("webhooks.service.port", json!(8080), alone()),
        ("webhooks.service.annotations", json!({"example.com/internal": "true"}), alone()),
        ("webhooks.ingress.enabled", json!(true), json!({"webhooks": {"ingress": {"hosts": hosts()}}})),
        ("webhooks.ingress.className", json!("public"), exposed()),
        ("webhooks.ingress.annotations", json!({"example.com/issuer": "main"}), exposed()),
        ("webhooks.ingress.hosts", json!(["other.example.com"]), exposed()),
        ("webhooks.ingress.tls", json!([{"secretName": "hooks-tls"}]), exposed()),
        (
            "webhooks.httpRoute.enabled",
            json!(true),
            json!({"webhooks": {"httpRoute": {"parentRefs": gateways()}}}),
        ),
        ("webhooks.httpRoute.parentRefs", json!([{"name": "other"}]), exposed()),
        ("webhooks.httpRoute.hostnames", hosts(), exposed()),
        ("webhooks.httpRoute.annotations", json!({"example.com/team": "platform"}), exposed()),
        ("webhooks.networkPolicy.from", peers(), json!({"networkPolicy": {"enabled": true}})),
        ("networkPolicy.enabled", json!(true), alone()),
        ("networkPolicy.artifactsFrom", peers(), json!({"networkPolicy": {"enabled": true}})),
        ("resources", json!({"limits": {"memory": "2Gi"}}), alone()),
        ("serviceAccount.annotations", json!({"example.com/role": "reader"}), alone()),
        ("podLabels", json!({"team": "platform"}), alone()),
        ("podAnnotations", json!({"prometheus.io/scrape": "false"}), alone()),
        ("priorityClassName", json!("system-cluster-critical"), alone()),
        ("nodeSelector", json!({"kubernetes.io/os": "linux"}), alone()),
        ("tolerations", json!([{"operator": "Exists"}]), alone()),
        ("affinity", json!({"nodeAffinity": {}}), alone()),
    ]
}

/// Values with one more set, by its dotted path.
fn with(mut values: Value, path: &str, value: &Value) -> Value {
    let pointer = path.split('.').fold(&mut values, |values, name| &mut values[name]);
    *pointer = value.clone();
    values
}

/// The least that renders, and these.
fn with_image(more: Value) -> Value {
    if more["image"]["repository"].is_string() {
        more
    } else {
        with(more, "image.repository", &json!("ghcr.io/example/sluice"))
    }
}

/// All of them at once, as far as they go together: an Ingress needs something to lead to.
fn all_values() -> Value {
    let values = every_value().iter().fold(json!({}), |values, (path, value, _)| with(values, path, value));
    with(values, "webhooks.enabled", &json!(true))
}

/// How many lists and texts a document of values ends in; objects that are empty are for the user to fill.
fn leaves(values: &Value) -> usize {
    match values.as_object() {
        Some(fields) if !fields.is_empty() => fields.values().map(leaves).sum(),
        Some(_) | None => 1,
    }
}

async fn helm_finds_nothing_wrong_with_the_chart(scene: Scene) {
    let chart = unplaced(&scene);
    for values in [json!({}), all_values()] {
        let said = chart.lint(&values).await.unwrap();
        assert!(said.contains("1 chart(s) linted, 0 chart(s) failed"), "{said}");
        assert!(!said.contains("[WARNING]"), "{said}");
    }
}

async fn every_value_changes_what_is_rendered(scene: Scene) {
    let chart = unplaced(&scene);
    let text = std::fs::read_to_string(chart::folder().join("values.yaml")).unwrap();
    let mut defaults: Value = serde_yaml::from_str(&text).unwrap();
    defaults["resources"] = json!({});
    assert_eq!(every_value().len(), leaves(&defaults), "every value is here");

    for (path, value, values) in every_value() {
        let before = with_image(values);
        let mut after = with(before.clone(), path, &value);
        if path == "mode" {
            after["shard"] = json!("one");
        }
        let (before, after) = (chart.render(&before).await, chart.render(&after).await);
        assert_ne!(before.unwrap(), after.unwrap(), "{path} changes nothing");
    }
}

async fn values_that_cannot_work_are_refused_before_anything_is_rendered(scene: Scene) {
    let chart = unplaced(&scene);
    let mounted = |path: &str| json!({"extraVolumeMounts": [{"name": "ca", "mountPath": path}]});
    let refused = [
        ("/mode", json!({"mode": "half"})),
        ("/shard", json!({"mode": "beside"})),
        ("/shard", json!({"mode": "beside", "shard": "-a"})),
        ("/shard", json!({"mode": "beside", "shard": "a,b=c"})),
        ("/shard", json!({"shard": "one"})),
        ("/image/repository", json!({"image": {"repository": "ghcr.io/example/sluice:v1"}})),
        ("/image/digest", json!({"image": {"digest": "sha256:0"}})),
        ("/storage/existingClaim", json!({"storage": {"existingClaim": "mine"}})),
        ("/storage/existingClaim", json!({"storage": {"persistent": true, "existingClaim": "My Claim"}})),
        ("/storage/storageClassName", json!({"storage": {"storageClassName": "-fast"}})),
        ("/storage/size", json!({"storage": {"size": "large"}})),
        ("/storage/size", json!({"storage": {"size": "0Gi"}})),
        ("/imagePullSecrets/0/name", json!({"imagePullSecrets": [{"name": ""}]})),
        ("/priorityClassName", json!({"priorityClassName": "Critical"})),
        ("/podLabels/team", json!({"podLabels": {"team": "a b"}})),
        ("/nodeSelector/pool", json!({"nodeSelector": {"pool": "-"}})),
        ("/artifactMaxSize", json!({"artifactMaxSize": "1GB"})),
        ("/artifactMaxSize", json!({"artifactMaxSize": 1024})),
        ("/artifactMaxSize", json!({"artifactMaxSize": "99999999Ti"})),
        ("/artifactRetention/ttl", json!({"artifactRetention": {"ttl": "1 minute"}})),
        ("/artifactRetention/ttl", json!({"artifactRetention": {"ttl": "99999999h"}})),
        ("/artifactRetention/records", json!({"artifactRetention": {"records": 0}})),
        ("/scrubInterval", json!({"scrubInterval": "daily"})),
        ("/registryConcurrency", json!({"registryConcurrency": 0.5})),
        ("/logLevel", json!({"logLevel": "loud"})),
        ("/eventsAddress", json!({"eventsAddress": "notification-controller"})),
        ("/eventsAddress", json!({"eventsAddress": "http:///events"})),
        ("/extraArguments/0", json!({"extraArguments": ["concurrent=4"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--watch-label-selector=a=b"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--watch-all-namespaces"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--enable-leader-election=false"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--leader-election-retry-period=1s"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--storage-path=/artifacts"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--storage-addr=:80"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--health-addr=0"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--webhook-addr=:80"]})),
        ("/extraArguments/0", json!({"extraArguments": ["--manifests=/data"]})),
        ("/extraEnvironment/0", json!({"extraEnvironment": [{"value": "1"}]})),
        ("/extraEnvironment/0/name", json!({"extraEnvironment": [{"name": "HTTPS PROXY"}]})),
        ("/extraEnvironment/0/name", json!({"extraEnvironment": [{"name": "RUNTIME_NAMESPACE"}]})),
        ("/extraEnvironment/0/name", json!({"extraEnvironment": [{"name": "KUBECONFIG"}]})),
        ("/extraVolumes/0", json!({"extraVolumes": [{"configMap": {"name": "company-ca"}}]})),
        ("/extraVolumes/0/name", json!({"extraVolumes": [{"name": "data"}]})),
        ("/extraVolumes/0/name", json!({"extraVolumes": [{"name": "Company CA"}]})),
        ("/extraVolumeMounts/0", json!({"extraVolumeMounts": [{"name": "ca"}]})),
        ("/extraVolumeMounts/0/mountPath", mounted("etc/ca")),
        ("/extraVolumeMounts/0/mountPath", mounted("/")),
        ("/extraVolumeMounts/0/mountPath", mounted("/data")),
        ("/extraVolumeMounts/0/mountPath", mounted("/data/ca")),
        ("/leaderElection/retrySeconds", json!({"leaderElection": {"retrySeconds": 0}})),
        ("/leaderElection/leaseSeconds", json!({"leaderElection": {"leaseSeconds": "35s"}})),
        ("/leaderElection/leaseSeconds", json!({"leaderElection": {"leaseSeconds": 86401}})),
        ("invalid propertyName 'app'", json!({"podLabels": {"app": "mine"}})),
        ("additional properties 'replicas' not allowed", json!({"replicas": 2})),
        ("additional properties 'name' not allowed", json!({"image": {"name": "sluice"}})),
    ];
    for (place, values) in refused {
        let error = chart.render(&with_image(values.clone())).await.unwrap_err();
        assert!(
            error.contains("values don't meet the specifications of the schema") && error.contains(place),
            "{values} is refused with: {error}"
        );
    }
}

async fn times_of_the_lease_with_which_nobody_could_lead_are_refused(scene: Scene) {
    let chart = unplaced(&scene);
    let election = |lease: u32, renew: u32, retry: u32| {
        with_image(json!({
            "leaderElection": {"leaseSeconds": lease, "renewSeconds": renew, "retrySeconds": retry}
        }))
    };
    for (values, told) in [
        (election(35, 6, 5), "renewSeconds is 6: it must be more than 1.2 times retrySeconds, which is 5"),
        (election(30, 30, 5), "leaseSeconds is 30: it must be more than renewSeconds, which is 30"),
        (election(15, 10, 5), "leaseSeconds is 15: it must be more than retrySeconds and 10"),
    ] {
        let error = chart.render(&values).await.unwrap_err();
        assert!(error.contains(told), "{error}");
    }

    for values in [election(35, 7, 5), election(31, 30, 5), election(16, 10, 5)] {
        let objects = chart.render(&values).await.unwrap();
        config(&objects).unwrap();
    }
}

async fn a_volume_of_ones_own_is_mounted_beside_the_artifacts(scene: Scene) {
    let chart = unplaced(&scene);
    let volume = json!({"name": "ca", "secret": {"secretName": "company-ca"}});
    let mount = json!({"name": "ca", "mountPath": "/database", "readOnly": true});
    let values = with_image(json!({"extraVolumes": [volume], "extraVolumeMounts": [mount]}));

    let objects = chart.render(&values).await.unwrap();

    let pod = &only(&objects, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"], json!([{"name": "data", "emptyDir": {}}, volume]));
    let mounts = json!([{"name": "data", "mountPath": "/data"}, mount]);
    assert_eq!(pod["containers"][0]["volumeMounts"], mounts);
    let error = chart.render(&with_image(json!({"extraVolumeMounts": [mount]}))).await.unwrap_err();
    let told = "extraVolumeMounts names the volume \"ca\": extraVolumes has none of that name";
    assert!(error.contains(told), "{error}");
}

async fn an_image_must_be_named(scene: Scene) {
    let error = unplaced(&scene).render(&json!({})).await.unwrap_err();

    assert!(error.contains("image.repository is empty: no image is published"), "{error}");
}

async fn the_whole_has_the_address_of_source_controller(scene: Scene) {
    let objects = unplaced(&scene).render(&with_image(json!({}))).await.unwrap();

    let service = service_of_artifacts(&objects);
    assert_eq!(service["metadata"]["name"], "source-controller");
    assert_eq!(service["spec"]["ports"][0]["port"], 80);
    assert_selects(service, &objects);
    let deployment = only(&objects, "Deployment");
    assert_eq!(deployment["metadata"]["labels"]["app.kubernetes.io/part-of"], "flux");
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"]["app"], "source-controller");
    let arguments = arguments(&objects);
    let advertised = "--storage-adv-addr=source-controller.flux-system.svc.cluster.local.";
    assert!(arguments.iter().any(|argument| argument == advertised), "{arguments:?}");
}

async fn a_shard_stands_beside_it_and_takes_only_its_own_objects(scene: Scene) {
    let values = with_image(json!({"mode": "beside", "shard": "one"}));
    let objects = unplaced(&scene).render(&values).await.unwrap();

    let service = service_of_artifacts(&objects);
    assert_eq!(service["metadata"]["name"], chart::RELEASE);
    assert_selects(service, &objects);
    let labels = &only(&objects, "Deployment")["spec"]["template"]["metadata"]["labels"];
    assert!(labels["app"].is_null(), "upstream's Service would select this pod");
    let arguments = arguments(&objects);
    for expected in [
        "--storage-adv-addr=sluice.flux-system.svc.cluster.local.",
        "--watch-label-selector=sharding.fluxcd.io/key=one",
    ] {
        assert!(arguments.iter().any(|argument| argument == expected), "{arguments:?}");
    }
}

fn service_of_artifacts(objects: &[Value]) -> &Value {
    let is_of_artifacts =
        |object: &&Value| object["kind"] == "Service" && object["spec"]["ports"][0]["targetPort"] == "http";
    let found: Vec<_> = objects.iter().filter(is_of_artifacts).collect();
    assert_eq!(found.len(), 1, "artifacts have one address");
    found[0]
}

/// A Service sends to the pods of the Deployment, and to a port that they have.
fn assert_selects(service: &Value, objects: &[Value]) {
    let template = &only(objects, "Deployment")["spec"]["template"];
    for (label, value) in service["spec"]["selector"].as_object().unwrap() {
        assert_eq!(&template["metadata"]["labels"][label], value);
    }
    let ports = template["spec"]["containers"][0]["ports"].as_array().unwrap();
    let target = &service["spec"]["ports"][0]["targetPort"];
    assert!(ports.iter().any(|port| port["name"] == *target && port["containerPort"] == 9090));
}

/// What the program makes of the arguments of the container.
fn config(objects: &[Value]) -> Result<Config, Vec<String>> {
    let words = std::iter::once("sluice".to_owned()).chain(arguments(objects));
    let Command::Run(run) = Cli::try_parse_from(words).unwrap().command else {
        panic!("the chart runs the operator");
    };
    let own_namespace = |name: &str| (name == "RUNTIME_NAMESPACE").then(|| "flux-system".to_owned());
    Config::new(&run, &own_namespace)
}

async fn every_argument_reaches_the_program(scene: Scene) {
    let objects = unplaced(&scene).render(&with_image(all_values())).await.unwrap();

    let config = config(&objects).unwrap();
    assert_eq!(config.concurrent, 4);
    assert_eq!(config.namespace.as_deref(), Some("flux-system"));
    assert_eq!(config.selector.as_deref(), Some("sharding.fluxcd.io/key=two"));
    assert_eq!(config.advertised, "sluice.flux-system.svc.example.com.");
    assert_eq!(config.events.unwrap().as_str(), "https://events.example.com/");
    assert_eq!(config.artifact_max_size, Some(50 << 20));
    assert_eq!(config.store.retention_ttl.as_secs(), 5400);
    assert_eq!(config.store.retention_records, 2_000_000);
    assert_eq!(config.scrub_interval.map(|interval| interval.as_secs()), Some(43_200));
    assert_eq!(config.registry_concurrency.get(), 4_000_000);
    assert_eq!(config.log_level, sluice::config::LogLevel::Debug);
    let election = config.election.unwrap();
    assert_eq!(election.namespace, "flux-system");
    assert_eq!(election.lease, "source-controller-leader-election-705b8299");
    let lease = objects.iter().find(|object| object["metadata"]["name"] == "sluice-leader-election");
    assert_eq!(lease.unwrap()["rules"][1]["resourceNames"], json!([election.lease]));
    let seconds =
        [election.duration, election.renew_deadline, election.retry_period].map(|time| time.as_secs());
    assert_eq!(seconds, [60, 20, 3]);
}

/// Other tests rely on it: helm renders once for all of their namespaces.
async fn of_its_namespace_nothing_but_the_name_is_rendered(scene: Scene) {
    for values in [json!({}), all_values()] {
        let values = with_image(values);
        let here = unplaced_in(&scene, "the-one-namespace").render(&values).await.unwrap();
        let there = unplaced_in(&scene, "another").render(&values).await.unwrap();

        let moved = here.into_iter().map(|object| replaced(object, "the-one-namespace", "another"));
        assert_eq!(moved.collect::<Vec<_>>(), there);
    }
}
