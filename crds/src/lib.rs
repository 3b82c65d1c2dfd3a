//! The API: OCIRepository as Rust types and as CustomResourceDefinitions.
