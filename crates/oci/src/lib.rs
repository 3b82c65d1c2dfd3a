//! The read path of the OCI distribution protocol: transport, credentials, manifests, tags and blobs.
