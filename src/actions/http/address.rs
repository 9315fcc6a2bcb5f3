//! Which addresses a name may lead to. The check is made on what a name resolved to, at the moment of connecting, so
//! that a name which changes its mind (DNS rebinding) gains nothing.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::tls;

/// True for addresses that are not on the public internet: loopback, private, link-local (where clouds keep their
/// metadata), shared, multicast and reserved ones, also when written as IPv6.
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => embedded(v6).map_or_else(|| is_private_v6(v6), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // RFC 6598 (carrier NAT; also a cloud's metadata address), RFC 6890, RFC 2544.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        // RFC 5737 (documentation) and RFC 7526 (relays to 6to4, given up).
        || matches!([a, b, c], [192, 0, 2] | [198, 51, 100] | [203, 0, 113] | [192, 88, 99])
        // Azure's wire server: a public number that every machine there finds its host at.
        || address == Ipv4Addr::new(168, 63, 129, 16)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // Site-local, deprecated by RFC 3879 but still routed here and there.
        || address.segments()[0] & 0xffc0 == 0xfec0
        || is_special_v6(address.segments())
}

/// What IANA's registry of special-purpose addresses (2026) says is not reachable from everywhere, beside what has a name above.
fn is_special_v6(segments: [u16; 8]) -> bool {
    match segments {
        // RFC 8215: NAT64 of a network's own, which may lead anywhere inside it.
        [0x64, 0xff9b, 1, ..] => true,
        // RFC 6666 and RFC 9780: discarded.
        [0x100, 0, 0, 0 | 1, ..] => true,
        // RFC 2928: protocol assignments, Teredo and benchmarks among them.
        [0x2001, second, ..] if second < 0x200 => true,
        // RFC 3849 and RFC 9637: documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        // RFC 9602: segment routing.
        [0x5f00, ..] => true,
        _ => false,
    }
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, translated (RFC 2765), NAT64 (RFC 6052) or
/// 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// A name led to nothing but private addresses.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` resolves to private or link-local addresses only: add it to `http.private_hosts` if that is meant"
)]
pub struct PrivateOnly(String);

/// Resolves names and drops addresses that they may not lead to.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Names (lower case) that may lead to private addresses.
    pub private: Arc<BTreeSet<String>>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let may_be_private = self.private.contains(&name.as_str().to_ascii_lowercase());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found
                // What a machine's own metadata service tells is for nobody, whatever the name is allowed.
                .filter(|address| !tls::is_metadata(address.ip()))
                .filter(|address| may_be_private || !is_private(address.ip()))
                .collect();
            if usable.is_empty() {
                return Err(PrivateOnly(name.as_str().to_owned()).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_are_told_from_those_outside() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "ff02::1",
            "168.63.129.16",
            "::ffff:168.63.129.16",
            "64:ff9b::a83f:8110",
            "64:ff9b:1::a9fe:a9fe",
            "::ffff:0:169.254.169.254",
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.9",
            "192.88.99.1",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(is_private(inside.parse().expect("an address")), "{inside}");
        }
        for outside in [
            "93.184.215.14",
            "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
            "8.8.8.8",
            "172.32.0.1",
            "168.63.129.17",
            "192.0.3.1",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
            "3fff:1000::1",
        ] {
            assert!(!is_private(outside.parse().expect("an address")), "{outside}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_it_is_listed() {
        let name = || "localhost".parse::<Name>().expect("a name");
        let shut = Guard {
            private: Arc::default(),
        };
        let error = shut.resolve(name()).await.err().expect("refused");
        assert!(error.to_string().contains("http.private_hosts"), "{error}");
        let open = Guard {
            private: Arc::new(BTreeSet::from(["localhost".to_owned()])),
        };
        assert!(open.resolve(name()).await.is_ok());
    }
}
