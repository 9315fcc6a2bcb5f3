//! TLS as the whole process speaks it to others: the provider, and the certificate authorities that this machine trusts, read and
//! parsed once. A client that reads them for itself parses some 140 certificates at every start and keeps them.

use std::sync::{Arc, OnceLock};

use reqwest::{Client, ClientBuilder};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// No TLS can be spoken here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// Read from `SSL_CERT_FILE` and `SSL_CERT_DIR`, or where the system has them.
    #[error("the system's TLS roots can't be read: {0}; install the package `ca-certificates`")]
    NoRoots(String),
    #[error("{0}")]
    Client(String),
}

/// Trusting whom this machine trusts, without a client certificate and without a word on HTTP versions.
///
/// # Errors
/// When this machine has no certificate authority that can be read.
pub fn client_config() -> Result<ClientConfig, TlsError> {
    static READ: OnceLock<Result<ClientConfig, TlsError>> = OnceLock::new();
    READ.get_or_init(read).clone()
}

/// An HTTP client. What it follows, and how long it waits, is for each to say.
///
/// # Errors
/// As [`client_config`], and when what was said contradicts itself.
pub fn http_client(with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, TlsError> {
    let mut config = client_config()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    with(Client::builder().tls_backend_preconfigured(config))
        .build()
        .map_err(|error| TlsError::Client(error.to_string()))
}

fn read() -> Result<ClientConfig, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(TlsError::NoRoots(why.join("; ")));
    }
    if ignored > 0 || !found.errors.is_empty() {
        let unread: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        tracing::warn!(
            added,
            ignored,
            unread = unread.join("; "),
            "some certificate authorities of this machine can't be read; whom they vouch for is not trusted"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
