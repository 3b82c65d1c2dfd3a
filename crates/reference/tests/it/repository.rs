//! Repositories in `spec.url` and `spec.artifact.path`.

use reference::{Repository, UrlError, redacted_url};

fn repository(url: &str) -> Repository {
    Repository::parse_url(url).unwrap()
}

fn refusal(url: &str) -> String {
    Repository::parse_url(url).unwrap_err().to_string()
}

#[test]
fn a_url_names_a_registry_and_a_path() {
    let table = [
        ("oci://ghcr.io/stefanprodan/charts/podinfo", "ghcr.io", "stefanprodan/charts/podinfo"),
        ("oci://127.0.0.1:5000/app", "127.0.0.1:5000", "app"),
        ("oci://localhost:5000/app", "localhost:5000", "app"),
        ("oci://[::1]:5000/app", "[::1]:5000", "app"),
        ("oci://registry.example.com/app/", "registry.example.com", "app/"),
        ("oci://GHCR.io/app", "GHCR.io", "app"),
        ("oci://ghcr.io/a..b/.c", "ghcr.io", "a..b/.c"),
    ];
    for (url, registry, path) in table {
        let parsed = repository(url);
        assert_eq!((parsed.registry(), parsed.path()), (registry, path), "{url}");
        assert_eq!(parsed.api_host(), registry);
        assert_eq!(parsed.to_string(), format!("{registry}/{path}"));
    }
}

#[test]
fn what_names_no_registry_lives_on_docker_hub() {
    let table = [
        ("oci://docker.io/app", "index.docker.io/library/app"),
        ("oci://docker.io/bitnami/app", "index.docker.io/bitnami/app"),
        ("oci://index.docker.io/app", "index.docker.io/library/app"),
        ("oci://app", "index.docker.io/library/app"),
        ("oci://ghcr.io", "index.docker.io/library/ghcr.io"),
        ("oci://localhost/app", "index.docker.io/localhost/app"),
        ("oci://bitnami/app", "index.docker.io/bitnami/app"),
    ];
    for (url, expanded) in table {
        assert_eq!(repository(url).to_string(), expanded, "{url}");
    }
    assert_eq!(repository("oci://docker.io/app").api_host(), "index.docker.io");
}

#[test]
fn a_wrong_url_is_refused_in_upstreams_words() {
    let digest = format!("app@sha256:{}", "0".repeat(64));
    let long = "a".repeat(256);
    let characters =
        "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: ";
    let length = "repository must be between 2 and 255 characters in length: ";
    let table = [
        ("https://ghcr.io/app".to_owned(), "URL must be in format 'oci://<domain>/<org>/<repo>'".to_owned()),
        ("OCI://ghcr.io/app".to_owned(), "URL must be in format 'oci://<domain>/<org>/<repo>'".to_owned()),
        ("oci://".to_owned(), "a repository name must be specified".to_owned()),
        ("oci://ghcr.io/app:v1".to_owned(), format!("{characters}app:v1")),
        ("oci://ghcr.io/test/test:v1".to_owned(), format!("{characters}test/test:v1")),
        ("oci://ghcr.io/App".to_owned(), format!("{characters}App")),
        (format!("oci://ghcr.io/{digest}"), format!("{characters}{digest}")),
        ("oci://ghcr.io/app?x".to_owned(), format!("{characters}app?***")),
        ("oci://ghcr.io/äpp".to_owned(), format!("{characters}äpp")),
        ("oci://ghcr.io/a".to_owned(), format!("{length}a")),
        ("oci://ghcr.io/".to_owned(), length.to_owned()),
        (format!("oci://ghcr.io/{long}"), format!("{length}{long}")),
        (
            "oci://reg istry.example.test:80/app".to_owned(),
            "registries must be valid RFC 3986 URI authorities: reg istry.example.test:80".to_owned(),
        ),
    ];
    for (url, message) in table {
        assert_eq!(refusal(&url), message);
    }
}

#[test]
fn only_a_host_and_a_port_make_a_registry() {
    let refused = [
        "ghcr.io:",
        ":5000",
        "ghcr.io:65536",
        "ghcr.io:+80",
        "a:b:c",
        "gh%63r.io",
        "[::1",
        "[::1]x",
        "[:::]",
        "[]:1",
        "exämple.com",
        "a.b\\c",
        "a.b\u{7f}",
    ];
    for registry in refused {
        let url = format!("oci://{registry}/app");
        assert_eq!(Repository::parse_url(&url), Err(UrlError::Registry(registry.to_owned())));
    }
}

#[test]
fn what_may_be_a_secret_is_refused_and_not_repeated() {
    let registry = "registries must be valid RFC 3986 URI authorities: ";
    let characters =
        "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: ";
    for (url, head, shown) in [
        ("oci://user:word@ghcr.io/app", registry, "***@ghcr.io"),
        ("oci://user:word/app", registry, "user:***"),
        ("oci://reg istry.example.com:80/app", registry, "reg istry.example.com:80"),
        ("oci://user:pa/ss@ghcr.io/app", characters, "***@ghcr.io/app"),
        ("oci://ghcr.io/app?token=word", characters, "app?***"),
        ("oci://ghcr.io/app#word", characters, "app#***"),
        ("oci://ghcr.io/app:v1", characters, "app:v1"),
        ("oci://ghcr.io/app@sha256:00", characters, "app@sha256:00"),
    ] {
        assert_eq!(refusal(url), format!("{head}{shown}"));
    }
}

#[test]
fn a_url_is_shown_as_it_was_written_but_for_what_may_be_a_secret() {
    for (url, shown) in [
        ("oci://ghcr.io/app:v1", "oci://ghcr.io/app:v1"),
        ("oci://ghcr.io:5000/App@sha256:00", "oci://ghcr.io:5000/App@sha256:00"),
        ("oci://[::1]:5000/app", "oci://[::1]:5000/app"),
        ("oci://", "oci://"),
        ("oci://user:word@ghcr.io:5000/app@sha256:00", "oci://***@ghcr.io:5000/app@sha256:00"),
        ("oci://user:w@r/d?@ghcr.io/app", "oci://***@ghcr.io/app"),
        ("oci://user:word@ghcr.io:5000", "oci://***@ghcr.io:5000"),
        ("oci://user:word/app", "oci://user:***/app"),
        ("oci://ghcr.io/app?token=word", "oci://ghcr.io/app?***"),
        ("oci://ghcr.io?token=word#more", "oci://ghcr.io?***"),
        ("user:word@ghcr.io/app", "***@ghcr.io/app"),
    ] {
        assert_eq!(redacted_url(url), shown, "{url}");
    }
}

#[test]
fn dot_segments_are_refused_since_they_would_name_another_repository() {
    for path in ["allowed/../other", "../other", "./app", "app/..", "a/./b"] {
        let url = format!("oci://ghcr.io/{path}");
        assert_eq!(Repository::parse_url(&url), Err(UrlError::DotSegment(path.to_owned())));
    }
}

#[test]
fn an_artifact_path_replaces_the_path_on_the_same_host() {
    let table = [
        ("oci://ghcr.io:443/nothing/here", "ghcr.io:443/charts/web", "ghcr.io:443/charts/web"),
        ("oci://ghcr.io/nothing/here", "charts/web", "ghcr.io/charts/web"),
        ("oci://ghcr.io/nothing/here", "GHCR.io/charts/web", "ghcr.io/charts/web"),
        ("oci://docker.io/bitnami/app", "nginx", "index.docker.io/library/nginx"),
        ("oci://docker.io/bitnami/app", "index.docker.io/nginx", "index.docker.io/library/nginx"),
        ("oci://app", "docker.io/bitnami/nginx", "index.docker.io/bitnami/nginx"),
    ];
    for (url, artifact_path, expected) in table {
        assert_eq!(repository(url).with_path(artifact_path).unwrap().to_string(), expected);
    }
}

#[test]
fn an_artifact_path_on_another_host_or_port_is_refused() {
    let of_url = repository("oci://ghcr.io:443/charts/web");
    for path in
        ["quay.io/charts/web", "ghcr.io/charts/web", "ghcr.io:444/charts/web", "oci://ghcr.io:443/charts"]
    {
        assert_eq!(
            of_url.with_path(path),
            Err(UrlError::OtherHost { registry: "ghcr.io:443".to_owned(), path: path.to_owned() })
        );
    }
    assert_eq!(
        of_url.with_path("quay.io/x/y").unwrap_err().to_string(),
        "artifact.path must name a repository on 'ghcr.io:443', the host of the URL: quay.io/x/y"
    );
}

#[test]
fn an_artifact_path_obeys_the_rules_of_repositories() {
    let of_url = repository("oci://ghcr.io/charts/web");
    assert_eq!(of_url.with_path(""), Err(UrlError::Empty));
    assert_eq!(of_url.with_path("charts/web:v1"), Err(UrlError::Characters("charts/web:v1".to_owned())));
    assert_eq!(of_url.with_path("ghcr.io/../web"), Err(UrlError::DotSegment("../web".to_owned())));
    assert_eq!(of_url.with_path("ghcr.io/"), Err(UrlError::Length(String::new())));
}
