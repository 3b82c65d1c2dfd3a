//! A Receiver that has not come to a delivery by the time its sender is answered.

use std::time::Duration;

use http::HeaderMap;
use serde_json::json;
use sluice_actors::receiver::{Deliver, Ending, Receipt};
use sluice_actors::testing::Probe;

use super::stage::{Stage, play};
use crate::webhooks::Outcome;

/// Longer than another thread needs to count.
const SOON: Duration = Duration::from_secs(10);

const PUSH: &[u8] = br#"{"url":"oci://ghcr.io/example/web","tag":"main"}"#;

fn metrics(stage: &Stage) -> String {
    prometheus::TextEncoder::new().encode_to_string(&stage.gather()).unwrap()
}

#[test]
fn a_delivery_that_ends_after_its_answer_is_counted_all_the_same() {
    play(async |stage| {
        let spec = json!({ "type": "generic", "secretRef": { "name": "hook" } });
        let hook = stage.at(&stage.hook("a", "hook", "token", &spec).await);
        let (late, mut deliveries) = Probe::<Deliver>::start_with(|_| async {});

        let answer = stage.desk_before(late).take(&hook, &HeaderMap::new(), PUSH).await;
        assert!(matches!(answer.outcome, Outcome::Taken { receipt: None, .. }), "{answer:?}");
        let uncounted = "sluice_webhook_deliveries_total{result=\"unmatched\"} 0\n";
        assert!(metrics(&stage).contains(uncounted), "{}", metrics(&stage));

        let delivery = deliveries.recv().await.unwrap();
        let receipt = Receipt { ending: Ending::Unmatched, objects: Vec::new(), retry_after: None };
        delivery.reply.send(receipt).unwrap();

        let counted = "sluice_webhook_deliveries_total{result=\"unmatched\"} 1\n";
        let counting = async {
            while !metrics(&stage).contains(counted) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, counting).await.expect("nothing else has to happen first");
    });
}
