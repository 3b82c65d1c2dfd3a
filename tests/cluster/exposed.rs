//! How the chart lets registries reach the operator, and whom else.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::bench::Bench;
use crate::support::chart::{Chart, arguments, only, values};
use crate::support::scene::Scene;

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(deliveries_have_a_service_and_a_port_of_their_own),
        bench.trial(where_deliveries_are_not_taken_nothing_of_them_is_left),
        bench.trial(an_ingress_and_a_route_lead_there_only_on_demand),
        bench.trial(a_policy_opens_each_port_to_those_who_need_it),
        bench.trial(the_api_server_takes_what_is_rendered_and_the_notes_tell_the_address),
        bench.trial(what_would_lead_nowhere_or_keep_nobody_out_is_refused),
        bench.trial(values_of_webhooks_that_make_no_sense_are_refused),
    ]
}

const NAME: &str = "sluice-webhooks";

async fn rendered(scene: &Scene, more: Value) -> Result<Vec<Value>, String> {
    let chart = Chart::unplaced(&scene.tools, scene.folder("helm"), "flux-system");
    chart.render(&values(&more)).await
}

fn named<'a>(objects: &'a [Value], kind: &str, name: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

/// The port of the container that has this name.
fn container_port<'a>(objects: &'a [Value], name: &Value) -> Option<&'a Value> {
    let container = &only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let mut ports = container["ports"].as_array().expect("it has ports").iter();
    ports.find(|port| port["name"] == *name).map(|port| &port["containerPort"])
}

async fn deliveries_have_a_service_and_a_port_of_their_own(scene: Scene) {
    for (more, port, argument) in [
        (json!({}), 9292, "--webhook-addr=:9292"),
        (json!({"webhooks": {"port": 9393}}), 9393, "--webhook-addr=:9393"),
        (json!({"mode": "beside", "shard": "one"}), 9292, "--webhook-addr=:9292"),
    ] {
        let objects = rendered(&scene, more).await.unwrap();

        let service = named(&objects, "Service", NAME).expect("there is a Service");
        let pod = &only(&objects, "Deployment")["spec"]["template"]["metadata"]["labels"];
        for (label, value) in service["spec"]["selector"].as_object().unwrap() {
            assert_eq!(&pod[label], value);
        }
        assert_eq!(service["spec"]["type"], "ClusterIP");
        assert_eq!(service["spec"]["publishNotReadyAddresses"], true, "who does not lead takes them too");
        let ports = service["spec"]["ports"].as_array().unwrap();
        assert_eq!(ports.len(), 1, "artifacts are not reached by it: {ports:?}");
        assert_eq!(ports[0]["port"], 80);
        assert_eq!(container_port(&objects, &ports[0]["targetPort"]), Some(&json!(port)));
        assert!(arguments(&objects).iter().any(|each| each == argument));
    }
}

async fn where_deliveries_are_not_taken_nothing_of_them_is_left(scene: Scene) {
    let more = json!({"webhooks": {"enabled": false}, "networkPolicy": {"enabled": true}});
    let objects = rendered(&scene, more).await.unwrap();

    let text = Value::from(objects).to_string();
    assert!(!text.contains("webhook"), "{text}");
}

async fn an_ingress_and_a_route_lead_there_only_on_demand(scene: Scene) {
    let objects = rendered(&scene, json!({})).await.unwrap();
    for kind in ["Ingress", "HTTPRoute", "NetworkPolicy"] {
        assert!(objects.iter().all(|object| object["kind"] != kind), "nobody has asked for a {kind}");
    }

    let hosts = ["hooks.example.com", "hooks.example.org"];
    let objects = rendered(
        &scene,
        json!({"webhooks": {
            "service": {"port": 8080},
            "ingress": {
                "enabled": true,
                "className": "public",
                "annotations": {"example.com/issuer": "main"},
                "hosts": hosts,
                "tls": [{"secretName": "hooks-tls", "hosts": hosts}],
            },
            "httpRoute": {
                "enabled": true,
                "parentRefs": [{"name": "public", "namespace": "gateways"}],
                "hostnames": hosts,
            },
        }}),
    )
    .await
    .unwrap();

    let ingress = named(&objects, "Ingress", NAME).expect("there is an Ingress");
    assert_eq!(ingress["metadata"]["annotations"], json!({"example.com/issuer": "main"}));
    assert_eq!(ingress["spec"]["ingressClassName"], "public");
    assert_eq!(ingress["spec"]["tls"], json!([{"secretName": "hooks-tls", "hosts": hosts}]));
    let backend = json!({"service": {"name": NAME, "port": {"name": "http"}}});
    let paths = json!([{"path": "/hook", "pathType": "Prefix", "backend": backend}]);
    let rules = hosts.map(|host| json!({"host": host, "http": {"paths": paths}}));
    assert_eq!(ingress["spec"]["rules"], json!(rules));

    let route = named(&objects, "HTTPRoute", NAME).expect("there is a route");
    let matches = json!([{"path": {"type": "PathPrefix", "value": "/hook"}}]);
    assert_eq!(
        route["spec"],
        json!({
            "parentRefs": [{"name": "public", "namespace": "gateways"}],
            "hostnames": hosts,
            "rules": [{"matches": matches, "backendRefs": [{"name": NAME, "port": 8080}]}],
        })
    );
}

async fn a_policy_opens_each_port_to_those_who_need_it(scene: Scene) {
    let every_pod = json!([{"namespaceSelector": {}}]);
    let neighbours = json!([{"podSelector": {}}]);
    let gateways =
        json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}]);
    for (policy, webhooks, artifacts, deliveries) in [
        (json!({"enabled": true}), json!({}), &every_pod, &Value::Null),
        (
            json!({"enabled": true, "artifactsFrom": neighbours}),
            json!({"networkPolicy": {"from": gateways}}),
            &neighbours,
            &gateways,
        ),
    ] {
        let more = json!({"networkPolicy": policy, "webhooks": webhooks});
        let objects = rendered(&scene, more).await.unwrap();

        let policy = only(&objects, "NetworkPolicy");
        let pod = &only(&objects, "Deployment")["spec"]["template"]["metadata"]["labels"];
        for (label, value) in policy["spec"]["podSelector"]["matchLabels"].as_object().unwrap() {
            assert_eq!(&pod[label], value);
        }
        assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]), "what goes out is not its business");
        let rules = policy["spec"]["ingress"].as_array().unwrap();
        let opened: Vec<_> = rules.iter().map(|rule| (&rule["ports"][0]["port"], &rule["from"])).collect();
        assert_eq!(
            opened,
            [
                (&json!("http"), artifacts),
                (&json!("http-prom"), &every_pod),
                (&json!("healthz"), &Value::Null),
                (&json!("webhooks"), deliveries),
            ]
        );
        for (name, _) in opened {
            assert!(container_port(&objects, name).is_some(), "{name} is no port of the container");
        }
    }
}

async fn the_api_server_takes_what_is_rendered_and_the_notes_tell_the_address(scene: Scene) {
    let plane = scene.plane().await;
    let namespace = &scene.namespace.name;
    let chart = Chart::of(&scene, plane, namespace);
    let inside = json!({"service": {"port": 8080}, "networkPolicy": {"from": [{"podSelector": {}}]}});
    let policy = json!({"enabled": true, "artifactsFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]});
    let ingress = json!({
        "enabled": true,
        "hosts": ["hooks.example.com"],
        "tls": [{"secretName": "hooks-tls", "hosts": ["hooks.example.com"]}],
    });

    let notes = chart.install(&values(&json!({"webhooks": inside, "networkPolicy": policy}))).await.unwrap();

    let address = format!("posts to http://{NAME}.{namespace}.svc.cluster.local:8080 followed by");
    assert!(notes.contains(&address), "{notes}");

    let notes = chart.upgrade(&values(&json!({"webhooks": {"ingress": ingress}}))).await.unwrap();

    assert!(notes.contains("posts to https://hooks.example.com followed by"), "{notes}");

    let notes = chart.upgrade(&values(&json!({"webhooks": {"enabled": false}}))).await.unwrap();

    assert!(!notes.contains("posts to"), "{notes}");
    chart.uninstall().await.unwrap();
}

async fn what_would_lead_nowhere_or_keep_nobody_out_is_refused(scene: Scene) {
    let peers = json!([{"podSelector": {}}]);
    let host = json!(["hooks.example.com"]);
    let gateway = json!([{"name": "public"}]);
    for (more, told) in [
        (json!({"webhooks": {"ingress": {"enabled": true}}}), "webhooks.ingress.hosts is empty"),
        (json!({"webhooks": {"httpRoute": {"enabled": true}}}), "webhooks.httpRoute.parentRefs is empty"),
        (
            json!({"webhooks": {"enabled": false, "ingress": {"enabled": true, "hosts": host}}}),
            "webhooks.ingress.enabled is true: it needs webhooks.enabled",
        ),
        (
            json!({"webhooks": {"enabled": false, "httpRoute": {"enabled": true, "parentRefs": gateway}}}),
            "webhooks.httpRoute.enabled is true: it needs webhooks.enabled",
        ),
        (
            json!({"webhooks": {"networkPolicy": {"from": peers}}}),
            "webhooks.networkPolicy.from is set: it needs networkPolicy.enabled",
        ),
        (
            json!({"networkPolicy": {"artifactsFrom": peers}}),
            "networkPolicy.artifactsFrom is set: it needs networkPolicy.enabled",
        ),
        (
            json!({
                "webhooks": {"enabled": false, "networkPolicy": {"from": peers}},
                "networkPolicy": {"enabled": true},
            }),
            "webhooks.networkPolicy.from is set: it needs webhooks.enabled",
        ),
    ] {
        let error = rendered(&scene, more.clone()).await.unwrap_err();
        assert!(error.contains(told), "{more} is refused with: {error}");
    }
}

async fn values_of_webhooks_that_make_no_sense_are_refused(scene: Scene) {
    let of_ingress = |more: Value| json!({"ingress": more});
    let of_route = |more: Value| json!({"httpRoute": more});
    for (place, webhooks) in [
        ("/webhooks/enabled", json!({"enabled": "yes"})),
        ("/webhooks/port", json!({"port": 9090})),
        ("/webhooks/port", json!({"port": 443})),
        ("/webhooks/port", json!({"port": ":9292"})),
        ("/webhooks/service/type", json!({"service": {"type": "ExternalName"}})),
        ("/webhooks/service/port", json!({"service": {"port": 0}})),
        ("/webhooks/service/annotations/a", json!({"service": {"annotations": {"a": 1}}})),
        ("/webhooks/ingress/className", of_ingress(json!({"className": "My Class"}))),
        ("/webhooks/ingress/hosts/0", of_ingress(json!({"hosts": ["https://hooks.example.com"]}))),
        ("/webhooks/ingress/hosts/0", of_ingress(json!({"hosts": ["hooks.example.com/hook"]}))),
        ("/webhooks/ingress/hosts", of_ingress(json!({"hosts": "hooks.example.com"}))),
        ("/webhooks/ingress/tls/0", of_ingress(json!({"tls": [{"hosts": ["hooks.example.com"]}]}))),
        ("/webhooks/httpRoute/parentRefs/0", of_route(json!({"parentRefs": [{"namespace": "gateways"}]}))),
        ("/webhooks/httpRoute/hostnames/0", of_route(json!({"hostnames": ["hooks.example.com:443"]}))),
        ("/webhooks/networkPolicy/from/0", json!({"networkPolicy": {"from": [{}]}})),
        ("/webhooks/networkPolicy/from/0", json!({"networkPolicy": {"from": ["10.0.0.0/8"]}})),
        ("additional properties 'host' not allowed", of_ingress(json!({"host": "hooks.example.com"}))),
        ("additional properties 'path' not allowed", json!({"path": "/hook"})),
    ] {
        let error = rendered(&scene, json!({"webhooks": webhooks})).await.unwrap_err();
        assert!(
            error.contains("values don't meet the specifications of the schema") && error.contains(place),
            "{webhooks} is refused with: {error}"
        );
    }
}
