//! What a registry says of quotas, with whatever answer.

use std::time::Duration;

use oci::{Credential, Identity, Quota};

use crate::support::{Registry, Reply, basic, client};

fn metered(reply: Reply, remaining: &str) -> Reply {
    reply.header("RateLimit-Limit", "200;w=60").header("RateLimit-Remaining", remaining)
}

fn of_200(remaining: u64) -> Quota {
    Quota { remaining, limit: Some(200), window: Some(Duration::from_mins(1)) }
}

#[tokio::test]
async fn a_quota_is_kept_by_identity_until_it_is_taken() {
    let registry = Registry::start(|seen| match (seen.target.as_str(), seen.header("authorization")) {
        ("/v2/", _) => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        ("/v2/app/manifests/refused", _) => metered(Reply::status(429), "0;w=60"),
        (_, "") => metered(Reply::ok(""), "193;w=60"),
        _ => metered(Reply::ok(""), "7"),
    })
    .await;
    let (client, user) = (client(&registry), basic("user", "secret"));

    client.head(&Credential::Anonymous, "app", "v1").await.unwrap();
    client.head(&user, "app", "v1").await.unwrap();

    assert_eq!(client.take_quota(user.identity()), Some(of_200(7)));
    assert_eq!(client.take_quota(user.identity()), None);
    assert_eq!(client.take_quota(Identity::ANONYMOUS), Some(of_200(193)));
    client.head(&user, "app", "refused").await.unwrap_err();
    assert_eq!(client.take_quota(user.identity()), Some(of_200(0)));
}

#[tokio::test]
async fn neither_who_is_not_let_in_nor_another_host_says_anything_of_a_quota() {
    let elsewhere = Registry::start(|_| metered(Reply::ok(""), "1")).await;
    let location = format!("http://localhost:{}/manifest", elsewhere.host().split_once(':').unwrap().1);
    let registry = Registry::start(move |seen| match seen.target.as_str() {
        "/v2/app/manifests/elsewhere" => Reply::redirect(&location),
        _ => metered(Reply::status(401).header("WWW-Authenticate", "Basic realm=x"), "2"),
    })
    .await;
    let client = client(&registry);

    client.head(&Credential::Anonymous, "app", "v1").await.unwrap_err();
    client.head(&Credential::Anonymous, "app", "elsewhere").await.unwrap();

    assert_eq!(elsewhere.transcript(), ["HEAD /manifest"]);
    assert_eq!(client.take_quota(Identity::ANONYMOUS), None);
}
