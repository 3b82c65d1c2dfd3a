//! One stored file as the answer to one request: conditions, ranges and the body (RFC 9110 s. 13 and 14).
//!
//! Written by hand rather than with actix-files: the entity tag is ours, conditions must be judged by it, and what is left of that
//! crate after its routing, listings and MIME tables are switched off is shorter than switching them off.

use std::fs::Metadata;
use std::io::{self, Read as _, SeekFrom};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, ByteRangeSpec, ContentRange, ContentRangeSpec, EntityTag, HttpDate, IfMatch, IfModifiedSince,
    IfNoneMatch, IfRange, IfUnmodifiedSince, Range,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use futures::TryStreamExt as _;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::head_only::HeadOnly;
use crate::metrics::BytesServed;

/// Bytes of one read: large enough that a read costs more than handing it to the blocking pool, small enough that all
/// connections at once stay within 32 MiB.
const CHUNK_BYTES: usize = 64 * 1024;

/// An open file and what the head of an answer says of it.
#[derive(Debug)]
pub(super) struct StoredFile {
    file: std::fs::File,
    /// All of it, where one read is enough: most artifacts are manifests, and each further read is a change of threads.
    whole: Option<Bytes>,
    length: u64,
    modified: SystemTime,
    content_type: &'static str,
    tag: EntityTag,
}

/// What the conditions of a request come to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Whole,
    Part { first: u64, last: u64 },
    NotModified,
    Failed,
    Unsatisfiable,
    NoRange,
}

impl StoredFile {
    /// Opens a file; blocks.
    ///
    /// # Errors
    /// What the system says, also of something that is no regular file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let modified = metadata.modified()?;
        let whole = whole(&mut file, metadata.len())?;
        Ok(Self {
            file,
            whole,
            length: metadata.len(),
            modified,
            content_type: content_type(name),
            tag: entity_tag(name, &metadata, modified),
        })
    }

    /// The answer to a GET or HEAD of this file, of which the bytes that go out are counted.
    ///
    /// # Errors
    /// The file cannot be read from where the range begins.
    pub(super) async fn answer(
        self,
        request: &HttpRequest,
        served: &BytesServed,
    ) -> io::Result<HttpResponse> {
        match self.verdict(request) {
            Verdict::NotModified => Ok(self.head(StatusCode::NOT_MODIFIED).finish()),
            Verdict::Failed => Ok(self.head(StatusCode::PRECONDITION_FAILED).finish()),
            Verdict::NoRange => Ok(refused().body("invalid range\n")),
            Verdict::Unsatisfiable => {
                let mut response = refused();
                response.insert_header(bytes_of(None, self.length));
                Ok(response.body("invalid range: failed to overlap\n"))
            }
            Verdict::Part { first, last } => {
                let mut response = self.head(StatusCode::PARTIAL_CONTENT);
                response.insert_header(bytes_of(Some((first, last)), self.length));
                self.send(response, request.method(), first, last - first + 1, served).await
            }
            Verdict::Whole => {
                let (response, length) = (self.head(StatusCode::OK), self.length);
                self.send(response, request.method(), 0, length, served).await
            }
        }
    }

    fn head(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        response
            .insert_header(header::ETag(self.tag.clone()))
            .insert_header(header::LastModified(HttpDate::from(self.modified)));
        response
    }

    async fn send(
        self,
        mut response: HttpResponseBuilder,
        method: &Method,
        first: u64,
        length: u64,
        served: &BytesServed,
    ) -> io::Result<HttpResponse> {
        response.content_type(self.content_type).insert_header((header::ACCEPT_RANGES, "bytes"));
        if method == Method::HEAD {
            return Ok(response.body(HeadOnly::of(length)));
        }
        if let Some(whole) = self.whole {
            let from = usize::try_from(first).unwrap_or(usize::MAX).min(whole.len());
            let to = usize::try_from(first + length).unwrap_or(usize::MAX).min(whole.len());
            served.add(to.saturating_sub(from));
            return Ok(response.body(whole.slice(from..to)));
        }
        let mut file = tokio::fs::File::from_std(self.file);
        file.seek(SeekFrom::Start(first)).await?;
        let served = served.clone();
        let chunks = ReaderStream::with_capacity(file.take(length), CHUNK_BYTES);
        let chunks = chunks.inspect_ok(move |chunk| served.add(chunk.len()));
        Ok(response.body(SizedStream::new(length, chunks)))
    }

    /// The order is that of RFC 9110 s. 13.2.2; a header that cannot be read is as good as absent.
    fn verdict(&self, request: &HttpRequest) -> Verdict {
        let matched = match request.get_header::<IfMatch>() {
            Some(IfMatch::Any) => true,
            Some(IfMatch::Items(tags)) => tags.iter().any(|tag| tag.strong_eq(&self.tag)),
            None => request
                .get_header::<IfUnmodifiedSince>()
                .is_none_or(|since| self.is_unmodified_since(since.0)),
        };
        if !matched {
            return Verdict::Failed;
        }
        let unchanged = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => {
                request.get_header::<IfModifiedSince>().is_some_and(|since| self.is_unmodified_since(since.0))
            }
        };
        if unchanged {
            return Verdict::NotModified;
        }
        self.part(request)
    }

    /// As upstream's server: HEAD is told the same as GET, and what is no range of bytes is refused. Several ranges in one
    /// request are answered with the whole file, as RFC 9110 s. 14.2 allows.
    fn part(&self, request: &HttpRequest) -> Verdict {
        let given = request.headers().get(header::RANGE).is_some_and(|value| !value.is_empty());
        if !given || !self.is_range_current(request) {
            return Verdict::Whole;
        }
        let Some(Range::Bytes(ranges)) = request.get_header::<Range>() else {
            return Verdict::NoRange;
        };
        match ranges.as_slice() {
            [ByteRangeSpec::FromTo(first, last)] if first > last => Verdict::NoRange,
            [range] => range
                .to_satisfiable_range(self.length)
                .map_or(Verdict::Unsatisfiable, |(first, last)| Verdict::Part { first, last }),
            [] => Verdict::NoRange,
            _ => Verdict::Whole,
        }
    }

    fn is_range_current(&self, request: &HttpRequest) -> bool {
        if !request.headers().contains_key(header::IF_RANGE) {
            return true;
        }
        match request.get_header::<IfRange>() {
            Some(IfRange::EntityTag(tag)) => tag.strong_eq(&self.tag),
            Some(IfRange::Date(date)) => seconds(date.into()) == seconds(self.modified),
            None => false,
        }
    }

    fn is_unmodified_since(&self, date: HttpDate) -> bool {
        seconds(self.modified) <= seconds(date.into())
    }
}

/// A small file; none where it has another length than it had.
fn whole(file: &mut std::fs::File, length: u64) -> io::Result<Option<Bytes>> {
    if length > CHUNK_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(CHUNK_BYTES));
    file.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == length).then(|| bytes.into()))
}

/// HTTP dates have whole seconds; a time before 1970 counts as 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Strong: a file's name holds the digest of its revision, but a rebuild with other ignore rules puts other bytes under that
/// name. Every publish writes a new file, so size and time of writing tell them apart; hard links of one content share both.
fn entity_tag(name: &str, metadata: &Metadata, modified: SystemTime) -> EntityTag {
    let nanoseconds = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let digest = name.split('.').next().unwrap_or_default();
    let digest: String =
        digest.chars().filter(|letter| letter.is_ascii_alphanumeric() || ":-_".contains(*letter)).collect();
    EntityTag::new_strong(format!("{digest}-{:x}-{nanoseconds:x}", metadata.len()))
}

/// As upstream has it on a machine with a table of MIME types (spec 7.7).
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("gz" | "tgz") => "application/gzip",
        Some("json") => "application/json",
        Some("yaml" | "yml" | "txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn refused() -> HttpResponseBuilder {
    let mut response = HttpResponse::RangeNotSatisfiable();
    response.content_type("text/plain; charset=utf-8");
    response
}

fn bytes_of(range: Option<(u64, u64)>, length: u64) -> ContentRange {
    ContentRange(ContentRangeSpec::Bytes { range, instance_length: Some(length) })
}
