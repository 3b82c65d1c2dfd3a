//! Senders who ask how far their objects are, all at once.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use futures::poll;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use sluice_actors::Key;
use sluice_actors::cluster::WriteError;
use sluice_actors::receiver::HookWriter;
use tokio::sync::Semaphore;

use super::stage::play;
use crate::webhooks::{Desk, FOLLOW, Outcome};

/// An API server that answers nobody before it is opened.
struct Closed {
    asked: AtomicUsize,
    open: Semaphore,
}

#[async_trait]
impl HookWriter for Closed {
    async fn patch_status(&self, _: &Key, _: Value) -> Result<Value, WriteError> {
        Err(WriteError::Gone)
    }

    async fn request(&self, _: &Key, _: &str) -> Result<(), WriteError> {
        Err(WriteError::Gone)
    }

    async fn object(&self, _: &Key) -> Result<Value, WriteError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        drop(self.open.acquire().await.unwrap());
        Err(WriteError::Gone)
    }
}

#[test]
fn the_api_server_is_asked_for_four_of_them_at_a_time_and_all_are_answered() {
    play(async |stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        let hook = stage.at(&stage.hook("a", "hook", "token", &spec).await);
        let cluster = Arc::new(Closed { asked: AtomicUsize::new(0), open: Semaphore::new(0) });
        let (hooks, sources) = (Arc::clone(&stage.hooks), Arc::clone(&stage.sources));
        let (deliver, refused) = (stage.receiver.clone().recipient(), stage.receiver.clone().recipient());
        let deliveries = stage.deliveries.clone();
        let desk =
            Desk::new(hooks, sources, deliver, refused, Arc::clone(&cluster) as _, deliveries).unwrap();
        let headers = HeaderMap::from_iter([(FOLLOW.parse().unwrap(), HeaderValue::from_static("true"))]);
        let question = json!({ "follow": { "requestedAt": "now", "objects": ["a/app"] } }).to_string();

        let mut all = pin!(join_all((0..20).map(|_| desk.take(&hook, &headers, question.as_bytes()))));
        assert!(poll!(&mut all).is_pending());
        assert_eq!(cluster.asked.load(Ordering::Relaxed), 4);

        cluster.open.add_permits(20);
        for answer in all.await {
            assert!(matches!(answer.outcome, Outcome::Progress(_)), "{answer:?}");
        }
        assert_eq!(cluster.asked.load(Ordering::Relaxed), 20);
    });
}
