//! From the API's object to what it asks for, and from its recorded status to values. Pure; parsed once.

use std::sync::Arc;
use std::time::Duration;

use reconcile::{
    Account, Artifact, Condition, ConditionKind, Conditions, Desired, Failure, LayerSelector, Operation,
    Provider, Reason, Source, Status, Trust, Truth, Wish,
};
use reference::{Repository, Selector, redacted_url};
use serde_json::Value;
use sluice_crds::{LayerOperation, OciRepositorySpec, SpecError, VerificationProvider, go_duration};

use crate::Object;

const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
const OUR_PREFIX: &str = "sluice.dev/";
/// The platform of an index (D18).
pub const PLATFORM: &str = "sluice.dev/platform";
/// `spec.timeout` where it is absent (D1).
const TIMEOUT: Duration = Duration::from_mins(1);

/// What the object asks for. `default_account` is for objects that name no `ServiceAccount`.
#[must_use]
pub fn desired(object: &Object, default_account: Option<&str>) -> Desired {
    let ours =
        |(key, value): (&String, &String)| key.starts_with(OUR_PREFIX).then(|| (key.clone(), value.clone()));
    Desired {
        uid: object.uid.to_string(),
        generation: object.generation,
        requested_at: object.annotations.get(REQUESTED_AT).cloned(),
        annotations: object.annotations.iter().filter_map(ours).collect(),
        deleting: object.deleting,
        suspended: object.suspended,
        interval: interval(object),
        wish: wish(object, default_account),
    }
}

/// The time between two checks; zero where the object names none that can be read.
#[must_use]
pub fn interval(object: &Object) -> Duration {
    let spec = object.spec.as_ref().ok();
    spec.and_then(|spec| go_duration(&spec.interval).ok()).unwrap_or_default()
}

/// The annotations under our prefix that mean nothing (D37).
pub fn unknown_annotations(object: &Object) -> impl Iterator<Item = &str> {
    object
        .annotations
        .keys()
        .map(String::as_str)
        .filter(|key| key.starts_with(OUR_PREFIX) && *key != PLATFORM)
}

fn wish(object: &Object, default_account: Option<&str>) -> Wish {
    let spec = object.spec.as_ref().map_err(|problem| {
        let (reason, text) = match problem {
            SpecError::Absent => {
                (Reason::SpecInvalid, "the object has no spec: spec.url and spec.interval are required".to_owned())
            }
            SpecError::Malformed(what) => (Reason::SpecInvalid, format!("the spec cannot be read: {what}")),
            SpecError::Unknown(path) => (
                Reason::UnsupportedField,
                format!("the field spec.{path} is not supported by this version; nothing is fetched rather than ignoring it"),
            ),
        };
        Failure::stall(None, reason, text)
    })?;
    source(object, spec, default_account).map(Arc::new)
}

fn source(
    object: &Object,
    spec: &OciRepositorySpec,
    default_account: Option<&str>,
) -> Result<Source, Failure> {
    let invalid = |field: &str, what: String| {
        Failure::stall(None, Reason::SpecInvalid, format!("spec.{field} is invalid: {what}"))
    };
    go_duration(&spec.interval).map_err(|error| invalid("interval", error.to_string()))?;
    let timeout = match spec.timeout.as_deref() {
        None => TIMEOUT,
        Some(text) => go_duration(text).map_err(|error| invalid("timeout", error.to_string()))?,
    };
    // No registry answers in no time: upstream, which bounds no request, has such objects Ready.
    let timeout = if timeout.is_zero() { TIMEOUT } else { timeout };
    let reference = spec.reference.clone().unwrap_or_default();
    Ok(Source {
        url: spec.url.clone(),
        repository: repository(spec)?,
        selector: Selector::choose(
            reference.digest.as_deref(),
            reference.semver.as_deref(),
            reference.semver_filter.as_deref(),
            reference.tag.as_deref(),
            reference.branch.as_deref(),
        ),
        layer: spec.layer_selector.as_ref().map(|layer| LayerSelector {
            media_type: layer.media_type.clone(),
            operation: layer.operation.map(operation),
        }),
        ignore: spec.ignore.clone(),
        platform: platform(object)?,
        provider: provider(spec),
        secret: spec.secret_ref.as_ref().map(name),
        service_account: account(spec, default_account),
        // Of the references, only this one counts as absent when its name is empty (spec 4.4).
        certificates: spec.cert_secret_ref.as_ref().map(name).filter(|name| !name.is_empty()),
        proxy: spec.proxy_secret_ref.as_ref().map(name),
        insecure: spec.insecure,
        timeout,
        trust: spec.verify.as_ref().map(|verify| Trust {
            provider: match verify.provider {
                VerificationProvider::Cosign => "cosign".to_owned(),
                VerificationProvider::Notation => "notation".to_owned(),
            },
            secret: verify.secret_ref.as_ref().map(name),
            trusted_root: verify.trusted_root_secret_ref.as_ref().map(name),
            identities: verify
                .match_oidc_identity
                .iter()
                .map(|identity| (identity.issuer.clone(), identity.subject.clone()))
                .collect(),
        }),
    })
}

fn account(spec: &OciRepositorySpec, default: Option<&str>) -> Option<Account> {
    let named = spec.service_account_name.clone().filter(|name| !name.is_empty());
    named.map(Account::Named).or_else(|| Some(Account::Default(default?.to_owned())))
}

fn name(secret: &sluice_crds::SecretReference) -> String {
    secret.name.clone()
}

fn repository(spec: &OciRepositorySpec) -> Result<Repository, Failure> {
    let invalid = |error: reference::UrlError| {
        let text = format!("URL validation failed for '{}': {error}", redacted_url(&spec.url));
        Failure::stall(Some(ConditionKind::FetchFailed), Reason::URLInvalid, text)
    };
    let repository = Repository::parse_url(&spec.url).map_err(invalid)?;
    match spec.artifact.as_ref().and_then(|artifact| artifact.path.as_deref()) {
        None | Some("") => Ok(repository),
        Some(path) => repository.with_path(path).map_err(invalid),
    }
}

fn platform(object: &Object) -> Result<Option<String>, Failure> {
    let Some(platform) = object.annotations.get(PLATFORM) else {
        return Ok(None);
    };
    if platform.parse::<oci::Platform>().is_ok() {
        return Ok(Some(platform.clone()));
    }
    let text = format!("the annotation {PLATFORM} is '{platform}', which is no os/architecture[/variant]");
    Err(Failure::stall(None, Reason::UnsupportedField, text))
}

fn provider(spec: &OciRepositorySpec) -> Provider {
    match spec.provider {
        None | Some(sluice_crds::Provider::Generic) => Provider::Generic,
        Some(sluice_crds::Provider::Aws) => Provider::Aws,
        Some(sluice_crds::Provider::Azure) => Provider::Azure,
        Some(sluice_crds::Provider::Gcp) => Provider::Gcp,
    }
}

fn operation(operation: LayerOperation) -> Operation {
    match operation {
        LayerOperation::Extract => Operation::Extract,
        LayerOperation::Copy => Operation::Copy,
    }
}

/// The recorded status as values.
#[must_use]
pub fn recorded(object: &Object) -> Status {
    let (status, conditions) = object.status();
    Status {
        observed_generation: status.observed_generation.unwrap_or(-1),
        conditions: Conditions::new(conditions.iter().filter_map(condition).collect()),
        url: status.url.filter(|url| !url.is_empty()),
        artifact: status.artifact.map(|artifact| Artifact {
            digest: artifact.digest,
            path: artifact.path,
            url: artifact.url,
            revision: artifact.revision,
            size: artifact.size,
            last_update_time: artifact.last_update_time,
            metadata: artifact.metadata,
        }),
        observed_ignore: status.observed_ignore,
        observed_layer_selector: status.observed_layer_selector.map(|layer| LayerSelector {
            media_type: layer.media_type,
            operation: layer.operation.map(operation),
        }),
        last_handled_reconcile_at: status.last_handled_reconcile_at,
        fingerprint: status.source_verification_fingerprint.filter(|text| !text.is_empty()),
    }
}

fn condition(value: &Value) -> Option<Condition> {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    let truth = match text("status")? {
        "True" => Truth::True,
        "False" => Truth::False,
        _ => Truth::Unknown,
    };
    Some(Condition {
        kind: ConditionKind::parse(text("type")?)?,
        truth,
        reason: text("reason").unwrap_or_default().to_owned(),
        message: text("message").unwrap_or_default().to_owned(),
        observed_generation: value.get("observedGeneration").and_then(Value::as_i64).unwrap_or_default(),
    })
}
