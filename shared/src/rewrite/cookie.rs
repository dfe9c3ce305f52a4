//! `Set-Cookie`: the internal domain of a cookie becomes a virtual one (RFC 6265 section 4.1).

use crate::config::{DomainMappings, Mapping};

/// The new value, or nothing where the old one stays: a cookie without a domain, or with one that
/// neither the domain mappings nor the mapping itself know.
///
/// Domains are compared whole and without regard to ASCII case; a dot before one stays.
pub(super) fn rewrite(value: &[u8], domains: &DomainMappings, own: &Mapping) -> Option<Vec<u8>> {
    let mut new = Vec::new();
    let mut copied = 0;
    for (start, end) in attributes(value) {
        let Some(domain) = value.get(start..end).and_then(domain) else {
            continue;
        };
        let internal = domain.strip_prefix(b".").unwrap_or(domain);
        let Some(found) = virtual_domain(internal, domains, own) else {
            continue;
        };
        let (from, to) = (
            end - trailing_space(value.get(start..end)?) - internal.len(),
            end,
        );
        new.extend_from_slice(value.get(copied..from)?);
        new.extend_from_slice(found.as_bytes());
        copied = to;
    }
    if copied == 0 {
        return None;
    }
    new.extend_from_slice(value.get(copied..)?);
    Some(new)
}

fn virtual_domain<'a>(
    internal: &[u8],
    domains: &'a DomainMappings,
    own: &'a Mapping,
) -> Option<&'a str> {
    if let Some(found) = domains.virtual_domain(internal) {
        return Some(found.as_str());
    }
    let (from, to) = (&own.internal_address.host, &own.virtual_address.host);
    internal
        .eq_ignore_ascii_case(from.as_str().as_bytes())
        .then(|| to.as_str())
}

/// Where each attribute stands, without its semicolons; the first part is the cookie itself.
fn attributes(value: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    let parts = value.split(|&byte| byte == b';').map(move |part| {
        let place = (start, start + part.len());
        start = place.1 + 1;
        place
    });
    parts.skip(1)
}

/// The value of an attribute `Domain`.
fn domain(attribute: &[u8]) -> Option<&[u8]> {
    let equals = attribute.iter().position(|&byte| byte == b'=')?;
    let (name, value) = attribute.split_at(equals);
    let value = value.get(1..)?.trim_ascii();
    (name.trim_ascii().eq_ignore_ascii_case(b"domain") && !value.is_empty()).then_some(value)
}

fn trailing_space(attribute: &[u8]) -> usize {
    attribute.len() - attribute.trim_ascii_end().len()
}
