//! What becomes of the turn of an attempt whose content waits to be built.

use std::future::ready;
use std::sync::{Arc, Mutex};

use actix::Actor;
use artifact::store::{Settings, Store};
use bytes::Bytes;
use reconcile::Failure;
use serde_json::json;
use sluice_actors::Key;
use sluice_actors::fetcher::{Fetch, Fetched};
use sluice_actors::repository::{Repository, Services, SpecObserved};
use sluice_actors::storage::{Publish, Published, Supply};
use sluice_actors::testing::Probe;

use crate::failures::finding;
use crate::support::{merge, object, stored};

/// Whether what is to be published comes with a turn.
async fn comes_with_a_turn(fetched: Fetched) -> bool {
    let (services, _seen) = finding();
    let fetched = Mutex::new(Some(fetched));
    let fetch = Probe::start_with(move |_: &Fetch| ready(Ok(fetched.lock().unwrap().take().unwrap()))).0;
    let (publish, mut published) =
        Probe::start_with(|_: &Publish| ready(Err::<Published, _>(Failure::internal("not of this test"))));
    let services = Arc::new(Services { fetch, publish, ..services });
    let (stopped, naming) = (Probe::start_with(|_| async {}).0, Probe::start_with(|_| async {}).0);
    let repository = Repository::new(Key::new("team", "app"), services, stopped, naming).start();
    let mut app = stored();
    merge(&mut app, json!({"spec": {"ref": {"tag": "v1"}}}));
    repository.send(SpecObserved { object: object(1, app), initial: false }).await.unwrap();

    match published.recv().await.unwrap().supply {
        Supply::Content { turn, .. } => turn.is_some(),
        Supply::Archive(_) => panic!("nobody has built it"),
    }
}

#[actix::test]
async fn content_on_disk_keeps_its_turn_and_content_in_memory_gives_it_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Settings::default()).unwrap();

    assert!(comes_with_a_turn(Fetched::Spool(store.spool(1).unwrap())).await);
    assert!(!comes_with_a_turn(Fetched::Memory(Bytes::new())).await);
}
