//! Ranges and conditions.

use super::client::Answer;
use super::shelf::{ARTIFACT, LENGTH, MODIFIED, Shelf, content};

const EARLIER: &str = "Fri, 13 Feb 2009 23:31:29 GMT";
const LATER: &str = "Sat, 14 Feb 2009 00:00:00 GMT";

async fn get(shelf: &Shelf, headers: &[(&str, &str)]) -> Answer {
    shelf.ask(&format!("GET {ARTIFACT}"), headers).await
}

async fn tag(shelf: &Shelf) -> String {
    get(shelf, &[]).await.header("etag").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_served_exactly() {
    let shelf = Shelf::open();
    for (range, first, last) in [
        ("bytes=0-99", 0, 99),
        ("bytes=70000-150000", 70_000, 150_000),
        ("bytes=-50", LENGTH - 50, LENGTH - 1),
        ("bytes=199900-", 199_900, LENGTH - 1),
        ("bytes=199900-999999999999", 199_900, LENGTH - 1),
        ("bytes=-999999999999", 0, LENGTH - 1),
    ] {
        let answer = get(&shelf, &[("Range", range)]).await;

        let part = format!("bytes {first}-{last}/{LENGTH}");
        assert_eq!((answer.status, answer.header("content-range")), (206, Some(part.as_str())), "{range}");
        assert_eq!(answer.header("content-length"), Some((last - first + 1).to_string().as_str()));
        assert!(answer.body == content()[first..=last], "{range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_beyond_the_end_cannot_be_satisfied() {
    let answer = get(&Shelf::open(), &[("Range", "bytes=200000-")]).await;
    let none = format!("bytes */{LENGTH}");
    assert_eq!((answer.status, answer.header("content-range")), (416, Some(none.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_range_of_bytes_is_refused_as_upstream_does() {
    let shelf = Shelf::open();
    for range in ["bytes=9-2", "bytes=a-b", "lines=1-2", "bytes=", "bytes=18446744073709551616-"] {
        let answer = get(&shelf, &[("Range", range)]).await;
        assert_eq!((answer.status, answer.text()), (416, "invalid range\n"), "{range}");
        assert_eq!((answer.header("content-range"), answer.header("etag")), (None, None), "{range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ranges_get_the_whole_file() {
    let answer = get(&Shelf::open(), &[("Range", "bytes=0-1,4-5")]).await;
    assert_eq!((answer.status, answer.body.len()), (200, LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_a_range_says_what_a_get_would() {
    let head = Shelf::open().ask(&format!("HEAD {ARTIFACT}"), &[("Range", "bytes=0-9")]).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (206, Some("10"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_transfer_never_mixes_two_contents() {
    let shelf = Shelf::open();
    let tag = tag(&shelf).await;
    for (condition, status) in
        [(tag.as_str(), 206), (MODIFIED, 206), ("\"other\"", 200), (EARLIER, 200), ("?", 200)]
    {
        let answer = get(&shelf, &[("Range", "bytes=5-9"), ("If-Range", condition)]).await;
        assert_eq!(answer.status, status, "{condition}");
    }
    let weak = format!("W/{tag}");
    assert_eq!(get(&shelf, &[("Range", "bytes=5-9"), ("If-Range", &weak)]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_has_is_not_sent_again() {
    let shelf = Shelf::open();
    let tag = tag(&shelf).await;
    let weak = format!("\"other\", W/{tag}");
    for (headers, status) in [
        (vec![("If-None-Match", tag.as_str())], 304),
        (vec![("If-None-Match", weak.as_str())], 304),
        (vec![("If-None-Match", "*")], 304),
        (vec![("If-None-Match", "\"other\"")], 200),
        (vec![("If-None-Match", "\"other\""), ("If-Modified-Since", LATER)], 200),
        (vec![("If-Modified-Since", LATER)], 304),
        (vec![("If-Modified-Since", MODIFIED)], 304),
        (vec![("If-Modified-Since", EARLIER)], 200),
        (vec![("If-Modified-Since", "yesterday")], 200),
        (vec![("If-Match", "\"other\"")], 412),
        (vec![("If-Match", tag.as_str())], 200),
        (vec![("If-Unmodified-Since", EARLIER)], 412),
        (vec![("If-Unmodified-Since", MODIFIED)], 200),
    ] {
        let answer = get(&shelf, &headers).await;
        let body = if status == 200 { LENGTH } else { 0 };
        assert_eq!((answer.status, answer.body.len()), (status, body), "{headers:?}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_under_the_same_name_have_another_tag() {
    let shelf = Shelf::open();
    let before = tag(&shelf).await;
    std::fs::write(shelf.path(ARTIFACT), content()).unwrap();
    assert_ne!(tag(&shelf).await, before);
}
