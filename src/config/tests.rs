//! The command line, as upstream's manifests and the suites use it.

mod environment;

use std::time::Duration;

use clap::Parser;

use super::{Cli, Command, Config, RunArguments};

fn arguments(flags: &[&str]) -> Result<RunArguments, String> {
    let words = ["sluice", "run"].iter().chain(flags);
    let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
    let Command::Run(arguments) = cli.command else { panic!("not run") };
    Ok(*arguments)
}

fn parse(flags: &[&str]) -> Result<Config, String> {
    let environment = |name: &str| (name == "RUNTIME_NAMESPACE").then(|| "flux-system".to_owned());
    Config::new(&arguments(flags)?, &environment).map_err(|problems| problems.join("\n"))
}

#[test]
fn docker_s_configuration_is_where_its_variable_says_else_at_home() {
    let found = |environment: &[(&str, &str)]| {
        let of = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        super::value::docker_config(&of).map(|path| path.display().to_string())
    };

    let both = [("DOCKER_CONFIG", "/etc/docker"), ("HOME", "/home/sluice")];
    assert_eq!(found(&both).as_deref(), Some("/etc/docker/config.json"));
    assert_eq!(found(&[("DOCKER_CONFIG", ""), both[1]]).as_deref(), Some("/home/sluice/.docker/config.json"));
    assert_eq!(found(&[]), None);
}

#[test]
fn the_command_line_of_the_suites_parses() {
    let config = parse(&[
        "--watch-all-namespaces",
        "--enable-leader-election=false",
        "--storage-path=/tmp",
        "--storage-addr=127.0.0.1:1234",
        "--storage-adv-addr=127.0.0.1:1234",
        "--metrics-addr=127.0.0.1:1",
        "--health-addr=127.0.0.1:2",
        "--events-addr=http://127.0.0.1:3/",
        "--concurrent=10",
    ])
    .unwrap();
    assert_eq!((config.namespace, config.advertised.as_str()), (None, "127.0.0.1:1234"));
}

#[test]
fn a_later_flag_wins() {
    let config = parse(&[
        "--watch-all-namespaces",
        "--watch-all-namespaces=false",
        "--concurrent=3",
        "--concurrent",
        "8",
    ]);
    let config = config.unwrap();
    assert_eq!((config.namespace.as_deref(), config.concurrent), (Some("flux-system"), 8));
}

#[test]
fn durations_sizes_and_booleans_have_the_syntax_of_go() {
    let config =
        parse(&["--min-retry-delay=1.5s", "--artifact-max-size=4Ki", "--watch-all-namespaces=F"]).unwrap();
    assert_eq!(config.policy.backoff.first, Duration::from_millis(1500));
    assert_eq!(config.artifact_max_size, Some(4096));
    assert!(config.namespace.is_some());
}

#[test]
fn stored_artifacts_are_read_again_once_a_day_unless_another_interval_is_named() {
    assert_eq!(parse(&[]).unwrap().scrub_interval, Some(Duration::from_hours(24)));
    assert_eq!(parse(&["--scrub-interval=90s"]).unwrap().scrub_interval, Some(Duration::from_secs(90)));
    assert_eq!(parse(&["--scrub-interval=0"]).unwrap().scrub_interval, None);
}

#[test]
fn the_advertised_address_follows_the_listening_one() {
    assert_eq!(parse(&["--storage-addr=:9000"]).unwrap().advertised, "localhost:9000");
    assert_eq!(parse(&["--storage-addr=10.0.0.1:80"]).unwrap().advertised, "10.0.0.1:80");
    assert!(parse(&["--storage-addr=nonsense"]).unwrap_err().contains("--storage-addr"));
}

#[test]
fn all_problems_are_told_at_once() {
    let arguments =
        ["--events-addr=ftp://x", "--interval-jitter-percentage=100", "--feature-gates=Unheard=true"];
    let problems = parse(&arguments).unwrap_err();
    for part in ["--events-addr", "less than 100", "feature-gate 'Unheard' not supported"] {
        assert!(problems.contains(part), "{part} is not in {problems}");
    }
}

#[test]
fn a_default_service_account_needs_no_feature_gate_and_a_name_that_can_exist() {
    let named = parse(&["--default-service-account=tenant.pull-1"]).unwrap();
    assert_eq!(named.default_account.as_deref(), Some("tenant.pull-1"));
    assert!(parse(&[]).unwrap().default_account.is_none());
    assert!(parse(&["--default-service-account="]).unwrap().default_account.is_none());
    for name in ["Tenant", "team/robot", "..", "-a", "a..b", "a b"] {
        let problem = parse(&[&format!("--default-service-account={name}")]).unwrap_err();
        assert!(problem.contains(&format!("the name '{name}'")), "{problem}");
    }
}

#[test]
fn feature_gates_of_upstream_are_taken_and_kept_to_say_that_they_do_nothing() {
    let gates = parse(&["--feature-gates=ObjectLevelWorkloadIdentity=false,CacheSecretsAndConfigMaps=true"]);
    let gates = gates.unwrap().idle_gates;
    assert_eq!(gates, ["ObjectLevelWorkloadIdentity=false", "CacheSecretsAndConfigMaps=true"]);
}

#[test]
fn an_address_or_a_selector_that_would_never_work_is_refused() {
    for address in [" http://notify.example.com/", "http://notify.example.com/ ", "notify.example.com"] {
        assert!(
            parse(&[&format!("--events-addr={address}")]).unwrap_err().contains("--events-addr"),
            "{address}"
        );
    }
    assert!(parse(&["--watch-label-selector=a=b=c"]).unwrap_err().contains("a=b=c"));
}

#[test]
fn an_unknown_flag_is_refused() {
    assert!(parse(&["--no-cross-namespace-refs"]).is_err());
}

#[test]
fn the_lease_is_upstreams_and_a_shard_has_its_own() {
    let lease = |selector: &str| {
        let config =
            parse(&["--enable-leader-election", &format!("--watch-label-selector={selector}")]).unwrap();
        let election = config.election.unwrap();
        (election.namespace, election.lease)
    };

    assert_eq!(lease(""), ("flux-system".to_owned(), "source-controller-leader-election".to_owned()));
    assert_eq!(lease("foo=bar").1, "source-controller-leader-election-3ba8907e");
    assert_eq!(lease("bar").1, "source-controller-leader-election-fcde2b2e");
}

#[test]
fn an_election_has_upstreams_times_unless_they_are_given() {
    let election = parse(&["--enable-leader-election"]).unwrap().election.unwrap();
    assert_eq!(election.duration, Duration::from_secs(35));
    assert_eq!(election.renew_deadline, Duration::from_secs(30));
    assert_eq!((election.retry_period, election.release), (Duration::from_secs(5), true));

    let election = parse(&[
        "--enable-leader-election",
        "--leader-election-lease-duration=15.9s",
        "--leader-election-renew-deadline=10s",
        "--leader-election-retry-period=2s",
        "--leader-election-release-on-cancel=false",
    ]);
    let election = election.unwrap().election.unwrap();
    assert_eq!(election.duration, Duration::from_secs(15));
    assert!(!election.release);
}

#[test]
fn nobody_is_elected_where_there_is_nobody_else() {
    assert_eq!(parse(&[]).unwrap().election, None);
    assert_eq!(parse(&["--enable-leader-election", "--manifests=/tmp"]).unwrap().election, None);
}

#[test]
fn times_with_which_nobody_could_lead_are_refused() {
    let broken = parse(&[
        "--enable-leader-election",
        "--leader-election-lease-duration=10s",
        "--leader-election-renew-deadline=10s",
        "--leader-election-retry-period=9s",
    ]);
    let problems = broken.unwrap_err();
    for part in ["than 1.2 times", "than --leader-election-renew-deadline", "and 10 s, the time limit"] {
        assert!(problems.contains(part), "{part} is not in {problems}");
    }
    let off = ["--leader-election-retry-period=1h"];
    assert!(parse(&off).is_ok(), "without an election its times mean nothing");
}

#[test]
fn what_narrows_a_cluster_is_refused_for_a_folder() {
    let problems =
        parse(&["--manifests=.", "--watch-label-selector=a=b", "--watch-all-namespaces=false"]).unwrap_err();
    assert!(
        problems.contains("--watch-label-selector") && problems.contains("--watch-all-namespaces"),
        "{problems}"
    );
    assert!(parse(&["--manifests=."]).is_ok());
}
