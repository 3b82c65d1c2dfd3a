//! No secret in any log, status, event, metric or error: a whole run at trace level, in which secrets are everywhere that
//! they can be, is searched for them.

mod hooks;
mod planted;
mod registries;
mod start;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::api::{Namespace, condition};
use crate::support::bench::Bench;
use crate::support::files::below;
use crate::support::manifest::{pull_secret, repository};
use crate::support::operator::Operator;
use crate::support::scene::Scene;
use crate::support::scripted::{Answer, Asked, Scripted};

use planted::{Planted, Search, check};
use registries::{Registry, Tokens, basic, echo};
use wishes::{Wish, wishes};

pub(crate) fn tests(bench: &Arc<Bench>) -> Vec<Trial> {
    vec![
        bench.trial(the_search_finds_every_form_of_a_value),
        bench.trial(a_run_at_trace_level_shows_no_secret_anywhere),
        bench.trial(start::a_start_that_fails_repeats_no_secret),
        bench.trial(objects_with_equal_secrets_share_one_token),
    ]
}

/// Nobody listens there.
const CLOSED: &str = "127.0.0.1:9";

async fn the_search_finds_every_form_of_a_value(_scene: Scene) {
    let mut planted = Planted::default();
    for name in ["one", "two", "three"] {
        planted.grow(name);
        planted.grow_odd(&format!("odd {name}"));
    }
    check(&planted);
}

async fn a_run_at_trace_level_shows_no_secret_anywhere(scene: Scene) {
    let mut planted = Planted::default();
    let hook = Scripted::start(|_| {
        // A receiver that refuses is complained of.
        |_: &_| Answer::new(500, "no")
    })
    .await;
    let (open, bearer) = registries(&mut planted).await;
    let proxy = Scripted::start(|_| |asked: &_| echo(502, asked)).await;
    let wishes = wishes(&mut planted, &open.host(), &bearer.host(), &proxy.host());
    let (operator, mut operator_token) = operator(&scene, &mut planted, &hook).await;
    planted.add("the operator's own token", &std::mem::take(&mut operator_token));
    let namespace = &scene.namespace;
    for wish in &wishes {
        for object in &wish.needs {
            namespace.apply(object).await;
        }
        namespace.apply(&wish.object).await;
    }

    for wish in &wishes {
        wish.comes_true(namespace).await;
    }
    again(namespace, &wishes, "again").await;
    let (sent, answers) = hooks::deliver(&scene, &operator, &mut planted).await;
    let asked = [open.log(), bearer.log(), proxy.log()].concat();
    drop((open, bearer, proxy));
    again(namespace, &wishes, "with all registries down").await;

    let search = planted.search();
    is_found_where_it_may_be(&scene, &search, &planted, &wishes, &asked, sent).await;
    // Each value once a kind of place: what leaks into a log does so in every line.
    let mut faults = BTreeMap::new();
    let mut look = |place: &'static str, text: &[u8]| {
        for (name, found) in search.find(text) {
            faults.entry((name, place)).or_insert(found);
        }
    };
    look("the metrics", operator.metrics().await.as_bytes());
    for answer in answers {
        look("an answer to a delivery", answer.as_bytes());
    }
    for kind in hooks::KINDS {
        let told = |hook: &Value| hook["status"]["deliveries"]["malformed"].is_number();
        let hook = namespace.until_hook(kind, "count of what cannot be read", told).await;
        look("a RegistryWebhook", hook.to_string().as_bytes());
    }
    for wish in &wishes {
        let mut object = namespace.object(wish.name()).await;
        object["spec"].take();
        look("an object", object.to_string().as_bytes());
    }
    for event in namespace.all("v1", "Event").await {
        look("an event", event.to_string().as_bytes());
    }
    for post in hook.asked() {
        look("a notification", post.body.as_bytes());
    }
    for file in below(&operator.data()) {
        look("the name of a file", file.to_str().unwrap().as_bytes());
        look("a file", &std::fs::read(&file).unwrap());
    }
    let log = operator.output();
    assert!(log.contains("\"level\":\"debug\""), "the log is not as loud as it can be");
    for line in log.lines() {
        look("the log", line.as_bytes());
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn objects_with_equal_secrets_share_one_token(scene: Scene) {
    let mut planted = Planted::default();
    let password = planted.grow("password");
    let tokens = Tokens {
        access: planted.grow("access token"),
        refresh: String::new(),
        unreadable: String::new(),
        taken: BTreeSet::new(),
        lifetime: 300,
    };
    let registry = Scripted::start(|host| {
        let registry = Registry {
            host: host.to_owned(),
            elsewhere: host.to_owned(),
            taken: [basic("robot", &password)].into(),
            signature: String::new(),
            page_token: String::new(),
            tokens: Some(tokens),
        };
        move |asked: &_| registry.answer(asked)
    })
    .await;
    let (namespace, host) = (&scene.namespace, registry.host());
    let names: Vec<_> = (0..12).map(|number| format!("app-{number}")).collect();
    for name in &names {
        namespace.apply(&pull_secret(name, &host, "robot", &password)).await;
        let spec = json!({"ref": {"tag": "v1"}, "secretRef": {"name": name}});
        namespace.apply(&repository(name, &format!("{host}/app"), &spec)).await;
    }

    let _operator = scene.operator().await;
    for name in &names {
        namespace.until_ready(name).await;
    }
    for name in &names {
        namespace.poked(name, "again").await;
    }

    let asked = registry.asked();
    assert_eq!(asked.iter().filter(|asked| asked.path == "/token").count(), 1);
}

/// Makes every object look once more, and waits until it has.
async fn again(namespace: &Namespace, wishes: &[Wish], token: &str) {
    for wish in wishes {
        namespace.poke(wish.name(), token).await;
    }
    for wish in wishes {
        let handled = |object: &Value| {
            let ready = condition(object, "Ready")["status"].as_str().unwrap_or_default();
            object["status"]["lastHandledReconcileAt"] == token && ready != "Unknown"
        };
        namespace.until(wish.name(), &format!("pass {token}"), handled).await;
    }
}

/// The search is no search if it does not find secrets where they have to be: in Secrets, in specifications, and in what
/// registries were asked.
async fn is_found_where_it_may_be(
    scene: &Scene,
    search: &Search,
    planted: &Planted,
    wishes: &[Wish],
    asked: &[(Asked, Vec<u8>)],
    sent: Vec<String>,
) {
    let mut places = sent;
    places
        .extend(asked.iter().map(|(asked, answer)| format!("{asked:?} {}", String::from_utf8_lossy(answer))));
    for wish in wishes {
        places.push(scene.namespace.object(wish.name()).await["spec"].to_string());
    }
    for secret in scene.namespace.all("v1", "Secret").await {
        let data = secret["data"].as_object().expect("a Secret has data");
        places.extend(data.values().map(|value| decoded(value.as_str().unwrap())));
        places.push(secret.to_string());
    }
    let found: BTreeSet<_> =
        places.iter().flat_map(|place| search.find(place.as_bytes()).into_keys()).collect();
    let shown_elsewhere = ["the operator's own token", "of the environment", "of the notification address"];
    for name in planted.names() {
        let is_elsewhere = shown_elsewhere.iter().any(|place| name.contains(place));
        assert!(is_elsewhere || found.contains(name), "{name} was not used at all");
    }
}

fn decoded(value: &str) -> String {
    String::from_utf8_lossy(&STANDARD.decode(value).unwrap()).into_owned()
}

async fn registries(planted: &mut Planted) -> (Scripted, Scripted) {
    let good = ["password", "auth", "legacy", "password for tokens"]
        .map(|name| basic("robot", &planted.grow_odd(name)));
    let tokens = Tokens {
        access: planted.grow("access token"),
        refresh: planted.grow("refresh token"),
        unreadable: planted.grow("unreadable token"),
        taken: [planted.grow("identity token"), planted.grow("registry token")].into(),
        lifetime: 1,
    };
    let (signature, page_token) = (planted.grow("signature"), planted.grow("page token"));
    let registry = |host: &str, tokens: Option<Tokens>| Registry {
        host: host.to_owned(),
        elsewhere: host.replace("127.0.0.1", "localhost"),
        taken: good.clone().into(),
        signature: signature.clone(),
        page_token: page_token.clone(),
        tokens,
    };
    let serve = |tokens: Option<Tokens>| {
        let registry = &registry;
        Scripted::start(move |host| {
            let registry = registry(host, tokens);
            move |asked: &_| registry.answer(asked)
        })
    };
    (serve(None).await, serve(Some(tokens)).await)
}

/// An operator with secrets in its environment, and the token with which it speaks to the API server.
async fn operator(scene: &Scene, planted: &mut Planted, hook: &Scripted) -> (Operator, String) {
    let home = scene.folder("docker");
    let config = json!({"auths": {"ghcr.io": planted.grow("docker config of the environment")}});
    std::fs::write(home.join("config.json"), config.to_string()).unwrap();
    let variable = |name: &str, value: String| json!({"name": name, "value": value});
    let proxy = format!("http://robot:{}@{CLOSED}", planted.grow("proxy of the environment"));
    let address = format!(
        "http://robot:{}@{}/?token={}",
        planted.grow("password of the notification address"),
        hook.host(),
        planted.grow("query of the notification address")
    );
    let values = json!({
        "logLevel": "trace",
        "eventsAddress": address,
        "extraEnvironment": [
            variable("DOCKER_CONFIG", home.to_str().unwrap().to_owned()),
            variable("HTTPS_PROXY", proxy.clone()),
            variable("HTTP_PROXY", proxy),
            variable("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ],
    });
    let release = scene.release(&values).await;
    let kubeconfig = release.place(scene.plane().await).await;
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    let token = text.lines().find_map(|line| line.split_once("token: ")).expect("it has a token").1;
    let operator = Operator::start(&scene.folder("operator"), &kubeconfig, &release).await;
    (operator, token.trim_matches('"').to_owned())
}
