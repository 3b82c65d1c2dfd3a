//! Who may not read a repository learns nothing of it (D24), whatever another has under way there or has just asked.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use artifact::store::{Settings, Store};
use oci::Credential;
use reconcile::Failure;
use reference::{Digest, Selector};
use sluice_actors::fetcher::{Describe, Fetcher};
use sluice_actors::registry::Line;
use sluice_actors::resolver::{Freshness, Resolve, Resolved, Resolver};
use sluice_actors::{Key, Scope, testing};

use crate::registry::{Registry, image};

/// For what never comes where keys are wrong; everything is on loopback.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
pub(crate) const REFUSAL: &str = "403";

/// One who may read the repository and one who may not.
struct Readers {
    registry: Registry,
    ours: Line,
    theirs: Line,
}

impl Readers {
    async fn new() -> Self {
        let registry = Registry::guarded().await;
        let line = |password: &str| {
            registry.line_of(Credential::Basic { username: "team".into(), password: password.into() })
        };
        let (ours, theirs) = (line("right"), line("wrong"));
        Self { registry, ours, theirs }
    }

    fn scope() -> Scope {
        testing::scope(&Key::new("team", "app"), LIMIT)
    }

    async fn resolve(
        &self,
        line: &Line,
        resolver: &Addr<Resolver>,
        selector: &Selector,
        freshness: Freshness,
    ) -> Result<Resolved, Failure> {
        let resolve = Resolve {
            scope: Self::scope(),
            line: line.clone(),
            url: self.registry.url(),
            repository: self.registry.repository(),
            selector: selector.clone(),
            helm: false,
            expect_new: false,
            freshness,
        };
        resolver.send(resolve).await.unwrap()
    }

    async fn describe(&self, line: &Line, fetcher: &Addr<Fetcher>) -> Result<oci::Described, Failure> {
        let describe = Describe {
            scope: Self::scope(),
            line: line.clone(),
            url: self.registry.url(),
            repository: self.registry.repository(),
            digest: Digest::parse(&image()).unwrap(),
            manifest: None,
            platform: None,
        };
        fetcher.send(describe).await.unwrap()
    }

    /// Our question is held by the registry until theirs has been refused; the answer to ours.
    async fn beside<T>(
        &self,
        ours: impl Future<Output = Result<T, Failure>>,
        theirs: impl Future<Output = Result<T, Failure>>,
    ) -> T {
        let theirs = async {
            self.registry.arrived(1).await;
            refused(theirs.await);
            self.registry.permit(100);
        };
        let (ours, ()) = tokio::join!(ours, theirs);
        ours.map_err(|failure| failure.message).unwrap()
    }
}

fn refused<T>(answer: Result<T, Failure>) {
    let failure = answer.err().expect("nothing is given to who may not read it");
    assert!(failure.message.contains(REFUSAL), "{}", failure.message);
}

#[actix::test]
async fn neither_a_tag_that_another_resolves_nor_one_that_it_has_resolved_is_told() {
    let tag = Selector::Tag("v1".to_owned());
    let range = Selector::Semver { constraint: "1.x".to_owned(), filter: None };
    for selector in [tag, range] {
        let (readers, resolver) = (Readers::new().await, Resolver::default().start());
        let ask = |line, freshness| readers.resolve(line, &resolver, &selector, freshness);
        let any = Freshness::Within(Duration::from_secs(30));

        readers.beside(ask(&readers.ours, any), ask(&readers.theirs, any)).await;

        refused(ask(&readers.theirs, any).await);
        let before = readers.registry.seen();
        ask(&readers.ours, any).await.unwrap();
        assert_eq!(readers.registry.seen(), before, "what is kept serves who has asked for it");
    }
}

#[actix::test]
async fn a_list_of_tags_that_another_reads_is_not_shared() {
    let (readers, resolver) = (Readers::new().await, Resolver::default().start());
    let range = |constraint: &str| Selector::Semver { constraint: constraint.to_owned(), filter: None };
    let (ours, theirs) = (range("1.x"), range("2.x"));

    readers
        .beside(
            readers.resolve(&readers.ours, &resolver, &ours, Freshness::Now),
            readers.resolve(&readers.theirs, &resolver, &theirs, Freshness::Now),
        )
        .await;
}

#[actix::test]
async fn a_manifest_that_another_reads_is_not_shared() {
    let root = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(root.path(), Settings::default()).unwrap());
    let (readers, fetcher) = (Readers::new().await, Fetcher::new(store, None).start());

    readers
        .beside(readers.describe(&readers.ours, &fetcher), readers.describe(&readers.theirs, &fetcher))
        .await;
}
