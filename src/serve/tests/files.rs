//! Which paths lead to which answers.

use tokio::net::TcpStream;

use super::client::{parse, read_head};
use super::shelf::{ARTIFACT, DIRECTORY, LATEST, LENGTH, MODIFIED, Shelf, content};

const NOT_FOUND: &str = "404 page not found\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_served_whole() {
    let shelf = Shelf::open();
    for path in [ARTIFACT, LATEST, "/ocirepository/apps/app/sha256%3Aab12.tar.gz"] {
        let answer = shelf.get(path).await;

        assert_eq!((answer.status, answer.body == content()), (200, true), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/gzip"));
        assert_eq!(answer.header("content-length"), Some(LENGTH.to_string().as_str()));
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        assert_eq!(answer.header("last-modified"), Some(MODIFIED));
        assert_eq!(answer.header("content-encoding"), None);
        assert!(answer.header("etag").unwrap().starts_with("\"sha256:ab12-"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_bodies_are_counted() {
    let shelf = Shelf::open();
    let small = format!("{DIRECTORY}/sha256:cd34.tar.gz");
    shelf.put(&small, b"small");

    for (request, range, total) in [
        (format!("GET {ARTIFACT}"), "", LENGTH),
        (format!("GET {ARTIFACT}"), "bytes=0-99999", LENGTH + 100_000),
        (format!("GET {small}"), "", LENGTH + 100_005),
        (format!("GET {small}"), "bytes=1-2", LENGTH + 100_007),
        (format!("HEAD {ARTIFACT}"), "", LENGTH + 100_007),
        (format!("GET {DIRECTORY}/none"), "", LENGTH + 100_007),
    ] {
        shelf.ask(&request, &[("Range", range)]).await;

        assert_eq!(shelf.bytes.bytes(), total as u64, "{request} {range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_answer_is_not_made_on_request() {
    let answer = Shelf::open().ask(&format!("GET {ARTIFACT}"), &[("Accept-Encoding", "gzip")]).await;
    assert_eq!((answer.header("content-encoding"), answer.body.len()), (None, LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_the_headers_of_get_and_leaves_the_connection_usable() {
    let shelf = Shelf::open();
    let head = shelf.ask(&format!("HEAD {ARTIFACT}"), &[]).await;
    let get = shelf.get(ARTIFACT).await;
    for name in ["content-length", "content-type", "etag", "last-modified", "accept-ranges"] {
        assert_eq!((head.header(name), head.body.len()), (get.header(name), 0), "{name}");
    }

    let mut connection = TcpStream::connect(shelf.server).await.unwrap();
    let first = read_head(&mut connection, &format!("HEAD {ARTIFACT} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert_eq!(parse(&first).header("content-length"), Some("200000"));
    let second = read_head(&mut connection, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(parse(&second).header("content-length"), Some("3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_answers_and_directories_are_not_listed() {
    let shelf = Shelf::open();
    assert_eq!(shelf.get("/").await.status, 200);
    for path in [DIRECTORY.to_owned(), format!("{DIRECTORY}/"), "/ocirepository".to_owned()] {
        let answer = shelf.get(&path).await;
        assert_eq!((answer.status, answer.text()), (404, NOT_FOUND), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_artifact_is_not_found() {
    let shelf = Shelf::open();
    shelf.put("/ocirepository/apps/app/sha256:ab12.tar.gz.lock", b"");
    shelf.put("/ocirepository/apps/app/latest.tar.gz.tmp", b"");
    shelf.put("/secret", b"in the root");
    std::fs::write(shelf.path("/.sluice/own"), b"").unwrap();
    for path in [
        "/ocirepository/apps/app/absent.tar.gz",
        "/ocirepository/apps/nobody/latest.tar.gz",
        "/ocirepository/apps/app/sha256:ab12.tar.gz.lock",
        "/ocirepository/apps/app/latest.tar.gz.tmp",
        "/ocirepository/apps/app/latest.tar.gz/",
        "/ocirepository/apps/app/a%00b",
        "/secret",
        "/.sluice/own",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/ocirepository/apps/app/%ff",
    ] {
        let answer = shelf.get(path).await;
        assert_eq!((answer.status, answer.text()), (404, NOT_FOUND), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unclean_paths_are_redirected_to_this_very_server() {
    let shelf = Shelf::open();
    for (path, cleaned) in [
        ("/../../../../etc/passwd", "/etc/passwd"),
        ("//ocirepository/apps/app/absent.tar.gz", "/ocirepository/apps/app/absent.tar.gz"),
        ("//\\evil.example", "/%5Cevil.example"),
        ("/a/../b?token=1", "/b?token=1"),
    ] {
        let answer = shelf.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (307, Some(cleaned)), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused() {
    let shelf = Shelf::open();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = shelf.ask(&format!("{method} {LATEST}"), &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_is_known_but_not_here_is_not_yet_here() {
    let shelf = Shelf::open();
    let recorded = "ocirepository/apps/app/sha256:cd34.tar.gz";
    shelf.record(recorded);
    std::fs::remove_file(shelf.path(LATEST)).unwrap();
    for path in [format!("/{recorded}"), LATEST.to_owned()] {
        let answer = shelf.get(&path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    }
    assert_eq!(shelf.get("/ocirepository/apps/app/sha256:ef56.tar.gz").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_first_list_is_complete_nothing_is_missing() {
    let shelf = Shelf::unlisted();
    assert_eq!(shelf.get("/ocirepository/apps/app/absent.tar.gz").await.status, 503);
    assert_eq!(shelf.get(ARTIFACT).await.status, 200);
    assert_eq!(shelf.get(DIRECTORY).await.status, 404);

    shelf.known.complete();
    assert_eq!(shelf.get("/ocirepository/apps/app/absent.tar.gz").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leaves_the_store_is_not_followed() {
    let shelf = Shelf::open();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), shelf.path("/ocirepository/apps/app/away.tar.gz")).unwrap();
    assert_eq!(shelf.get("/ocirepository/apps/app/away.tar.gz").await.status, 404);
}
