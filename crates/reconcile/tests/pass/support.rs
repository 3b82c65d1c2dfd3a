//! An object of one tag, and what its passes see.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reconcile::{
    Artifact, ConditionKind, Desired, LayerSelector, Observation, Operation, Provider, Resolution, Source,
    Status, Stock, Truth, conclude,
};
use reference::{Repository, Selector};

pub(crate) fn source() -> Source {
    Source {
        url: "oci://ghcr.io/example/app".into(),
        repository: Repository::parse_url("oci://ghcr.io/example/app").unwrap(),
        selector: Selector::Tag("v1".into()),
        layer: None,
        ignore: None,
        platform: None,
        provider: Provider::Generic,
        secret: None,
        service_account: None,
        certificates: None,
        proxy: None,
        insecure: false,
        timeout: Duration::from_mins(1),
        trust: None,
    }
}

pub(crate) fn desired(generation: i64) -> Desired {
    Desired {
        uid: "one".into(),
        generation,
        requested_at: None,
        annotations: BTreeMap::new(),
        deleting: false,
        suspended: false,
        interval: Duration::from_mins(1),
        wish: Ok(Arc::new(source())),
    }
}

pub(crate) fn artifact(revision: &str) -> Artifact {
    Artifact {
        digest: format!("sha256:file-of-{revision}"),
        path: "ocirepository/team/app/file.tar.gz".into(),
        url: "http://here/file.tar.gz".into(),
        revision: revision.into(),
        size: Some(1),
        last_update_time: "2026-01-01T00:00:00Z".into(),
        metadata: BTreeMap::new(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it fills a field that may be empty")]
pub(crate) fn found(revision: &str) -> Option<Resolution> {
    Some(Resolution { revision: revision.into(), display: "ghcr.io/example/app:v1".into() })
}

pub(crate) fn fresh() -> Status {
    Status { observed_generation: -1, ..Status::default() }
}

pub(crate) fn stored(revision: &str) -> Status {
    let seen = Observation {
        stock: Some(Stock::Empty),
        resolved: found(revision),
        artifact: Some(artifact(revision)),
        link: Some("http://here/latest.tar.gz".into()),
        ..Observation::default()
    };
    conclude(&desired(1), &fresh(), &seen, &Ok(())).status
}

pub(crate) fn shown(status: &Status) -> Vec<(String, Truth, String, String)> {
    let ordered = status.conditions.ordered();
    ordered
        .iter()
        .map(|it| (it.kind.as_str().into(), it.truth, it.reason.clone(), it.message.clone()))
        .collect()
}

/// Every condition on a line: `Ready=True(Succeeded, stored artifact ..)`.
pub(crate) fn lines(status: &Status) -> Vec<String> {
    let line = |(kind, truth, reason, message)| format!("{kind}={truth:?}({reason}, {message})");
    shown(status).into_iter().map(line).collect()
}

/// The object of this source, at generation 1.
pub(crate) fn wanting(source: Source) -> Desired {
    Desired { wish: Ok(Arc::new(source)), ..desired(1) }
}

pub(crate) fn selector(media_type: &str, operation: Option<Operation>) -> LayerSelector {
    LayerSelector { media_type: Some(media_type.into()), operation }
}

/// Sets a condition as an earlier pass may have left it.
pub(crate) fn with(
    mut status: Status,
    kind: ConditionKind,
    truth: Truth,
    reason: &str,
    text: &str,
) -> Status {
    status.conditions.set(kind, truth, reason, text, 1);
    status
}
