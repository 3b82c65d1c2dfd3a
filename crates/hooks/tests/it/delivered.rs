//! Deliveries of the fixtures, and the pushes that are expected of them.

use std::fs;
use std::path::{Path, PathBuf};

use hooks::{Delivery, Malformed, Message, Named, Push, Said, Sender, read};
use http::{HeaderMap, HeaderName, HeaderValue};
use reference::Digest;

/// A delivery that owns what it is made of.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { headers: HeaderMap::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("it names a header");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("it is a header's value");
        self.headers.append(name, value);
        self
    }

    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery { headers: &self.headers, body: &self.body }
    }

    pub(crate) fn read_as(&self, sender: Sender) -> Result<Message, Malformed> {
        read(sender, &self.delivery())
    }

    /// The pushes of something that can be read and is no handshake.
    pub(crate) fn pushes(&self, sender: Sender) -> Vec<Push> {
        match self.read_as(sender).expect("it can be read").said {
            Said::Pushed(pushes) => pushes,
            Said::Handshake(_) => panic!("it is no handshake"),
        }
    }
}

/// The fixture of this name, with the headers that its sender adds.
pub(crate) fn fixture(name: &str) -> Sent {
    let sent = Sent::new(fs::read(folder().join(name)).expect("there is such a fixture"));
    if name.starts_with("gitea/test-push") {
        sent.with("X-Gitea-Event", "push")
    } else if name.starts_with("gitea/") {
        sent.with("X-Gitea-Event", "package")
    } else {
        sent
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The names of a sender's fixtures.
pub(crate) fn names(sender: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join(sender)).expect("the sender has fixtures");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("it is listed").file_name();
        format!("{sender}/{}", name.to_str().expect("it is text"))
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

pub(crate) fn at(host: &str, path: &str) -> Named {
    Named { host: Some(host.to_owned()), path: path.to_owned() }
}

pub(crate) fn anywhere(path: &str) -> Named {
    Named { host: None, path: path.to_owned() }
}

pub(crate) fn pushed(repositories: &[Named], tag: &str, digest: Option<&str>) -> Push {
    Push {
        repositories: repositories.to_vec(),
        tag: tag.to_owned(),
        folded: false,
        digest: digest.map(|hex| Digest::parse(&format!("sha256:{hex}")).expect("it is a digest")),
        early: false,
    }
}

/// Checks that a sender's fixtures say nothing but for those that are named.
pub(crate) fn all_others_say_nothing(sender: Sender, but: &[&str]) {
    let names = names(sender.name());
    for name in but {
        assert!(names.iter().any(|known| known == name), "{name} is gone");
    }
    for name in names.iter().filter(|name| !but.contains(&name.as_str())) {
        assert_eq!(fixture(name).pushes(sender), Vec::new(), "{name}");
    }
}
