//! Failures, one by one: what the owner of an object is told, what comes next, and that the artifact stays.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, Context, Handler};
use artifact::store::Error as StoreError;
use bytes::Bytes;
use http::StatusCode;
use oci::image::{Image, ImageError};
use oci::{Answer, Call, Described, Descriptor, RedactedUrl};
use reconcile::{ConditionKind, Failure, Operation, Reason};
use reference::{Digest, Revision};
use serde_json::{Value, json};
use sluice_actors::cluster::{WriteError, patch_failure};
use sluice_actors::failure::{self, Step, registry};
use sluice_actors::fetcher::{Describe, Fetch, Fetched};
use sluice_actors::repository::Services;
use sluice_actors::resolver::{Resolve, Resolved, Resolver};
use sluice_actors::status_writer::AddFinalizer;
use sluice_actors::storage::{Claim, Claims, Publish, Published};
use sluice_actors::testing::Probe;
use sluice_actors::verifier::Verify;

use crate::owner::{Next, SOON, Told, sees};
use crate::support::{Registry, Seen, merge, services, services_after, stored};

const NEWER: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

/// An object that has an artifact, with this specification.
#[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
fn app(spec: Value) -> Value {
    let mut app = stored();
    merge(&mut app, json!({"spec": spec}));
    app
}

/// Services that find a newer revision and bring it as far as its publication, which is left to the test.
pub(crate) fn finding() -> (Services, Seen) {
    let (services, seen) = services(Registry::Answers);
    let digest = Digest::parse(NEWER).unwrap();
    let revision = Revision { tag: Some("v1".into()), digest };
    let layer =
        json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": NEWER, "size": 1});
    let layer: Descriptor = serde_json::from_value(layer).unwrap();
    let image = Image { annotations: [].into(), layers: vec![layer], config: None, artifact_type: None };
    let claims = Claims::new(Arc::new(|_| None));
    let services = Services {
        resolve: Probe::start_with(move |_: &Resolve| {
            ready(Ok(Resolved { revision: revision.clone(), manifest: None }))
        })
        .0,
        describe: Probe::start_with(move |_: &Describe| {
            ready(Ok(Described { digest, image: image.clone() }))
        })
        .0,
        claim: Probe::start_with(move |claim: &Claim| ready(Ok(claims.claim(&claim.recipe)))).0,
        fetch: Probe::start_with(|_: &Fetch| ready(Ok(Fetched::Memory(Bytes::new())))).0,
        ..(*services).clone()
    };
    (services, seen)
}

fn publishing(failure: Failure) -> (Services, Seen) {
    let (services, seen) = finding();
    let publish = Probe::start_with(move |_: &Publish| ready(Err::<Published, _>(failure.clone()))).0;
    (Services { publish, ..services }, seen)
}

fn answer(path: &str, status: u16, retry_after: Option<Duration>, code: &str) -> oci::Error {
    let url = format!("https://ghcr.io/v2/example/app/{path}").parse().unwrap();
    let answer = Arc::new(Answer {
        call: Call { method: http::Method::GET, url: RedactedUrl::new(&url) },
        status: StatusCode::from_u16(status).unwrap(),
        errors: vec![code.to_owned()],
        excerpt: String::new(),
        retry_after,
    });
    if matches!(status, 401 | 403) { oci::Error::Denied(answer) } else { oci::Error::Status(answer) }
}

/// The failure of a step at the registry, as the service that asks it makes it.
fn resolving(step: Step, error: oci::Error) -> (Services, Seen) {
    let (services, seen) = finding();
    let resolve = Probe::start_with(move |asked: &Resolve| {
        ready(Err::<Resolved, _>(registry(&asked.line, &asked.repository, step, &asked.url, &error)))
    });
    (Services { resolve: resolve.0, ..services }, seen)
}

fn describing(error: oci::Error) -> (Services, Seen) {
    let (services, seen) = finding();
    let describe = Probe::start_with(move |asked: &Describe| {
        let failure = registry(&asked.line, &asked.repository, Step::Manifest, &asked.url, &error);
        ready(Err::<Described, _>(failure))
    });
    (Services { describe: describe.0, ..services }, seen)
}

fn fetching(step: Step, error: oci::Error) -> (Services, Seen) {
    let (services, seen) = finding();
    let fetch = Probe::start_with(move |asked: &Fetch| {
        ready(Err::<Fetched, _>(registry(&asked.line, &asked.repository, step, &asked.url, &error)))
    });
    (Services { fetch: fetch.0, ..services }, seen)
}

#[actix::test]
async fn what_no_change_of_the_world_can_mend_stalls_until_the_object_changes() {
    let plain = || services(Registry::Answers);
    let mut odd = app(json!({}));
    odd["metadata"]["annotations"] = json!({"sluice.dev/platform": "arm"});
    let mut bare = app(json!({}));
    bare["spec"] = Value::Null;
    for ((services, seen), look, condition, reason, message) in [
        (
            plain(),
            app(json!({"url": "oci://ghcr.io/example/app:v1"})),
            Some(ConditionKind::FetchFailed),
            Reason::URLInvalid,
            "URL validation failed for 'oci://ghcr.io/example/app:v1': repository can only contain the characters \
             `abcdefghijklmnopqrstuvwxyz0123456789_-./`: example/app:v1",
        ),
        (
            plain(),
            bare,
            None,
            Reason::SpecInvalid,
            "the object has no spec: spec.url and spec.interval are required",
        ),
        (
            plain(),
            app(json!({"interval": "5 minutes"})),
            None,
            Reason::SpecInvalid,
            "spec.interval is invalid: time: unknown unit \" minutes\" in duration \"5 minutes\"",
        ),
        (
            plain(),
            app(json!({"ref": {"channel": "x"}})),
            None,
            Reason::UnsupportedField,
            "the field spec.ref.channel is not supported by this version; nothing is fetched rather than ignoring it",
        ),
        (
            plain(),
            odd,
            None,
            Reason::UnsupportedField,
            "the annotation sluice.dev/platform is 'arm', which is no os/architecture[/variant]",
        ),
        (
            services_after("ref.branch", 1),
            app(json!({})),
            None,
            Reason::FieldPruned,
            "spec.ref.branch has vanished without a new generation: another CRD was applied over the one of this \
             operator; apply that one again, and then the manifest of this object; what is stored stays served",
        ),
    ] {
        let told = Told { condition, reason, message: message.to_owned(), next: Next::Stall };
        sees(&services, seen, look, told).await;
    }
}

#[actix::test]
async fn what_is_no_range_no_filter_or_no_digest_is_tried_again() {
    for (reference, reason, message) in [
        (
            json!({"semver": "latest greatest"}),
            Reason::ReadOperationFailed,
            "failed to determine the artifact tag for 'oci://ghcr.io/example/app': semver 'latest greatest' parse \
             error: improper constraint: \"latest greatest\"",
        ),
        (
            json!({"semver": "1.x", "semverFilter": "("}),
            Reason::ReadOperationFailed,
            "failed to determine the artifact tag for 'oci://ghcr.io/example/app': error parsing regexp: unclosed \
             group: `(`",
        ),
        (
            json!({"digest": "sha256:short"}),
            Reason::OCIArtifactPullFailed,
            "failed to determine artifact digest: found non-hex character in hash: s",
        ),
    ] {
        let (services, seen) = services(Registry::Answers);
        let services = Services { resolve: Resolver::default().start().recipient(), ..(*services).clone() };
        sees(&services, seen, app(json!({"ref": reference})), Told::fetch(reason, message)).await;
    }
}

#[actix::test]
async fn a_secret_that_is_missing_is_told_as_a_failed_authentication() {
    let (services, seen) = services(Registry::Answers);
    let look = app(json!({"serviceAccountName": "robot"}));
    let message = "failed to get credential: serviceaccount 'team/robot' not found";
    sees(&services, seen, look, Told::fetch(Reason::AuthenticationFailed, message)).await;
}

#[actix::test]
async fn a_refusal_of_the_registry_is_told_as_the_step_in_which_it_happens() {
    let tags = answer("tags/list?n=1000", 401, None, "UNAUTHORIZED: authentication required");
    let tag = answer("manifests/v1", 403, None, "DENIED: access forbidden");
    let manifest = answer(&format!("manifests/{NEWER}"), 401, None, "UNAUTHORIZED: token expired");
    let blob = answer(&format!("blobs/{NEWER}"), 403, None, "DENIED: access forbidden");
    for ((services, seen), reason, message) in [
        (
            resolving(Step::Tags, tags),
            Reason::ReadOperationFailed,
            "failed to determine the artifact tag for 'oci://ghcr.io/example/app': GET \
             https://ghcr.io/v2/example/app/tags/list?n=1000: UNAUTHORIZED: authentication required"
                .to_owned(),
        ),
        (
            resolving(Step::Digest, tag),
            Reason::OCIArtifactPullFailed,
            "failed to determine artifact digest: GET https://ghcr.io/v2/example/app/manifests/v1: DENIED: access \
             forbidden"
                .to_owned(),
        ),
        (
            describing(manifest),
            Reason::OCIArtifactPullFailed,
            format!(
                "failed to pull artifact from 'oci://ghcr.io/example/app': GET \
                 https://ghcr.io/v2/example/app/manifests/{NEWER}: UNAUTHORIZED: token expired"
            ),
        ),
        (
            fetching(Step::Open, blob),
            Reason::OCIArtifactLayerOperationFailed,
            format!(
                "failed to extract the first layer from artifact: GET https://ghcr.io/v2/example/app/blobs/{NEWER}: \
                 DENIED: access forbidden"
            ),
        ),
    ] {
        sees(&services, seen, app(json!({})), Told::fetch(reason, &message)).await;
    }
}

#[actix::test]
async fn a_registry_that_asks_for_patience_is_left_alone_for_as_long_as_it_says() {
    for (announced, pause) in [(7, 7), (0, 1), (7200, 900)] {
        let busy = answer("manifests/v1", 429, Some(Duration::from_secs(announced)), "TOOMANYREQUESTS: slow");
        let (services, seen) = resolving(Step::Digest, busy);
        let message = "failed to determine artifact digest: GET \
             https://ghcr.io/v2/example/app/manifests/v1: TOOMANYREQUESTS: slow";
        let told = Told {
            next: if announced == 0 { SOON } else { Next::Retry(Duration::from_secs(pause)) },
            ..Told::fetch(Reason::OCIArtifactPullFailed, message)
        };
        sees(&services, seen, app(json!({})), told).await;
    }
}

#[actix::test]
async fn a_host_that_does_not_answer_in_time_is_named() {
    let (services, seen) = finding();
    let resolve = Probe::start_with(|asked: &Resolve| {
        let Resolve { line, url, repository, scope, .. } = asked;
        ready(Err::<Resolved, _>(failure::over_budget(line, Step::Digest, url, repository, scope)))
    });
    let services = Services { resolve: resolve.0, ..services };
    let message = "failed to determine artifact digest: ghcr.io did not answer within 20s (spec.timeout)";
    let told = Told::fetch(Reason::OCIArtifactPullFailed, message);
    sees(&services, seen, app(json!({"timeout": "20s"})), told).await;
}

#[actix::test]
async fn a_manifest_or_a_layer_that_cannot_be_used_is_told_as_a_layer_operation() {
    let digest = Digest::parse(NEWER).unwrap();
    let nested = oci::Error::Manifest { name: "ghcr.io/example/app".to_owned(), reason: ImageError::Depth };
    let corrupt = oci::Error::BlobDigest { read: 3, actual: digest, expected: digest };
    let wrong =
        format!("error verifying sha256 checksum after reading 3 bytes; got \"{NEWER}\", want \"{NEWER}\"");
    let refused = artifact::Error::Layer(artifact::LayerError::Name("\"../evil\"".to_owned()));
    let large = artifact::Error::Limit(artifact::LimitError::Entries(10));
    let url = "oci://ghcr.io/example/app";
    for ((services, seen), spec, message) in [
        (describing(nested), json!({}), "failed to parse artifact manifest: indexes are nested too deeply"),
        (
            finding(),
            json!({"layerSelector": {"mediaType": "text/plain"}}),
            "failed to find layer with media type 'text/plain' in artifact",
        ),
        (
            fetching(Step::Content(Operation::Extract), corrupt.clone()),
            json!({}),
            &format!("failed to extract layer contents from artifact: {wrong}"),
        ),
        (
            fetching(Step::Content(Operation::Copy), corrupt),
            json!({"layerSelector": {"operation": "copy"}}),
            &format!("failed to copy layer from artifact: {wrong}"),
        ),
        (
            publishing(failure::content(Operation::Extract, url, &refused)),
            json!({}),
            "failed to extract layer contents from artifact: tar contained invalid name error \"../evil\"",
        ),
        (
            publishing(failure::content(Operation::Extract, url, &large)),
            json!({}),
            "failed to extract layer contents from artifact: layer has more than 10 entries",
        ),
    ] {
        let told = Told::fetch(Reason::OCIArtifactLayerOperationFailed, message);
        sees(&services, seen, app(spec), told).await;
    }
}

#[actix::test]
async fn a_signature_that_is_missing_is_told_by_the_condition_of_signatures() {
    let (services, seen) = finding();
    let verify = Probe::start_with(|_: &Verify| {
        ready(Err(failure::verification("cosign", "no matching signatures were found")))
    });
    let services = Services { verify: verify.0, ..services };
    let told = Told {
        condition: Some(ConditionKind::SourceVerified),
        reason: Reason::VerificationError,
        message: "failed to verify the signature using provider 'cosign': no matching signatures were found"
            .to_owned(),
        next: SOON,
    };
    let trusting = json!({"verify": {"provider": "cosign", "secretRef": {"name": "keys"}}});
    sees(&services, seen, app(trusting), told).await;
}

#[actix::test]
async fn ignore_rules_that_cannot_be_had_are_told_without_a_condition_of_their_own() {
    let error = artifact::Error::Ignore { limit: 1024, unit: "bytes" };
    let (services, seen) = publishing(failure::content(Operation::Extract, "", &error));
    let told = Told {
        condition: None,
        reason: Reason::SourceIgnoreError,
        message: "failed to load source ignore patterns from repository: ignore rules are too large: more than 1024 \
                  bytes"
            .to_owned(),
        next: SOON,
    };
    sees(&services, seen, app(json!({})), told).await;
}

#[actix::test]
async fn what_the_disk_refuses_is_told_as_a_failed_operation_of_the_storage() {
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let read_only = || std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem);
    let (extract, copy) = (Operation::Extract, Operation::Copy);
    let sink = |operation| fetching(Step::Content(operation), oci::Error::Sink(Arc::new(full())));
    let store = |operation, error: StoreError| publishing(failure::store(operation, &error));
    let unwritten = artifact::Error::Write { what: "archive", source: full() };
    for ((services, seen), reason, message) in [
        (
            sink(extract),
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: no storage space",
        ),
        (sink(copy), Reason::ArchiveOperationFailed, "unable to copy artifact to storage: no storage space"),
        (
            publishing(failure::content(extract, "", &unwritten)),
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: failed to write archive: no storage space",
        ),
        (
            store(extract, StoreError::NoSpace { needed: 20, available: 10 }),
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: not enough disk space: 20 bytes are needed, 10 are available \
             beyond the reserve",
        ),
        (
            store(copy, StoreError::Io { action: "publish", path: "a/b".into(), source: read_only() }),
            Reason::ArchiveOperationFailed,
            "unable to copy artifact to storage: failed to publish 'a/b': read-only filesystem or storage medium",
        ),
        (
            store(extract, StoreError::Damaged { reason: "computed digest doesn't match".into() }),
            Reason::ArchiveOperationFailed,
            "unable to archive artifact to storage: stored archive is damaged: computed digest doesn't match",
        ),
        (
            store(extract, StoreError::DirectoryCreation(read_only())),
            Reason::DirectoryCreationFailed,
            "failed to create artifact directory: read-only filesystem or storage medium",
        ),
        (
            store(extract, StoreError::Stat { path: "a/b".into(), source: read_only() }),
            Reason::StatOperationFailed,
            "failed to stat 'a/b': read-only filesystem or storage medium",
        ),
        (
            store(extract, StoreError::InvalidName("..".into())),
            Reason::InvalidPath,
            "'..' is no name for a stored file",
        ),
    ] {
        let condition = Some(ConditionKind::StorageOperationFailed);
        let told = Told { condition, ..Told::fetch(reason, message) };
        sees(&services, seen, app(json!({})), told).await;
    }
}

#[actix::test]
async fn a_damaged_artifact_that_cannot_be_removed_is_told_without_a_condition_of_its_own() {
    let error = StoreError::RemoveDamaged(std::io::ErrorKind::PermissionDenied.into());
    let (services, seen) = publishing(failure::store(Operation::Extract, &error));
    let message = "failed to remove artifact after digest mismatch: permission denied";
    let told = Told { condition: None, ..Told::fetch(Reason::ArchiveOperationFailed, message) };
    sees(&services, seen, app(json!({})), told).await;
}

#[actix::test]
async fn a_finalizer_that_the_api_server_refuses_publishes_nothing() {
    let (services, seen) = finding();
    let refused = WriteError::Refused("admission webhook denied the request".to_owned());
    let (publish, mut published) =
        Probe::start_with(|_: &Publish| ready(Err::<Published, _>(Failure::internal("published"))));
    let add_finalizer =
        Probe::start_with(move |_: &AddFinalizer| ready(Err::<(), _>(patch_failure(&refused)))).0;
    let services = Services { add_finalizer, publish, ..services };
    let mut look = app(json!({}));
    look["metadata"]["finalizers"] = json!([]);
    let message = "the API server refused the write: admission webhook denied the request";
    let told = Told { condition: None, ..Told::fetch(Reason::PatchOperationFailed, message) };
    sees(&services, seen, look, told).await;
    assert!(published.try_recv().is_err());
}

struct Dead;

impl Actor for Dead {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

impl Handler<Publish> for Dead {
    type Result = Result<Published, Failure>;

    fn handle(&mut self, _: Publish, _: &mut Context<Self>) -> Self::Result {
        Err(Failure::cancelled())
    }
}

#[actix::test]
async fn a_dead_service_is_an_error_of_ours_and_is_tried_again() {
    let (services, seen) = finding();
    let services = Services { publish: Dead.start().recipient(), ..services };
    let message = "internal error: a service did not answer (Mailbox has closed); the object is tried again";
    sees(&services, seen, app(json!({})), Told::fetch(Reason::InternalError, message)).await;
}
