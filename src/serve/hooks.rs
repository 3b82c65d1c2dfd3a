//! The webhook server (D33, D50): from a request to the desk's answer, within the limits that strangers are held to.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use futures::StreamExt;
use http::HeaderMap;
use serde_json::json;
use sluice_actors::receiver::{Ending, Hook};

use super::listening::{Bodies, Limits, Listening, not_found};
use super::unread::Unread;
use crate::webhooks::{Answer, Desk, LARGEST_BODY, Outcome, Room, Share};

/// Strangers get less patience than consumers do, and the thread is theirs alone.
const LIMITS: Limits = Limits { head: Duration::from_secs(5), idle: Duration::from_secs(15) };
/// For a whole body.
const BODY_LIMIT: Duration = Duration::from_secs(15);
/// Until what is missing is there: a first list, a Secret, room.
const RETRY_AFTER_SECONDS: u64 = 5;
/// How many objects an answer names to a sender who follows them.
const NAMED: usize = 1_000;

/// What requests meet.
struct Counter {
    desk: Desk,
    room: Room,
}

/// Takes deliveries at this address (Go syntax).
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn hooks(address: &str, desk: Desk) -> anyhow::Result<Listening> {
    let counter = web::Data::new(Counter { desk, room: Room::default() });
    Listening::open(address, 1, LIMITS, Bodies::Read, move |app| {
        app.app_data(counter.clone()).default_service(web::to(answer));
    })
}

async fn answer(
    request: HttpRequest,
    mut payload: web::Payload,
    counter: web::Data<Counter>,
) -> HttpResponse {
    let response = told(&request, &mut payload, &counter).await;
    response.map_body(|_, body| Unread::of(payload.into_inner(), body))
}

async fn told(request: &HttpRequest, payload: &mut web::Payload, counter: &Counter) -> HttpResponse {
    let hook = match counter.desk.find(request.path()) {
        Ok(hook) => hook,
        Err(answer) => return response(answer),
    };
    if *request.method() == Method::OPTIONS {
        return consent(request);
    }
    if *request.method() != Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST, OPTIONS")).finish();
    }
    let headers = headers(request);
    if let Some(Err(answer)) = counter.desk.admits(&hook, &headers).await {
        return response(answer);
    }
    match body(request, payload, counter, &hook).await {
        Ok((body, _share)) => response(counter.desk.take(&hook, &headers, &body).await),
        Err(answer) => response(answer),
    }
}

/// The whole body, and its share of the room.
async fn body(
    request: &HttpRequest,
    payload: &mut web::Payload,
    counter: &Counter,
    hook: &Arc<Hook>,
) -> Result<(Vec<u8>, Share), Answer> {
    let refuse = |ending, message: &str| counter.desk.refuse(hook, ending, message.to_owned());
    let oversized = || refuse(Ending::Oversized, "a delivery may have 3 MiB");
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > LARGEST_BODY as u64)
    {
        return Err(oversized());
    }
    let (mut body, mut share) = (Vec::new(), Share::default());
    let read = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| refuse(Ending::Malformed, "the body cannot be read to its end"))?;
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(oversized());
            }
            if !counter.room.add(&mut share, chunk.len()) {
                return Err(refuse(Ending::Unavailable, "too many large deliveries come at once"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_LIMIT, read).await {
        Ok(read) => read.map(|()| (body, share)),
        Err(_) => Err(refuse(Ending::Malformed, "the body did not come in time")),
    }
}

fn headers(request: &HttpRequest) -> HeaderMap {
    let known = request.headers().iter().filter_map(|(name, value)| {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    known.fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

/// Lets a sender of cloud events send what it likes (HTTP 1.1 Web Hooks for Event Delivery 1.0.2, section 4): whoever
/// knows the path may ask, and what is sent has to prove itself.
fn consent(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::ALLOW, "POST, OPTIONS"));
    if let Some(origin) = request.headers().get("webhook-request-origin") {
        response.insert_header(("webhook-allowed-origin", origin.clone()));
        response.insert_header(("webhook-allowed-rate", "*"));
    }
    response.finish()
}

fn response(answer: Answer) -> HttpResponse {
    let Answer { outcome, message } = answer;
    match outcome {
        Outcome::Unknown => closing(not_found()),
        Outcome::Progress(answers) => HttpResponse::Ok().json(answers),
        Outcome::Handshake(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Outcome::Taken { receipt, request } => {
            let early = receipt.as_ref().and_then(|receipt| receipt.retry_after);
            let mut response = HttpResponse::build(match early {
                Some(_) => StatusCode::TOO_MANY_REQUESTS,
                None => StatusCode::ACCEPTED,
            });
            if let Some(early) = early {
                response.insert_header((header::RETRY_AFTER, early.as_secs() + 1));
            }
            let mut told = json!({ "result": "accepted" });
            if let Some(receipt) = receipt {
                told = json!({ "result": receipt.ending.name(), "woken": receipt.objects.len() });
                if let Some(request) = request {
                    let named = receipt.objects.iter().take(NAMED).map(ToString::to_string);
                    told["objects"] = named.collect::<Vec<_>>().into();
                    told["requestedAt"] = request.into();
                }
            }
            response.json(told)
        }
        Outcome::Refused(ending) => {
            let status = match ending {
                Ending::Unauthenticated => StatusCode::UNAUTHORIZED,
                Ending::Malformed => StatusCode::BAD_REQUEST,
                Ending::Oversized => StatusCode::PAYLOAD_TOO_LARGE,
                Ending::Unavailable
                | Ending::Accepted
                | Ending::Unmatched
                | Ending::Ignored
                | Ending::Repeated
                | Ending::Throttled => StatusCode::SERVICE_UNAVAILABLE,
            };
            let mut response = HttpResponse::build(status);
            if status == StatusCode::SERVICE_UNAVAILABLE {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
            }
            closing(response.json(json!({ "result": ending.name(), "message": message })))
        }
    }
}

/// Who was refused stands in line again: connections that stay would keep others out.
fn closing(mut response: HttpResponse) -> HttpResponse {
    response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    response
}
