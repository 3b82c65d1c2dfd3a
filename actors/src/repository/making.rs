//! Which layer is taken and how an archive is made of it. Pure.

use std::collections::BTreeSet;

use artifact::digest::Algorithm;
use oci::{Described, Descriptor, OriginKey};
use reconcile::{Desired, Failure, Operation, Reason, Source};
use reference::Selector;

use crate::failure::Step;
use crate::storage::{Making, RecipeKey};

/// A layer and what is made of it.
pub(super) struct Layer {
    pub(super) descriptor: Descriptor,
    pub(super) making: Making,
}

/// The layer that the object asks for (D16, D40).
pub(super) fn choose(described: &Described, source: &Source, desired: &Desired) -> Result<Layer, Failure> {
    let chosen = oci::layer::choose(&described.image.layers, source.media_type())
        .map_err(|error| Step::Layer.failure(&source.url, &error.to_string()))?;
    Ok(Layer {
        making: Making {
            operation: source.operation(),
            ignore: source.ignore.clone(),
            chart: source.media_type().is_none() && oci::layer::is_helm_chart(chosen),
            url: source.url.clone(),
            platform: source.platform.clone(),
            generation: desired.generation,
            fields: fields(source),
        },
        descriptor: chosen.clone(),
    })
}

/// The keys under which an archive is built once (D32).
pub(super) fn recipe(origin: &OriginKey, source: &Source, layer: &Layer) -> Result<RecipeKey, Failure> {
    let Making { operation, ignore, chart, .. } = &layer.making;
    let operation = match operation {
        Operation::Extract => "extract",
        Operation::Copy => "copy",
    };
    let (origin, digest) = (origin.text(), layer.descriptor.digest);
    let key = |repository: &str| {
        let parts = format!("{origin}\n{repository}\n{digest}\n{operation}\n{chart}\n{ignore:?}");
        let key = Algorithm::Sha256.digest_of(parts.as_bytes());
        key.map(|key| key.to_string()).map_err(|error| Failure::internal(&error.to_string()))
    };
    Ok(RecipeKey { of_repository: key(&source.repository.to_string())?, of_origin: key("")? })
}

/// Refuses to go on without a field of ours that this very generation had: a foreign CRD has dropped it (D52).
pub(super) fn pruned(
    source: &Source,
    desired: &Desired,
    generation: i64,
    recorded: &BTreeSet<String>,
) -> Result<(), Failure> {
    if recorded.is_empty() || generation != desired.generation {
        return Ok(());
    }
    let present = fields(source);
    match recorded.iter().find(|field| !present.contains(*field)) {
        Some(field) => Err(Failure::stall(
            None,
            Reason::FieldPruned,
            format!(
                "spec.{field} has vanished without a new generation: another CRD was applied over the one of this operator; \
                 apply that one again, and then the manifest of this object; what is stored stays served"
            ),
        )),
        None => Ok(()),
    }
}

/// The fields of ours (D25, D26) that the specification uses.
pub(super) fn fields(source: &Source) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    if matches!(source.selector, Selector::Branch(_)) {
        fields.insert("ref.branch".to_owned());
    }
    if reference::Repository::parse_url(&source.url).is_ok_and(|repository| repository != source.repository) {
        fields.insert("artifact.path".to_owned());
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oci::Origin;
    use serde_json::json;

    use super::*;
    use crate::Object;
    use crate::translate::desired;

    /// The keys of an archive that is made of one layer of this repository.
    fn keys(origin: &Origin, path: &str, ignore: Option<&str>) -> RecipeKey {
        let object = Object::parse(&json!({
            "metadata": {"name": "app", "namespace": "team", "uid": "one"},
            "spec": {"url": format!("oci://ghcr.io/{path}"), "interval": "1m", "ignore": ignore},
        }));
        let desired = desired(&object.unwrap(), None);
        let source: Arc<Source> = desired.wish.clone().unwrap();
        let making = Making {
            operation: source.operation(),
            ignore: source.ignore.clone(),
            chart: false,
            url: source.url.clone(),
            platform: None,
            generation: 1,
            fields: BTreeSet::new(),
        };
        let descriptor = json!({"digest": format!("sha256:{}", "a".repeat(64)), "size": 1});
        let layer = Layer { descriptor: serde_json::from_value(descriptor).unwrap(), making };
        recipe(&origin.key(), &source, &layer).unwrap()
    }

    #[test]
    fn repositories_of_one_origin_share_one_key_and_origins_none() {
        let origin = Origin::new("ghcr.io");
        let other = Origin { plain_http: true, ..Origin::new("ghcr.io") };
        let ours = keys(&origin, "team-a/app", None);

        let sibling = keys(&origin, "team-b/app", None);
        let stranger = keys(&other, "team-a/app", None);
        let ruled = keys(&origin, "team-a/app", Some("*.md"));

        assert_ne!(ours.of_repository, sibling.of_repository);
        assert_eq!(ours.of_origin, sibling.of_origin);
        assert_ne!(ours.of_repository, stranger.of_repository);
        assert_ne!(ours.of_origin, stranger.of_origin);
        assert_ne!(ours.of_origin, ruled.of_origin);
        assert_ne!(ours.of_origin, ours.of_repository);
    }
}
