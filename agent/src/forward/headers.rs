//! Which headers reach the back end and come back.

use http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};
use underpass_shared::config::HostInHeader;
use underpass_shared::hop;
use underpass_shared::policy::Permit;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Headers that speak of identity, in lower case with `-`; only the agent itself may set them.
const IDENTITY: [&str; 3] = [
    "ssl-client-",
    "sap-connectivity-",
    "x-forwarded-client-cert",
];

/// Prepares a request's headers for the back end.
pub(super) fn for_backend(headers: &mut HeaderMap, permit: &Permit, authority: Option<&Authority>) {
    hop::strip(headers);
    headers.remove(PROXY_AUTHORIZATION);
    let identity: Vec<HeaderName> = headers
        .keys()
        .filter(|name| speaks_of_identity(name.as_str()))
        .cloned()
        .collect();
    for name in identity {
        headers.remove(name);
    }
    let virtual_host =
        authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    match permit.host_header() {
        HostInHeader::Virtual => {
            if let Some(host) = virtual_host {
                headers.insert(HOST, host);
            }
        }
        HostInHeader::Internal => {
            if let Some(host) = virtual_host {
                headers.insert(X_FORWARDED_HOST, host);
            }
            if let Ok(host) = HeaderValue::from_str(&permit.internal().to_string()) {
                headers.insert(HOST, host);
            }
        }
    }
}

/// Prepares a back end's headers for the tunnel.
pub(super) fn for_tunnel(headers: &mut HeaderMap) {
    hop::strip(headers);
    headers.remove(PROXY_AUTHENTICATE);
}

/// Compared without regard to `_` and `-`, which some servers take for the same.
fn speaks_of_identity(name: &str) -> bool {
    IDENTITY.iter().any(|prefix| {
        let same = |(a, b): (u8, u8)| a == b || (a == b'_' && b == b'-');
        name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(same)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_headers_are_known_in_every_spelling() {
        for name in [
            "ssl_client_cert",
            "ssl-client-cert",
            "ssl_client-s-dn",
            "x-forwarded-client-cert",
            "x_forwarded_client_cert",
            "sap-connectivity-authentication",
            "sap_connectivity_scc_location_id",
        ] {
            assert!(speaks_of_identity(name), "{name}");
        }
        for name in [
            "authorization",
            "x-forwarded-for",
            "ssl",
            "x-ssl-client-cert",
        ] {
            assert!(!speaks_of_identity(name), "{name}");
        }
    }
}
