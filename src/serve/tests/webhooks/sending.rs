//! One scene for each kind of sender: a hook that knows it, and objects around what it pushes.

use serde_json::json;

use super::issuer::{Issuer, Key};
use super::proofs::proof;
use super::senders::{KINDS, Kind, about, token_of};
use super::stage::{Headers, Stage, play};

/// A sender, and the path of its hook.
pub(super) struct Sending {
    pub(super) kind: &'static Kind,
    pub(super) path: String,
    issuer: Issuer,
    key: Key,
}

impl Sending {
    /// The headers of a push with this body.
    pub(super) fn headers(&self, body: &[u8]) -> Headers {
        self.headers_of(self.kind.push, body)
    }

    /// The headers of the delivery of this name.
    pub(super) fn headers_of(&self, name: &str, body: &[u8]) -> Headers {
        [self.proof(body), about(name)].concat()
    }

    /// Those of them that prove who sends.
    pub(super) fn proof(&self, body: &[u8]) -> Headers {
        proof(self.kind, &token_of("a", "hook"), body, &self.issuer, &self.key)
    }
}

/// Plays a scene with each kind.
pub(super) fn each(scene: impl AsyncFn(Stage, Sending)) {
    each_that(|_| true, scene);
}

/// The same with those that are wanted.
pub(super) fn each_that(wanted: impl Fn(&Kind) -> bool, scene: impl AsyncFn(Stage, Sending)) {
    for kind in KINDS.iter().filter(|kind| wanted(kind)) {
        play(async |stage| {
            let key = Key::new("one");
            let issuer = Issuer::with(&[&key]).await;
            follow(&stage, kind);
            let path = kind.hook(&stage, "a", "hook", &issuer).await;
            scene(stage, Sending { kind, path, issuer, key }).await;
        });
    }
}

/// Objects around what the kind says was pushed: two that follow it in the hook's namespace, and many that do not.
pub(super) fn follow(stage: &Stage, kind: &Kind) {
    let tag = json!({ "tag": kind.tag });
    stage.follow("a", "tag", kind.url, &tag);
    stage.follow("a", "range", kind.url, &json!({ "semver": ">=1.0.0" }));
    stage.follow("a", "other-tag", kind.url, &json!({ "tag": "other" }));
    stage.follow("a", "latest", kind.url, &json!({}));
    stage.follow("a", "other-range", kind.url, &json!({ "semver": ">=7.0.0" }));
    let digest = format!("sha256:{}", "a".repeat(64));
    stage.follow("a", "pinned", kind.url, &json!({ "digest": digest, "tag": kind.tag }));
    let (host, path) = kind.url.split_once('/').unwrap();
    stage.follow("a", "other-host", &format!("unheard-of.example.com/{path}"), &tag);
    stage.follow("a", "other-port", &format!("{}:5001/{path}", host.split(':').next().unwrap()), &tag);
    stage.follow("a", "other-path", &format!("{}-more", kind.url), &tag);
    stage.follow("b", "tag", kind.url, &tag);
    if let Some((_, _, elsewhere)) = kind.elsewhere {
        stage.follow("a", "elsewhere", elsewhere, &tag);
    }
}
