//! `Location`: the internal address of a mapping becomes its virtual one.

use crate::config::{Mapping, MappingPart, Protocol, ProtocolFamily, Subaccount};
use crate::host::InternalHost;

/// The port that a URL without one means, over TLS and without.
const DEFAULT_PORTS: (u16, u16) = (443, 80);

/// The new value, or nothing where the old one stays: a reference without an authority, or an
/// authority that is no mapping's internal address.
///
/// Host and port decide; of several mappings the first in the order of the document wins. The
/// scheme becomes `http`, for cloud applications call nothing else.
pub(super) fn rewrite(value: &[u8], subaccount: &Subaccount, own: &Mapping) -> Option<Vec<u8>> {
    let url = Url::parse(value, own.protocol)?;
    let found = subaccount
        .mappings()
        .iter()
        .find(|mapping| url.leads_to(mapping))?;
    let address = &found.virtual_address;
    let scheme = if url.has_scheme { "http:" } else { "" };
    let mut new = format!("{scheme}//{}", address.host).into_bytes();
    if address.port.get() != DEFAULT_PORTS.1 {
        new.extend_from_slice(format!(":{}", address.port).as_bytes());
    }
    new.extend_from_slice(url.rest);
    Some(new)
}

/// A URL cut at its authority.
struct Url<'a> {
    has_scheme: bool,
    host: &'a str,
    /// As an IPv6 address is kept, where it is one.
    ipv6: Option<InternalHost>,
    port: u16,
    rest: &'a [u8],
}

impl<'a> Url<'a> {
    /// `own` is what the back end itself was called by, for a reference without a scheme.
    fn parse(value: &'a [u8], own: Protocol) -> Option<Self> {
        let has_scheme = !value.starts_with(b"//");
        let (tls, value) = if let Some(rest) = strip(value, "http://") {
            (false, rest)
        } else if let Some(rest) = strip(value, "https://") {
            (true, rest)
        } else {
            (own == Protocol::Https, strip(value, "//")?)
        };
        let end = value
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
            .unwrap_or(value.len());
        let (authority, rest) = value.split_at(end);
        let authority = std::str::from_utf8(authority).ok()?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(_) => authority.split_at(authority.find(']')? + 1),
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let ipv6 = match host.starts_with('[') {
            true => Some(host.parse().ok()?),
            false => None,
        };
        let default = if tls {
            DEFAULT_PORTS.0
        } else {
            DEFAULT_PORTS.1
        };
        Some(Self {
            has_scheme,
            host,
            ipv6,
            port: match port {
                "" | ":" => default,
                port => port.strip_prefix(':')?.parse().ok()?,
            },
            rest,
        })
    }

    fn leads_to(&self, mapping: &MappingPart) -> bool {
        let address = &mapping.internal_address;
        let same_host = || match &self.ipv6 {
            Some(host) => *host == address.host,
            None => self.host.eq_ignore_ascii_case(address.host.as_str()),
        };
        address.port.get() == self.port
            && mapping.protocol.family() == ProtocolFamily::Http
            && same_host()
    }
}

fn strip<'a>(value: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix.as_bytes())
        .then_some(rest)
}
