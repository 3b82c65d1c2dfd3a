//! The whole tour, and the registry by itself.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::screen::Screen;
use super::show;
use super::stage::Stage;
use super::tour::Tour;

#[actix::test]
async fn the_tour_reaches_its_end_and_shows_each_step() {
    let mut shown = Vec::new();

    show(true, Screen::new(&mut shown, false), CancellationToken::new()).await.unwrap();

    let text = String::from_utf8(shown).unwrap();
    for part in [
        "/example/charts/podinfo:1.2.3\n",
        "/example/charts/podinfo:1.2.4 and asked for it",
        "All objects became Ready within",
        "Version 1.2.4 landed",
        "1.2.4@sha256:",
        "main@sha256:",
        "v1.0.0@sha256:",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[actix::test]
async fn the_tour_ends_early_when_it_is_told_to() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();

    show(false, Screen::new(Vec::new(), false), shutdown).await.unwrap();
}

#[actix::test]
async fn a_step_that_does_not_happen_is_named() {
    let stage = Stage::set().await.unwrap();
    let mut screen = Screen::new(Vec::new(), false);
    let mut tour = Tour { stage: &stage, screen: &mut screen, patience: Duration::ZERO };

    let error = tour.walk().await.unwrap_err().to_string();

    assert_eq!(error, "the objects did not become Ready within 0.00 s");
    stage.registry.close().await;
}

#[actix::test]
async fn the_registry_of_the_demo_wants_the_password_of_the_examples_and_right_digests() {
    let stage = Stage::set().await.unwrap();
    let root = format!("http://{}/v2", stage.registry.address);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let password = Some("a-token-that-may-read-packages");

    let upload = format!("{root}/example/monolithic?digest=sha256:00");
    let requests = [
        (client.get(format!("{root}/")), 401),
        (client.get(format!("{root}/")).basic_auth("example", Some("other")), 401),
        (client.get(format!("{root}/")).basic_auth("example", password), 200),
        (client.put(upload).basic_auth("example", password).body("x"), 400),
        (client.get(format!("{root}/example/manifests/latest")).basic_auth("example", password), 404),
        (client.delete(format!("{root}/example/manifests/latest")).basic_auth("example", password), 404),
    ];
    for (request, expected) in requests {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{}", response.url());
    }
    stage.registry.close().await;
}
