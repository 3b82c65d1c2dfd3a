//! Objects of any kind as a watch shows them.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::ApiResource;
use kube::core::DynamicResourceScope;
use serde::{Deserialize, Deserializer};
use sluice_actors::{Key, Seen};

/// An object; kube's own type for this makes values of everything, and copies them.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// For kube, which looks for the resourceVersion.
    meta: ObjectMeta,
    seen: Seen,
}

impl Watched {
    /// What `new` makes of it. The log has what that cannot read.
    pub(super) fn read<T>(self, kind: &str, new: impl FnOnce(Seen) -> Result<T, String>) -> Option<T> {
        let uid = self.seen.uid().to_owned();
        new(self.seen).map_err(|error| tracing::error!(error, uid, "one of the {kind} cannot be read")).ok()
    }

    /// Its name, and which life of it this is.
    pub(super) fn identity(&self) -> Option<(Key, &str)> {
        Some((self.seen.key().ok()?, self.seen.uid()))
    }
}

impl<'de> Deserialize<'de> for Watched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seen = Seen::deserialize(deserializer)?;
        let resource_version = Some(seen.resource_version().to_owned());
        Ok(Self { meta: ObjectMeta { resource_version, ..ObjectMeta::default() }, seen })
    }
}

impl Resource for Watched {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        Cow::from(&resource.kind)
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        Cow::from(&resource.group)
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        Cow::from(&resource.version)
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        Cow::from(&resource.plural)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}
