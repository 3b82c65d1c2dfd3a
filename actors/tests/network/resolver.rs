//! The Resolver: whose answer serves whom (D28).

use std::time::Duration;

use actix::{Actor, Addr};
use futures::future::join_all;
use reconcile::Failure;
use reference::{Repository, Selector};
use sluice_actors::Key;
use sluice_actors::registry::Line;
use sluice_actors::resolver::{Freshness, Resolve, Resolved, Resolver};
use sluice_actors::testing::scope;
use tokio::time::Instant;

use crate::registry::Registry;

/// Attempts of one credential at one registry.
struct Caller {
    resolver: Addr<Resolver>,
    line: Line,
    repository: Repository,
}

impl Caller {
    fn of(registry: &Registry) -> Self {
        let (line, repository) = (registry.line(), registry.repository());
        Self { resolver: Resolver::default().start(), line, repository }
    }

    async fn ask(&self, selector: Selector, freshness: Freshness) -> Result<Resolved, Failure> {
        let scope = scope(&Key::new("team", "app"), Duration::from_secs(30));
        let resolve = Resolve {
            scope,
            line: self.line.clone(),
            url: "oci://here/app".to_owned(),
            repository: self.repository.clone(),
            selector,
            helm: false,
            expect_new: false,
            freshness,
        };
        self.resolver.send(resolve).await.unwrap()
    }
}

fn range(constraint: &str) -> Selector {
    Selector::Semver { constraint: constraint.to_owned(), filter: None }
}

fn tag(resolved: Result<Resolved, Failure>) -> String {
    resolved.map_err(|failure| failure.message).unwrap().revision.tag.unwrap()
}

#[actix::test]
async fn of_all_who_ask_while_a_question_is_under_way_one_more_question_goes_out() {
    let registry = Registry::held().await;
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());

    let first = caller.ask(v1(), Freshness::Now);
    let later = async {
        registry.arrived(1).await;
        let others = join_all((0..20).map(|_| caller.ask(v1(), Freshness::Now)));
        let opening = async {
            registry.permit(1);
            registry.arrived(1).await;
            registry.permit(1);
        };
        tokio::join!(others, opening).0
    };
    let (first, later) = tokio::join!(first, later);

    assert_eq!(tag(first), "v1");
    assert!(later.into_iter().all(|resolved| tag(resolved) == "v1"));
    assert_eq!(registry.seen(), ["HEAD /v2/app/manifests/v1"; 2]);
}

#[actix::test]
async fn an_interval_pass_takes_the_answer_to_a_question_that_was_sent_before_it() {
    let registry = Registry::held().await;
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());

    let first = caller.ask(v1(), Freshness::Now);
    let later = async {
        registry.arrived(1).await;
        let rider = caller.ask(v1(), Freshness::Within(Duration::ZERO));
        let opening = async { registry.permit(1) };
        tokio::join!(rider, opening).0
    };
    let (first, later) = tokio::join!(first, later);

    assert_eq!((tag(first), tag(later)), ("v1".to_owned(), "v1".to_owned()));
    assert_eq!(registry.seen(), ["HEAD /v2/app/manifests/v1"]);
}

#[actix::test]
async fn an_interval_pass_takes_an_answer_that_is_young_enough_and_no_other() {
    let registry = Registry::held().await;
    registry.permit(100);
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());
    assert_eq!(tag(caller.ask(v1(), Freshness::Now).await), "v1");

    assert_eq!(tag(caller.ask(v1(), Freshness::Within(Duration::from_mins(1))).await), "v1");
    assert_eq!(registry.seen().len(), 1);

    assert_eq!(tag(caller.ask(v1(), Freshness::Within(Duration::ZERO)).await), "v1");
    assert_eq!(registry.seen().len(), 2);
}

#[actix::test]
async fn one_question_serves_all_whom_a_push_concerns_if_it_was_sent_after_the_push() {
    let registry = Registry::held().await;
    registry.permit(100);
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());
    let told = Instant::now();

    for _ in 0..20 {
        assert_eq!(tag(caller.ask(v1(), Freshness::SentAfter(told)).await), "v1");
    }
    assert_eq!(registry.seen().len(), 1);
    let told = Instant::now();
    let others = join_all((0..20).map(|_| caller.ask(v1(), Freshness::SentAfter(told)))).await;

    assert!(others.into_iter().all(|resolved| tag(resolved) == "v1"));
    assert_eq!(registry.seen().len(), 2, "what was asked before the second push tells nothing of it");
}

#[actix::test]
async fn who_is_told_of_a_push_while_a_question_is_under_way_does_not_take_its_answer() {
    let registry = Registry::held().await;
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());

    let first = caller.ask(v1(), Freshness::SentAfter(Instant::now()));
    let later = async {
        registry.arrived(1).await;
        let told = caller.ask(v1(), Freshness::SentAfter(Instant::now()));
        let opening = async {
            registry.permit(1);
            registry.arrived(1).await;
            registry.permit(1);
        };
        tokio::join!(told, opening).0
    };
    let (first, later) = tokio::join!(first, later);

    assert_eq!((tag(first), tag(later)), ("v1".to_owned(), "v1".to_owned()));
    assert_eq!(registry.seen().len(), 2);
}

#[actix::test]
async fn no_answer_that_is_older_than_half_a_minute_serves_a_push_that_was_told_of_before_it() {
    let registry = Registry::held().await;
    registry.permit(100);
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());
    let told = Instant::now();
    assert_eq!(tag(caller.ask(v1(), Freshness::Now).await), "v1");

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();

    assert_eq!(tag(caller.ask(v1(), Freshness::SentAfter(told)).await), "v1");
    assert_eq!(registry.seen().len(), 2);
}

#[actix::test]
async fn who_rides_with_one_that_is_content_with_an_older_answer_asks_once_more() {
    let registry = Registry::held().await;
    let caller = Caller::of(&registry);
    let v1 = || Selector::Tag("v1".to_owned());
    let before = Instant::now();

    let first = caller.ask(v1(), Freshness::Now);
    let later = async {
        registry.arrived(1).await;
        let content = caller.ask(v1(), Freshness::SentAfter(before));
        let told_meanwhile = caller.ask(v1(), Freshness::SentAfter(Instant::now()));
        let opening = async { registry.permit(100) };
        tokio::join!(content, told_meanwhile, opening)
    };
    let (first, (content, told_meanwhile, ())) = tokio::join!(first, later);

    for resolved in [first, content, told_meanwhile] {
        assert_eq!(tag(resolved), "v1");
    }
    assert_eq!(registry.seen().len(), 2);
}

#[actix::test]
async fn one_list_serves_every_range_that_waits_for_it_and_each_gets_its_own_tag() {
    let registry = Registry::held().await;
    let caller = Caller::of(&registry);

    let first = caller.ask(range("1.0.x"), Freshness::Now);
    let later = async {
        registry.arrived(1).await;
        let ranges = ["1.x", "2.x", ">=1.0.0-0", "9.x"];
        let others = join_all(ranges.map(|one| caller.ask(range(one), Freshness::Now)));
        let opening = async { registry.permit(100) };
        tokio::join!(others, opening).0
    };
    let (first, mut later) = tokio::join!(first, later);

    let missing = later.pop().unwrap().unwrap_err();
    assert!(missing.message.ends_with("no match found for semver: 9.x"), "{}", missing.message);
    let chosen: Vec<_> = later.into_iter().map(tag).collect();
    assert_eq!(tag(first), "1.0.0");
    assert_eq!(chosen, ["1.2.0", "2.0.0", "2.1.0-rc.1"]);
    let lists = registry.seen().iter().filter(|line| line.contains("/tags/list")).count();
    assert_eq!(lists, 2);
}
