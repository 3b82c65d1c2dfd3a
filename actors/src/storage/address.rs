//! Where artifacts are served: from a path in the store to a URL (spec 7.3, D13).

/// The advertised address, with or without a scheme.
#[derive(Clone, Debug)]
pub struct Address(String);

impl Address {
    /// The address `host[:port]`, or one with `http://` or `https://` in front.
    #[must_use]
    pub fn new(advertised: &str) -> Self {
        let known = advertised.starts_with("http://") || advertised.starts_with("https://");
        Self(if known { advertised.to_owned() } else { format!("http://{advertised}") })
    }

    /// The URL of a path below the storage root; the colon of a digest stays as it is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/{}", self.0.trim_end_matches('/'), path.trim_start_matches('/'))
    }

    /// The URL of the link beside an artifact.
    #[must_use]
    pub fn latest(&self, path: &str) -> String {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.url(&format!("{directory}/latest.tar.gz"))
    }
}
