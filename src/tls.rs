//! TLS as the whole process speaks it to others: the provider, and the certificate authorities that this machine trusts, read and
//! parsed once. A client that reads them for itself parses some 140 certificates at every start and keeps them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
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

/// An HTTP client. What it follows, and how long it waits, is for each to say. No name leads it to where clouds keep their
/// metadata; what is private otherwise is for each to judge, since much of what operators configure is.
///
/// # Errors
/// As [`client_config`], and when what was said contradicts itself.
pub fn http_client(with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, TlsError> {
    let mut config = client_config()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = Client::builder()
        .tls_backend_preconfigured(config)
        .dns_resolver(PastMetadata);
    with(client)
        .build()
        .map_err(|error| TlsError::Client(error.to_string()))
}

/// A name led to nothing but places where a cloud keeps the credentials of its machines.
#[derive(Debug, Error)]
#[error("`{0}` resolves to a cloud's metadata address only, which nothing that Interlock is to call has")]
struct MetadataOnly(String);

/// Resolves names and drops the addresses of metadata services, at the moment of connecting.
#[derive(Clone, Copy, Debug)]
struct PastMetadata;

impl Resolve for PastMetadata {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| !is_metadata(address.ip())).collect();
            if usable.is_empty() {
                return Err(MetadataOnly(name.as_str().to_owned()).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// Link-local addresses, where most clouds have theirs, and the few that are elsewhere: Alibaba, Azure, Oracle, and AWS and
/// Google over IPv6.
pub(crate) fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_link_local()
                || matches!(
                    v4.octets(),
                    [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192]
                )
        }
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
                is_metadata(Ipv4Addr::new(a, b, c, d).into())
            }
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => true,
            _ => v6.is_unicast_link_local(),
        },
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_name_leads_to_a_clouds_metadata() {
        for (address, is_refused) in [
            ("169.254.169.254", true),
            ("100.100.100.200", true),
            ("168.63.129.16", true),
            ("::ffff:169.254.169.254", true),
            ("64:ff9b::a9fe:a9fe", true),
            ("fd00:ec2::254", true),
            ("fe80::a9fe:a9fe", true),
            ("10.0.0.7", false),
            ("127.0.0.1", false),
            ("fd00::7", false),
            ("93.184.215.14", false),
        ] {
            assert_eq!(
                is_metadata(address.parse().expect("an address")),
                is_refused,
                "{address}"
            );
        }
        // Resolves to itself, without asking anybody.
        let name = "169.254.169.254".parse::<Name>().expect("a name");
        let refused = PastMetadata.resolve(name).await.err().expect("refused");
        assert!(refused.to_string().contains("metadata address"), "{refused}");
    }
}
