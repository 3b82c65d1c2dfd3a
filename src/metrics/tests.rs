//! What a Prometheus would see, against the list in `docs/metrics.md`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use artifact::store::Store;
use prometheus::{Registry, TextEncoder};
use sluice_actors::flights::Flights as Table;
use sluice_actors::registry::{HostRecorders, Rank, Standing};
use sluice_actors::status_writer::Counters;
use sluice_actors::storage::Processors;
use sluice_actors::{End, Key, Recorder};

use super::{
    BytesServed, Deliveries, Flights, Hosts, Lag, Leader, Passes, Process, Question, Requests, Room, Tokens,
    Writes,
};

fn shown(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

fn passes() -> (Registry, Arc<Passes>, Key) {
    let registry = Registry::new();
    let passes = Passes::register(&registry, 7).unwrap();
    (registry, passes, Key::new("apps", "app"))
}

fn assert_shown(registry: &Registry, samples: &[&str]) {
    let text = shown(registry);
    for sample in samples {
        assert!(text.lines().any(|line| line == *sample), "no {sample} in\n{text}");
    }
}

/// A Registry at which nobody waits.
fn idle() -> Standing {
    Standing { queue: Rank::ALL.map(|rank| (rank, 0)), parked: 0, cooling: 0, quota_remaining: Some(0) }
}

fn store() -> (tempfile::TempDir, Arc<Store>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), artifact::store::Settings::default()).unwrap();
    (folder, Arc::new(store))
}

#[tokio::test(start_paused = true)]
async fn passes_are_counted_by_how_they_ended() {
    let (registry, passes, key) = passes();

    for (end, again) in [
        (End::Waiting, false),
        (End::Failed, false),
        (End::Failed, true),
        (End::Superseded, true),
        (End::Resting, false),
    ] {
        passes.begun(&key, again);
        passes.ended(&key, end);
    }

    assert_shown(
        &registry,
        &[
            r#"controller_runtime_reconcile_total{controller="ocirepository",result="error"} 2"#,
            r#"controller_runtime_reconcile_total{controller="ocirepository",result="requeue"} 1"#,
            r#"controller_runtime_reconcile_total{controller="ocirepository",result="requeue_after"} 1"#,
            r#"controller_runtime_reconcile_total{controller="ocirepository",result="success"} 1"#,
            r#"controller_runtime_reconcile_errors_total{controller="ocirepository"} 2"#,
            r#"controller_runtime_max_concurrent_reconciles{controller="ocirepository"} 7"#,
            r#"workqueue_adds_total{controller="ocirepository",name="ocirepository"} 5"#,
            r#"workqueue_retries_total{controller="ocirepository",name="ocirepository"} 2"#,
            r#"gotk_reconcile_duration_seconds_count{kind="OCIRepository",name="app",namespace="apps"} 5"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_is_no_work() {
    let (registry, passes, key) = passes();
    passes.begun(&key, false);
    tokio::time::advance(Duration::from_secs(1)).await;
    passes.waits(&key, true);
    tokio::time::advance(Duration::from_secs(50)).await;

    assert_shown(
        &registry,
        &[
            r#"workqueue_depth{controller="ocirepository",name="ocirepository",priority="0"} 1"#,
            r#"controller_runtime_active_workers{controller="ocirepository"} 0"#,
            r#"workqueue_unfinished_work_seconds{controller="ocirepository",name="ocirepository"} 1"#,
        ],
    );

    passes.waits(&key, false);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_shown(
        &registry,
        &[
            r#"workqueue_depth{controller="ocirepository",name="ocirepository",priority="0"} 0"#,
            r#"controller_runtime_active_workers{controller="ocirepository"} 1"#,
            r#"workqueue_longest_running_processor_seconds{controller="ocirepository",name="ocirepository"} 3"#,
        ],
    );

    passes.waits(&key, true);
    tokio::time::advance(Duration::from_secs(5)).await;
    passes.ended(&key, End::Failed);
    assert_shown(
        &registry,
        &[
            r#"controller_runtime_active_workers{controller="ocirepository"} 0"#,
            r#"controller_runtime_reconcile_time_seconds_sum{controller="ocirepository"} 3"#,
            r#"gotk_reconcile_duration_seconds_sum{kind="OCIRepository",name="app",namespace="apps"} 3"#,
            r#"workqueue_queue_duration_seconds_sum{controller="ocirepository",name="ocirepository"} 55"#,
            r#"workqueue_work_duration_seconds_sum{controller="ocirepository",name="ocirepository"} 3"#,
        ],
    );
}

#[tokio::test]
async fn answers_are_measured_by_what_was_asked() {
    let (registry, passes, _) = passes();

    passes.answered("Resolve", Duration::from_millis(1500));
    passes.answered("Inspect", Duration::ZERO);
    passes.answered("Resolve", Duration::from_millis(500));

    assert_shown(
        &registry,
        &[
            r#"sluice_answer_seconds_count{message="Inspect"} 1"#,
            r#"sluice_answer_seconds_count{message="Resolve"} 2"#,
            r#"sluice_answer_seconds_sum{message="Resolve"} 2"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_measured_of_an_object_alone_goes_with_it() {
    let (registry, passes, key) = passes();
    let other = Key::new("apps", "other");
    for key in [&key, &other] {
        passes.begun(key, false);
        passes.ended(key, End::Waiting);
    }

    passes.forgotten(&key);

    let text = shown(&registry);
    assert!(!text.contains(r#"name="app""#), "{text}");
    assert!(text.contains(r#"name="other""#), "{text}");
    assert!(text.contains(r#"result="requeue_after"} 2"#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_buckets_of_an_object_are_upstreams() {
    let (registry, passes, key) = passes();
    passes.ended(&key, End::Resting);

    let text = shown(&registry);
    let lines = text.lines().filter(|line| line.starts_with("gotk_reconcile_duration_seconds_bucket"));
    let bounds = lines.filter_map(|line| line.split("le=\"").nth(1)?.split('"').next()?.parse::<f64>().ok());
    let bounds: Vec<f64> = bounds.filter(|bound| bound.is_finite()).collect();

    let recorded =
        [0.01, 0.038_363_6, 0.147_176, 0.564_622, 2.166_09, 8.3099, 31.8798, 122.302, 469.195, 1800.0];
    assert_eq!(bounds.len(), recorded.len());
    for (ours, recorded) in bounds.iter().zip(recorded) {
        assert!((ours / recorded - 1.0).abs() < 1e-5, "{ours} is not {recorded}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_bucket_of_an_object_counts_all_passes_that_kept_to_its_bound() {
    let (registry, passes, key) = passes();
    for milliseconds in [5, 20, 30, 2_000_000] {
        passes.begun(&key, false);
        tokio::time::advance(Duration::from_millis(milliseconds)).await;
        passes.ended(&key, End::Waiting);
    }

    let text = shown(&registry);
    let lines = text.lines().filter(|line| line.starts_with("gotk_reconcile_duration_seconds_bucket"));
    let counts: Vec<&str> = lines.filter_map(|line| line.rsplit(' ').next()).collect();

    assert_eq!(counts, ["1", "3", "3", "3", "3", "3", "3", "3", "3", "3", "4"]);
}

#[test]
fn requests_are_counted_by_their_answers() {
    let (registry, requests) = (Registry::new(), Requests::new().unwrap());
    registry.register(Box::new(requests.clone())).unwrap();

    requests.count(&http::Method::GET, "10.0.0.1:443", Some(http::StatusCode::NOT_FOUND));
    requests.count(&http::Method::PATCH, "10.0.0.1:443", None);

    assert_shown(
        &registry,
        &[
            r#"rest_client_requests_total{code="404",host="10.0.0.1:443",method="GET"} 1"#,
            r#"rest_client_requests_total{code="<error>",host="10.0.0.1:443",method="PATCH"} 1"#,
        ],
    );
}

#[tokio::test]
async fn questions_are_counted_by_whether_they_went_out() {
    let table: Table<&str, u8> = Table::default();
    let registry = Registry::new();
    registry.register(Box::new(Flights::new(Question::Tags, table.traffic()).unwrap())).unwrap();
    let ask = || {
        table.join("key", async {
            tokio::task::yield_now().await;
            Ok::<_, ()>(1)
        })
    };

    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!((first, second, ask().await), (Ok(1), Ok(1), Ok(1)));

    assert_shown(
        &registry,
        &[
            r#"sluice_flights_flown_total{question="tags"} 2"#,
            r#"sluice_flights_joined_total{question="tags"} 1"#,
        ],
    );
}

#[test]
fn the_bytes_in_spools_are_those_that_transfers_have_written_and_not_given_back() {
    let (_folder, store) = store();
    let registry = Registry::new();
    let room = Room::new(Arc::clone(&store), Processors::new(1)).unwrap();
    registry.register(Box::new(room)).unwrap();
    let mut spool = store.spool(10).unwrap();

    spool.write_all(b"seven b").unwrap();
    assert_shown(&registry, &["sluice_spool_bytes 7", "sluice_unpack_waiting 0"]);
    spool.restart().unwrap();
    assert_shown(&registry, &["sluice_spool_bytes 0"]);
    spool.write_all(b"all of it, and more").unwrap();
    assert_shown(&registry, &["sluice_spool_bytes 19"]);
    drop(spool);

    assert_shown(&registry, &["sluice_spool_bytes 0"]);
}

#[test]
fn the_process_says_what_it_uses() {
    let registry = Registry::new();
    registry.register(Box::new(Process::new().unwrap())).unwrap();

    for family in registry.gather() {
        let sample = &family.get_metric()[0];
        let value = sample.get_gauge().get_value().max(sample.get_counter().get_value());

        assert!(value > 0.0 || family.name() == "process_cpu_seconds_total", "{}", family.name());
    }
}

#[tokio::test(start_paused = true)]
async fn the_documentation_has_exactly_the_series_that_there_are() {
    let (registry, passes, key) = passes();
    let requests = Requests::new().unwrap();
    requests.count(&http::Method::GET, "host", None);
    passes.ended(&key, End::Waiting);
    passes.answered("Inspect", Duration::ZERO);
    registry.register(Box::new(requests)).unwrap();
    registry.register(Box::new(BytesServed::new().unwrap())).unwrap();
    registry.register(Box::new(Leader::new("lease").unwrap())).unwrap();
    registry.register(Box::new(Process::new().unwrap())).unwrap();
    registry.register(Box::new(Writes::new(Arc::new(Counters::default())).unwrap())).unwrap();
    Tokens::register(&registry).unwrap();
    registry.register(Box::new(Lag::of_arbiter().unwrap())).unwrap();
    registry.register(Box::new(Lag::of_watch().unwrap())).unwrap();
    registry.register(Box::new(Deliveries::new().unwrap())).unwrap();
    let hosts = Hosts::new().unwrap();
    registry.register(Box::new(hosts.clone())).unwrap();
    let host = hosts.of("host");
    host.stands(idle());
    let (_folder, store) = store();
    registry.register(Box::new(Room::new(store, Processors::new(1)).unwrap())).unwrap();
    for question in [Question::Digest, Question::Tags, Question::Manifest] {
        let flights = Flights::new(question, Arc::default()).unwrap();
        registry.register(Box::new(flights)).unwrap();
    }

    let page = include_str!("../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<String> = rows.map(str::to_owned).collect();

    let there: BTreeSet<String> = registry.gather().iter().map(|family| family.name().to_owned()).collect();
    assert_eq!(documented, there);
}
