//! Lists of tags, page by page (spec 3.3).

use oci::{Client, Credential, Error};
use serde_json::json;

use crate::support::{Registry, Reply, client};

fn page(tags: &[&str]) -> Reply {
    Reply::ok(json!({"name": "app", "tags": tags}).to_string())
}

async fn tags(client: &Client) -> Result<Vec<String>, Error> {
    let mut tags = Vec::new();
    client
        .tags(&Credential::Anonymous, "app", &mut |tag| {
            tags.push(tag.to_owned());
        })
        .await?;
    Ok(tags)
}

#[tokio::test]
async fn pages_are_followed_by_their_links() {
    let registry = Registry::start(|seen| match seen.target.as_str() {
        "/v2/app/tags/list?n=1000" => {
            page(&["a", "b"]).header("Link", r#"</v2/app/tags/list?last=b&n=2>; rel="next""#)
        }
        "/v2/app/tags/list?last=b&n=2" => {
            let next = format!("<http://{}/v2/app/tags/list?opaque=x>; rel=next", seen.header("host"));
            page(&["not a legal tag"]).header("Link", &next)
        }
        "/v2/app/tags/list?opaque=x" => page(&["d"]),
        _ => Reply::status(404),
    })
    .await;

    assert_eq!(tags(&client(&registry)).await.unwrap(), ["a", "b", "not a legal tag", "d"]);
}

#[tokio::test]
async fn a_link_to_another_host_or_to_the_same_page_is_not_followed() {
    let elsewhere = Registry::start(|_| page(&[])).await;
    let host = elsewhere.host().to_owned();
    for link in [format!("<http://{host}/v2/app/tags/list>; rel=next"), "<list?n=1000>; rel=next".to_owned()]
    {
        let registry = Registry::start(move |seen| match seen.target.as_str() {
            "/v2/" => Reply::status(404),
            _ => page(&["a"]).header("Link", &link),
        })
        .await;

        let error = tags(&client(&registry)).await.unwrap_err();

        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert_eq!(registry.transcript().len(), 2);
    }
    assert!(elsewhere.transcript().is_empty());
}

#[tokio::test]
async fn a_page_that_came_from_another_host_leads_nowhere() {
    let elsewhere =
        Registry::start(|_| page(&["a"]).header("Link", "</v2/app/tags/list?last=a>; rel=next")).await;
    let location = format!("http://localhost:{}/page", elsewhere.host().split_once(':').unwrap().1);
    let registry = Registry::start(move |_| Reply::redirect(&location)).await;

    let error = tags(&client(&registry)).await.unwrap_err();

    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    assert_eq!(elsewhere.transcript(), ["GET /page"]);
}

#[tokio::test]
async fn a_long_page_is_read_to_its_end() {
    let names: Vec<String> = (0..50_000).map(|number| format!("v{number}")).collect();
    let body = json!({"tags": names}).to_string();
    let registry = Registry::start(move |_| Reply::ok(&body).chunked()).await;

    assert_eq!(tags(&client(&registry)).await.unwrap(), names);
}

#[tokio::test]
async fn an_unknown_repository_is_reported_with_the_whole_query() {
    let body = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"app"}}]}"#;
    let registry = Registry::start(move |_| Reply::status(404).body(body)).await;

    let error = tags(&client(&registry)).await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "GET http://{}/v2/app/tags/list?n=1000: NAME_UNKNOWN: repository name not known to registry; map[name:app]",
            registry.host()
        )
    );
}

#[tokio::test]
async fn what_is_no_list_is_malformed() {
    for body in ["<html>", r#"{"tags":["a""#] {
        let registry = Registry::start(move |_| Reply::ok(body)).await;

        let error = tags(&client(&registry)).await.unwrap_err();

        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}
