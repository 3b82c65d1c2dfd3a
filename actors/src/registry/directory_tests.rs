//! What the directory does when a Registry ends.

use std::num::NonZeroUsize;
use std::time::Duration;

use actix::{Context, Handler, Message};
use reconcile::{Disposition, Failure, Reason};
use tokio::sync::watch;

use super::super::{Conduct, HostRecovered, Rank};
use super::*;
use crate::testing::Unmeasured;

#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Break> for Registry {
    type Result = ();

    fn handle(&mut self, _: Break, _: &mut Context<Self>) {
        panic!("as asked");
    }
}

fn registries() -> Registries {
    let settings = Settings {
        concurrency: NonZeroUsize::MIN,
        max_retry_delay: Duration::from_mins(15),
        client: oci::Settings::default(),
    };
    Registries::new(settings, Arc::new(Unmeasured))
}

fn address(registries: &Registries, origin: &Origin) -> Addr<Registry> {
    locked(&registries.list).running[&origin.key()].registry.clone()
}

#[actix::test]
async fn a_registry_that_panicked_is_struck_out_and_started_anew() {
    let (registries, origin) = (registries(), Origin::new("ghcr.io"));
    let first = registries.of(&origin).unwrap();
    let old = address(&registries, &origin);

    assert!(old.send(Break).await.is_err());

    assert!(registries.each().is_empty(), "stopped() runs in a panic too");
    let second = registries.of(&origin).unwrap();
    assert!(!first.connected());
    assert!(second.connected());
}

#[actix::test]
async fn a_late_end_does_not_strike_out_the_successor() {
    let (registries, origin) = (registries(), Origin::new("ghcr.io"));
    registries.of(&origin).unwrap();
    let late = Listing { list: Arc::clone(&registries.list), key: origin.key(), number: 0 };

    late.strike();

    assert_eq!(registries.each().len(), 1);
}

#[actix::test]
async fn equal_origins_have_one_registry_and_others_their_own() {
    let registries = registries();
    let plain = Origin { plain_http: true, ..Origin::new("ghcr.io") };

    let first = registries.of(&Origin::new("ghcr.io")).unwrap();

    assert_eq!(registries.of(&Origin::new("GHCR.io")).unwrap(), first);
    assert_ne!(registries.of(&plain).unwrap(), first);
    assert_ne!(registries.of(&Origin::new("ghcr.io:443")).unwrap(), first);
}

#[actix::test]
async fn an_origin_whose_material_cannot_be_used_is_an_error() {
    let tls = oci::TlsMaterial { ca_pem: Some(b"no certificate".to_vec()), client: None };
    let origin = Origin { tls: Some(tls), ..Origin::new("ghcr.io") };
    let registries = registries();

    assert!(registries.of(&origin).is_err());
    assert!(registries.each().is_empty());
}

/// An object that notes that it was called.
struct Bell(watch::Sender<bool>);

impl Actor for Bell {
    type Context = Context<Self>;
}

impl Handler<HostRecovered> for Bell {
    type Result = ();

    fn handle(&mut self, _: HostRecovered, _: &mut Context<Self>) {
        self.0.send_replace(true);
    }
}

fn admit(name: &str) -> Admit {
    let scope = crate::testing::scope(&crate::Key::new("team", name), Duration::from_mins(1));
    let recovered = Bell(watch::channel(false).0).start().recipient().downgrade();
    Admit { scope, rank: Rank::Asked, repository: "app".into(), credential: Arc::default(), recovered }
}

#[actix::test]
async fn an_attempt_that_waits_for_a_registry_that_panics_fails_and_its_successor_grants_the_next() {
    let (registries, origin) = (registries(), Origin::new("ghcr.io"));
    let registry = registries.of(&origin).unwrap();
    let _held = registry.send(admit("a")).await.unwrap().map_err(|failure| failure.message).unwrap();
    let waiting = registry.send(admit("b"));

    address(&registries, &origin).do_send(Break);

    let failure = waiting.await.unwrap().err().unwrap();
    assert_eq!(failure.reason, reconcile::Reason::InternalError);
    assert!(registries.of(&origin).unwrap().send(admit("b")).await.unwrap().is_ok());
}

#[actix::test]
async fn who_is_parked_at_a_registry_that_panics_is_called() {
    let (registries, origin) = (registries(), Origin::new("ghcr.io"));
    let registry = registries.of(&origin).unwrap();
    let turn = registry.send(admit("a")).await.unwrap().map_err(|failure| failure.message).unwrap();
    let failure = Failure::fetch(Reason::OCIArtifactPullFailed, "too many requests".to_owned());
    turn.line.note("app", Conduct::Busy { failure, retry_after: Duration::from_mins(1) });
    drop(turn);
    let (rung, mut ringing) = watch::channel(false);
    let parked: Recipient<HostRecovered> = Bell(rung).start().recipient();
    let asks = Admit { recovered: parked.downgrade(), ..admit("b") };
    let refused = registry.send(asks).await.unwrap().err().unwrap();
    assert!(matches!(refused.disposition, Disposition::Park { .. }));

    address(&registries, &origin).do_send(Break);

    tokio::time::timeout(Duration::from_secs(10), ringing.wait_for(|rung| *rung)).await.unwrap().unwrap();
}
