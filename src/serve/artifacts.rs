//! The file server that consumers take artifacts from (spec 7.7, D14, D42): straight from disk, no mailbox on the way.

use std::io;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use artifact::store::{Served, Store};
use sluice_actors::Known;

use super::file::StoredFile;
use super::listening::{Bodies, Limits, Listening, not_found};
use super::location::Location;
use crate::metrics::BytesServed;

/// An artifact that is due is here within seconds; consumers that are told nothing wait longer and longer.
const RETRY_AFTER_SECONDS: &str = "5";

/// Handlers only await and files are read on the blocking pool: a second thread is for the copying of bytes.
const THREADS: usize = 2;

/// What the file server looks at.
struct Shelf {
    store: Arc<Store>,
    known: Arc<Known>,
    served: BytesServed,
}

/// What a path of the store leads to, seen once.
enum Found {
    File(StoredFile),
    Root,
    Missing,
    Never,
}

/// Serves the artifacts of the store at this address (Go syntax, see [`super::Servers`]).
///
/// # Errors
/// The address cannot be listened on.
pub(super) fn artifacts(
    address: &str,
    limits: Limits,
    store: &Arc<Store>,
    known: &Arc<Known>,
    served: &BytesServed,
) -> anyhow::Result<Listening> {
    let (store, known, served) = (Arc::clone(store), Arc::clone(known), served.clone());
    let shelf = web::Data::new(Shelf { store, known, served });
    Listening::open(address, THREADS, limits, Bodies::Ignored, move |app| {
        app.app_data(shelf.clone()).default_service(web::to(answer));
    })
}

async fn answer(request: HttpRequest, shelf: web::Data<Shelf>) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
    }
    let path = match Location::of(request.path()) {
        Location::Path(path) => path,
        Location::Cleaned(path) => return redirect(&request, &path),
        Location::Nowhere => return not_found(),
    };
    match find(&shelf, &path).await {
        Found::Root => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n"),
        Found::File(file) => {
            file.answer(&request, &shelf.served).await.unwrap_or_else(|error| broken(&path, &error))
        }
        Found::Missing if !shelf.known.is_complete() || shelf.known.expects(&path) => not_yet(),
        Found::Missing | Found::Never => not_found(),
    }
}

/// A file that a retention or a deletion took between the look and the opening is as missing as any other.
async fn find(shelf: &web::Data<Shelf>, path: &str) -> Found {
    let (shelf, wanted) = (shelf.clone(), path.to_owned());
    let looked = web::block(move || match shelf.store.resolve(&wanted) {
        Served::File(file) => match StoredFile::open(&file) {
            Ok(file) => Found::File(file),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::error!(path = wanted, %error, "a stored artifact cannot be opened");
                }
                Found::Missing
            }
        },
        Served::Root => Found::Root,
        Served::Directory => Found::Never,
        Served::NotFound => Found::Missing,
    });
    looked.await.unwrap_or(Found::Missing)
}

fn redirect(request: &HttpRequest, path: &str) -> HttpResponse {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, format!("{path}{query}"))).finish()
}

fn not_yet() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS))
        .content_type("text/plain; charset=utf-8")
        .body("the artifact is not here yet\n")
}

fn broken(path: &str, error: &io::Error) -> HttpResponse {
    tracing::error!(path, %error, "a stored artifact cannot be read");
    HttpResponse::InternalServerError().finish()
}
