//! The tags of a repository, page by page (spec 3.3).

use url::Url;

use crate::client::Client;
use crate::credential::Credential;
use crate::error::Error;
use crate::link;
use crate::redirect::same_host;
use crate::request::{Request, Target};
use crate::tag_scanner::TagScanner;

/// Tags that are asked for at once.
const PAGE: &str = "n=1000";
/// Pages after which a listing is taken for endless: ten million tags.
const PAGES_MAX: usize = 10_000;

impl Client {
    /// Hands every tag of a repository to `on_tag`, as the registry lists them, legal or not (ruling D49). Memory
    /// is constant, however long the list. After an error `on_tag` may have seen a part of it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a page that is no listing, or that leads to another host or round in a circle, and
    /// whatever a request met.
    pub async fn tags(
        &self,
        credential: &Credential,
        repository: &str,
        on_tag: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), Error> {
        let mut request = Request { query: Some(PAGE), ..Request::get(repository, "tags", "list") };
        for _ in 0..PAGES_MAX {
            let mut incoming = self.request(credential, &request).await?;
            let call = incoming.call.clone();
            let next = link::next(incoming.response.headers());
            let url = incoming.response.url().clone();
            let mut scanner = TagScanner::new();
            let not_a_listing = || Error::malformed(&call, "not a list of tags");
            while let Some(chunk) = incoming.chunk().await? {
                scanner.push(&chunk, on_tag).map_err(|_| not_a_listing())?;
            }
            scanner.finish().map_err(|_| not_a_listing())?;
            let Some(next) = next else {
                return Ok(());
            };
            let next = following(&url, &next)
                .filter(|_| incoming.of_origin)
                .ok_or_else(|| Error::malformed(&call, "next page on another host or the same again"))?;
            request = Request { target: Target::Url(next), ..Request::get(repository, "tags", "list") };
        }
        Err(Error::TooLarge {
            what: format!("list of tags of {repository} in pages"),
            limit: PAGES_MAX as u64,
        })
    }
}

fn following(url: &Url, next: &str) -> Option<Url> {
    let next = url.join(next).ok()?;
    (same_host(url, &next) && next != *url).then_some(next)
}
