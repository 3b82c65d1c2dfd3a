//! The count of requests, against a server that answers.

use kube::Config;
use prometheus::core::Collector;
use serde_json::json;

use super::api::{Answer, Api};
use crate::cluster::client;
use crate::metrics::Requests;

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_counted_with_its_answer() {
    let api = Api::start(|number, _| match number {
        0 => Answer::json(200, &json!({})),
        _ => Answer::failure(404, "not found", "app"),
    })
    .await;
    let requests = Requests::new().unwrap();
    let client = client(Config::new(api.address().parse().unwrap()), &requests).unwrap();

    for path in ["/one", "/two"] {
        // What comes back is the business of whoever asks; here only that something does.
        drop(client.request_text(http::Request::get(path).body(Vec::new()).unwrap()).await);
    }

    let families = requests.collect();
    let samples = families[0].get_metric().iter();
    let host = api.address().trim_start_matches("http://");
    let mut counted: Vec<_> = samples
        .map(|sample| {
            let labels: Vec<_> = sample.get_label().iter().map(|label| label.value().to_owned()).collect();
            assert_eq!(sample.get_counter().get_value().to_string(), "1");
            labels
        })
        .collect();
    counted.sort();
    assert_eq!(counted, [["200", host, "GET"], ["404", host, "GET"]]);
}
