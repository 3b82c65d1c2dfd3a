//! Secrets and service accounts.

use futures::future::{Either, join_all, select};
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::cluster::{ClusterReader, ReadError, WriteError};
use sluice_actors::receiver::HookWriter;

use super::api::{Answer, Api};
use super::connected;
use crate::cluster::Reader;
use crate::cluster::webhooks::WebhookWriter;

#[tokio::test]
async fn a_secret_is_read_and_decoded() {
    let api = Api::start(|_, _| {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "pull", "namespace": "apps" },
            "type": "kubernetes.io/dockerconfigjson", "data": { ".dockerconfigjson": "e30=" },
        });
        Answer::json(200, &secret)
    })
    .await;

    let secret = Reader::new(connected(api.address())).secret("apps", "pull").await.unwrap();

    assert_eq!(secret.kind, "kubernetes.io/dockerconfigjson");
    assert_eq!(secret.data[".dockerconfigjson"], b"{}");
    assert_eq!(api.asked()[0].path, "/api/v1/namespaces/apps/secrets/pull");
    let agent = format!("sluice/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(api.asked()[0].headers["user-agent"], agent);
}

#[tokio::test]
async fn a_service_account_is_read() {
    let api = Api::start(|_, _| {
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "annotations": { "a": "b" } },
            "imagePullSecrets": [{ "name": "one" }, { "name": "two" }],
        });
        Answer::json(200, &account)
    })
    .await;

    let account = Reader::new(connected(api.address())).service_account("apps", "puller").await.unwrap();

    assert_eq!(account.image_pull_secrets, ["one", "two"]);
    assert_eq!(account.annotations["a"], "b");
    assert_eq!(api.asked()[0].path, "/api/v1/namespaces/apps/serviceaccounts/puller");
}

#[tokio::test]
async fn the_server_says_in_its_own_words_what_is_absent() {
    let api = Api::start(|_, _| Answer::failure(404, "secrets \"absent\" not found", "absent")).await;

    let error = Reader::new(connected(api.address())).secret("apps", "absent").await.unwrap_err();

    assert!(matches!(&error, ReadError::NotFound(_)), "{error:?}");
    assert_eq!(error.to_string(), "secrets \"absent\" not found");
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_may_still_be_there() {
    let words = "secrets \"pull\" is forbidden: User \"sluice\" cannot get resource \"secrets\"";
    let api = Api::start(move |_, _| Answer::failure(403, words, "pull")).await;

    let error = Reader::new(connected(api.address())).secret("apps", "pull").await.unwrap_err();

    assert!(matches!(&error, ReadError::Unreadable(_)), "{error:?}");
    assert_eq!(error.to_string(), words);
}

#[tokio::test]
async fn a_server_that_is_starting_has_not_said_that_anything_is_absent() {
    let api = Api::start(|_, _| Answer::text(404, "404 page not found")).await;

    let error = Reader::new(connected(api.address())).secret("apps", "pull").await.unwrap_err();

    assert!(matches!(&error, ReadError::Unreadable(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_repeated_in_the_error() {
    let api = Api::start(|_, _| Answer::text(200, "{\"data\": {\"password\": \"hunter2!\"}")).await;

    let error = Reader::new(connected(api.address())).secret("apps", "pull").await.unwrap_err();

    assert_eq!(error.to_string(), "the API server's answer cannot be read");
}

#[tokio::test]
async fn a_name_that_would_lead_elsewhere_is_never_asked_for() {
    let api = Api::start(|_, _| Answer::json(200, &json!({}))).await;
    let reader = Reader::new(connected(api.address()));
    let hooks = WebhookWriter { client: connected(api.address()) };

    for name in ["", ".", "..", "../../other/secrets/x", "a/b", "a%2fb", "a?watch=1", "a b", "a#b", "ü"] {
        reader.secret("apps", name).await.unwrap_err();
        reader.service_account("apps", name).await.unwrap_err();
        for key in [Key::new("apps", name), Key::new(name, "app")] {
            assert!(matches!(hooks.object(&key).await, Err(WriteError::Gone)), "{key}");
        }
    }

    let nameless = reader.secret("apps", "").await.unwrap_err();
    assert_eq!(nameless.to_string(), "resource name may not be empty");
    assert!(api.asked().is_empty());
}

#[tokio::test]
async fn a_busy_server_is_asked_once() {
    let api = Api::start(|_, _| Answer::failure(429, "too many requests", "").retry_after(1)).await;

    Reader::new(connected(api.address())).secret("apps", "pull").await.unwrap_err();

    assert_eq!(api.asked().len(), 1);
}

/// A server that never ends its answers, but for that to the marker.
async fn stuck() -> Api {
    Api::start(|_, asked| {
        let object = json!({ "metadata": {} });
        if asked.path.ends_with("marker") {
            Answer::json(200, &object)
        } else {
            Answer::stream(&[object], false)
        }
    })
    .await
}

/// Waits until the server was asked so often, and then for the answer to another question: what was sent before it has arrived.
async fn settled(api: &Api, asked: usize) {
    while api.asked().len() < asked {
        tokio::task::yield_now().await;
    }
    Reader::new(connected(api.address())).service_account("apps", "marker").await.unwrap();
}

#[tokio::test]
async fn no_more_is_asked_at_once_than_the_server_can_answer() {
    let api = stuck().await;
    let reader = Reader::new(connected(api.address()));
    let names: Vec<_> = (0..40).map(|number| format!("puller-{number}")).collect();
    let reads = Box::pin(join_all(names.iter().map(|name| reader.service_account("apps", name))));

    assert!(matches!(select(reads, Box::pin(settled(&api, 16))).await, Either::Right(_)));

    assert_eq!(api.asked().len(), 17);
}

#[tokio::test]
async fn a_turn_is_given_back_with_the_answer_and_by_who_does_not_wait_for_it() {
    let stuck = stuck().await;
    let reader = Reader::new(connected(stuck.address()));
    let names: Vec<_> = (0..40).map(|number| format!("puller-{number}")).collect();
    for _ in 0..2 {
        let reads = Box::pin(join_all(names.iter().map(|name| reader.service_account("apps", name))));
        let asked = stuck.asked().len();
        assert!(matches!(select(reads, Box::pin(settled(&stuck, asked + 16))).await, Either::Right(_)));
    }
    let api = Api::start(|_, _| Answer::json(200, &json!({ "metadata": {} }))).await;
    let reader = Reader::new(connected(api.address()));

    let read = join_all(names.iter().map(|name| reader.service_account("apps", name))).await;

    assert!(read.iter().all(Result::is_ok), "{read:?}");
}

#[tokio::test]
async fn all_who_ask_while_a_read_is_under_way_share_the_next() {
    let api = Api::start(|_, _| Answer::json(200, &json!({ "metadata": {} }))).await;
    let reader = Reader::new(connected(api.address()));

    let read = join_all((0..40).map(|_| reader.secret("apps", "pull"))).await;

    assert!(read.iter().all(Result::is_ok), "{read:?}");
    assert_eq!(api.asked().len(), 2);
}

#[tokio::test]
async fn only_equal_questions_wait_for_one_another() {
    let api = stuck().await;
    let reader = Reader::new(connected(api.address()));
    let secrets = join_all((0..40).map(|_| reader.secret("apps", "pull")));
    let elsewhere = join_all((0..40).map(|_| reader.secret("other", "pull")));
    let accounts = join_all((0..40).map(|_| reader.service_account("apps", "pull")));
    let reads = Box::pin(async { tokio::join!(secrets, elsewhere, accounts) });

    assert!(matches!(select(reads, Box::pin(settled(&api, 3))).await, Either::Right(_)));

    assert_eq!(api.asked().len(), 4);
}

#[tokio::test]
async fn who_asks_while_an_answer_is_under_way_takes_a_newer_one() {
    let version = |number: usize| json!({ "metadata": { "resourceVersion": number.to_string() } });
    let api = Api::start(move |number, _| Answer::json(200, &version(number))).await;
    let reader = Reader::new(connected(api.address()));
    let read = || async { reader.secret("apps", "pull").await.unwrap().version };
    let late = async {
        while api.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        join_all([read(), read()]).await
    };

    let (first, later) = tokio::join!(read(), late);

    assert_eq!(first.as_ref(), "0");
    assert_eq!(later, ["1", "1"].map(Into::into));
}
