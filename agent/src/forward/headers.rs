//! Which headers reach the back end and come back.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};
use underpass_shared::config::HostInHeader;
use underpass_shared::forged::{is_alike, speaks_of_identity};
use underpass_shared::hop;
use underpass_shared::policy::Permit;
use underpass_shared::protocol::upgrade::{OWN_PREFIX, UPGRADE};

/// Whose certificate a back end takes for the logon, where a proxy before it ends TLS.
const SSL_CLIENT_CERT: HeaderName = HeaderName::from_static("ssl_client_cert");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Prepares a request's headers for the back end.
///
/// A back end that sees its internal host is told the virtual one in `X-Forwarded-Host`, by us
/// alone. One that sees the virtual host gets the consumer's `X-Forwarded-Host` as it is, like
/// every header of the application: it often is itself behind a router whose public name it tells.
pub(super) fn for_backend(headers: &mut HeaderMap, permit: &Permit, authority: Option<&Authority>) {
    let takes_trailers = headers.contains_key(TE) && hop::takes_trailers(headers);
    hop::strip(headers);
    headers.remove(PROXY_AUTHORIZATION);
    let is_ours = permit.host_header() == HostInHeader::Internal;
    let refused: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            speaks_of_identity(name)
                || name.starts_with(OWN_PREFIX)
                || (is_ours && is_alike(name, X_FORWARDED_HOST.as_str()))
        })
        .cloned()
        .collect();
    for name in refused {
        headers.remove(name);
    }
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("TE"));
    }
    no_logon_by_certificate(headers, permit);
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

/// Where the system certificate is not for the logon and there is no user either, an empty header
/// says so: nobody on the way to the back end may then put another certificate into its place.
fn no_logon_by_certificate(headers: &mut HeaderMap, permit: &Permit) {
    let mapping = permit.mapping();
    let mode = mapping.authentication_mode;
    if mapping.protocol.uses_tls() && !mode.offers_system_certificate() {
        headers.insert(SSL_CLIENT_CERT, HeaderValue::from_static(""));
    }
}

/// Prepares a back end's headers for the tunnel.
pub(super) fn for_tunnel(headers: &mut HeaderMap) {
    one_length(headers);
    hop::strip(headers);
    headers.remove(PROXY_AUTHENTICATE);
    headers.remove(UPGRADE);
}

/// Leaves at most one length, and none that a transfer coding overrides (RFC 9112 section 6.3).
/// Lengths that differ are no valid answer and did not come this far.
fn one_length(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        return;
    };
    let first = length.as_bytes().split(|&byte| byte == b',').next();
    if let Some(Ok(first)) = first.map(|first| HeaderValue::from_bytes(first.trim_ascii())) {
        headers.insert(CONTENT_LENGTH, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_length_is_left_where_it_counts() {
        for (lengths, coding, left) in [
            (&["5"][..], None, Some("5")),
            (&["5", "5"], None, Some("5")),
            (&["5, 5"], None, Some("5")),
            (&["5"], Some("chunked"), None),
            (&[], None, None),
        ] {
            let mut headers = HeaderMap::new();
            for length in lengths {
                headers.append(CONTENT_LENGTH, HeaderValue::from_static(length));
            }
            if let Some(coding) = coding {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static(coding));
            }
            for_tunnel(&mut headers);
            let all: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
            assert_eq!(all, left.into_iter().collect::<Vec<_>>(), "{lengths:?}");
        }
    }
}
