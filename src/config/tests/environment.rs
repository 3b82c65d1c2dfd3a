//! What the environment says where a flag says nothing (spec 7.1, 8.7).

use std::path::Path;
use std::time::Duration;

use artifact::digest::Algorithm;

use super::{Config, arguments};

fn parse(flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, String> {
    let environment = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::new(&arguments(flags)?, &environment).map_err(|problems| problems.join("\n"))
}

/// Path, listening address and advertised address of the storage.
fn storage(flags: &[&str], variables: &[(&str, &str)]) -> (String, String, String) {
    let config = parse(flags, variables).unwrap();
    (config.storage_path.display().to_string(), config.storage_address, config.advertised)
}

fn texts(path: &str, listening: &str, advertised: &str) -> (String, String, String) {
    (path.to_owned(), listening.to_owned(), advertised.to_owned())
}

const VARIABLES: [(&str, &str); 3] =
    [("STORAGE_PATH", "/env"), ("STORAGE_ADDRESS", ":8181"), ("STORAGE_ADV_ADDR", "env.example.com")];

#[test]
fn without_flags_and_variables_the_defaults_of_upstream_hold() {
    let config = parse(&[], &[]).unwrap();

    assert_eq!(config.storage_path, Path::new("/data"));
    assert_eq!((config.storage_address.as_str(), config.advertised.as_str()), (":9090", "localhost:9090"));
    assert_eq!((config.store.retention_ttl, config.store.retention_records), (Duration::from_mins(1), 2));
    assert_eq!(config.store.algorithm, Algorithm::Sha256);
    assert_eq!((config.metrics_address.as_deref(), config.events), (Some(":8080"), None));
}

#[test]
fn each_flag_changes_what_it_names_and_nothing_else() {
    let (path, listening, advertised) = ("/data", ":9090", "localhost:9090");
    assert_eq!(storage(&["--storage-path=/s"], &[]), texts("/s", listening, advertised));
    assert_eq!(storage(&["--storage-addr=:80"], &[]), texts(path, ":80", "localhost:80"));
    assert_eq!(storage(&["--storage-adv-addr=a"], &[]), texts(path, listening, "a"));

    let kept = |flag: &str| {
        let store = parse(&[flag], &[]).unwrap().store;
        (store.retention_ttl, store.retention_records, store.algorithm)
    };
    let minute = Duration::from_mins(1);
    assert_eq!(kept("--artifact-retention-ttl=2m"), (minute * 2, 2, Algorithm::Sha256));
    assert_eq!(kept("--artifact-retention-records=5"), (minute, 5, Algorithm::Sha256));
    assert_eq!(kept("--artifact-digest-algo=sha512"), (minute, 2, Algorithm::Sha512));
}

#[test]
fn all_flags_hold_together() {
    let config = parse(
        &[
            "--storage-path=/s",
            "--storage-addr=:80",
            "--storage-adv-addr=a",
            "--artifact-retention-ttl=2m",
            "--artifact-retention-records=5",
            "--artifact-digest-algo=blake3",
        ],
        &VARIABLES,
    )
    .unwrap();

    assert_eq!(config.storage_path, Path::new("/s"));
    assert_eq!((config.storage_address.as_str(), config.advertised.as_str()), (":80", "a"));
    assert_eq!((config.store.retention_ttl, config.store.retention_records), (Duration::from_mins(2), 5));
    assert_eq!(config.store.algorithm, Algorithm::Blake3);
}

#[test]
fn a_variable_stands_before_the_default_and_behind_the_flag() {
    assert_eq!(storage(&[], &VARIABLES), texts("/env", ":8181", "env.example.com"));
    assert_eq!(storage(&[], &VARIABLES[1..2]), texts("/data", ":8181", "localhost:8181"));
    assert_eq!(
        storage(&["--storage-path=/s", "--storage-adv-addr="], &VARIABLES),
        texts("/s", ":8181", "localhost:8181")
    );
    let others = [("METRICS_ADDR", ":1"), ("EVENTS_ADDR", "http://events.example.com/")];
    let config = parse(&["--metrics-addr=0"], &others).unwrap();
    assert_eq!(config.metrics_address, None);
    assert_eq!(config.events.unwrap().as_str(), "http://events.example.com/");
}

#[test]
fn an_empty_variable_is_none() {
    let empty = VARIABLES.map(|(name, _)| (name, ""));

    assert_eq!(storage(&[], &empty), texts("/data", ":9090", "localhost:9090"));
    let config = parse(&[], &[("METRICS_ADDR", ""), ("EVENTS_ADDR", "")]).unwrap();
    assert_eq!((config.metrics_address.as_deref(), config.events), (Some(":8080"), None));
}

#[test]
fn consumers_are_told_the_name_of_the_machine_where_every_address_is_listened_on() {
    let advertised = |flags: &[&str], host: &str| storage(flags, &[("HOSTNAME", host)]).2;
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();

    assert_eq!(advertised(&["--storage-addr=0.0.0.0:9090"], "test-host"), "test-host:9090");
    assert_eq!(storage(&["--storage-addr=0.0.0.0:9090"], &[]).2, format!("{machine}:9090"));
    assert_eq!(advertised(&["--storage-addr=0.0.0.0:9090"], ""), format!("{machine}:9090"));
    assert_eq!(advertised(&["--storage-addr=:9090"], "test-host"), "localhost:9090");
    assert_eq!(advertised(&["--storage-addr=127.0.0.1:9090"], "test-host"), "127.0.0.1:9090");
    let given = ["--storage-addr=0.0.0.0:9090", "--storage-adv-addr=http://adv.example.com"];
    assert_eq!(advertised(&given, "test-host"), "http://adv.example.com");
    let problem = parse(&["--storage-addr=invalid-address"], &[]).unwrap_err();
    assert!(problem.contains("'invalid-address' is no host:port"), "{problem}");
}
