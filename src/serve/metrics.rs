//! `/metrics`, in the text format of Prometheus (spec 8.2).

use actix_web::{HttpResponse, web};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

use super::listening::{Bodies, Limits, Listening, not_found};

/// Serves what the registry gathers at this address (Go syntax).
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn metrics(address: &str, limits: Limits, registry: Registry) -> anyhow::Result<Listening> {
    let registry = web::Data::new(registry);
    Listening::open(address, 1, limits, Bodies::Ignored, move |app| {
        app.app_data(registry.clone())
            .route("/metrics", web::get().to(answer))
            .default_service(web::to(nothing_else));
    })
}

async fn answer(registry: web::Data<Registry>) -> HttpResponse {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => HttpResponse::Ok().content_type(TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn nothing_else() -> HttpResponse {
    not_found()
}
