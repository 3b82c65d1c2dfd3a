//! The whole object, for typed clients of the API server.
//!
//! Written by hand because the derive of `kube` knows no object without `spec`, and the schema admits one (D12).

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::NamespaceResourceScope;
use serde::{Deserialize, Serialize};

use crate::definition::{GROUP, KIND, PLURAL, STORAGE_VERSION};
use crate::{OciRepositorySpec, OciRepositoryStatus};

/// An `OCIRepository` in the storage version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OciRepository {
    /// Name, namespace, generation, annotations.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<OciRepositorySpec>,
    /// What was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OciRepositoryStatus>,
}

impl kube::Resource for OciRepository {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        KIND.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        STORAGE_VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
