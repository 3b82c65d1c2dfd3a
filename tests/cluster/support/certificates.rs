//! Certificates and keys of one control plane.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Files in PEM.
pub(crate) struct Certificates {
    /// What clients trust.
    pub(crate) authority: PathBuf,
    /// The API server's own.
    pub(crate) server: PathBuf,
    /// Its key.
    pub(crate) server_key: PathBuf,
    /// Signs the tokens of service accounts.
    pub(crate) account_key: PathBuf,
    /// Checks them.
    pub(crate) account_public_key: PathBuf,
}

impl Certificates {
    /// Makes them anew, in this directory.
    pub(crate) fn make(directory: &Path) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "cluster tests");
        let authority_certificate = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);

        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let server_certificate = server.signed_by(&server_key, &issuer).unwrap();
        let account_key = KeyPair::generate().unwrap();

        let write = |name: &str, text: String| {
            let path = directory.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        Self {
            authority: write("authority.crt", authority_certificate.pem()),
            server: write("server.crt", server_certificate.pem()),
            server_key: write("server.key", server_key.serialize_pem()),
            account_key: write("account.key", account_key.serialize_pem()),
            account_public_key: write("account.pub", account_key.public_key_pem()),
        }
    }
}
