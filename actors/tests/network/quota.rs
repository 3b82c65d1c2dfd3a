//! What a registry says of a quota reaches the metrics by way of its Registry.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Context, Handler, Recipient};
use oci::Credential;
use sluice_actors::Key;
use sluice_actors::registry::{
    Admit, HostRecorder, HostRecorders, HostRecovered, Rank, Registries, Settings, Standing, TakeCensus,
};
use sluice_actors::testing::scope;

use crate::registry::Registry;

struct Nobody;

impl Actor for Nobody {
    type Context = Context<Self>;
}

impl Handler<HostRecovered> for Nobody {
    type Result = ();

    fn handle(&mut self, _: HostRecovered, _: &mut Context<Self>) {}
}

/// How the Registry stands.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<Standing>>>);

impl HostRecorders for Told {
    fn of(&self, _: &str) -> Box<dyn HostRecorder> {
        Box::new(self.clone())
    }
}

impl HostRecorder for Told {
    fn waited(&self, _: Duration) {}

    fn stands(&self, standing: Standing) {
        *self.0.lock().unwrap() = Some(standing);
    }
}

#[actix::test]
async fn the_quota_that_a_registry_tells_of_is_known_when_the_turn_is_over() {
    let registry = Registry::of_layer(true).await;
    let told = Told::default();
    let settings = Settings {
        concurrency: NonZeroUsize::MIN,
        max_retry_delay: Duration::from_mins(1),
        client: oci::Settings::default(),
    };
    let registries = Registries::new(settings, Arc::new(told.clone()));
    let (admit, recovered) =
        (registries.of(&registry.origin()).unwrap(), Recipient::<HostRecovered>::from(Nobody.start()));
    let turn = async || {
        let asked = Admit {
            scope: scope(&Key::new("team", "app"), Duration::from_mins(1)),
            rank: Rank::Asked,
            repository: "app".into(),
            credential: Arc::new(Credential::Anonymous),
            recovered: recovered.downgrade(),
        };
        let turn = admit.send(asked).await.unwrap().map_err(|failure| failure.message).unwrap();
        turn.line.client.head(&turn.line.credential, "app", "v1").await.unwrap();
        drop(turn);
        registries.each()[0].1.send(TakeCensus).await.unwrap();
        told.0.lock().unwrap().unwrap().quota_remaining
    };

    assert_eq!(turn().await, None);
    registry.meter(7);
    assert_eq!(turn().await, Some(7));
    registry.meter(6);
    assert_eq!(turn().await, Some(6));
}
