//! Which headers end at the gateway, in both directions.

use http::header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE};
use http::{HeaderMap, HeaderName, HeaderValue};
use underpass_shared::hop;
use underpass_shared::protocol::upgrade;

/// Prefix of the headers that speak to the gateway itself.
const OWN_PREFIX: &str = "sap-connectivity-";
/// Another header that speaks to the gateway itself.
const OWN: &str = "sap-cp-connectivity-service-token";

/// Removes from a request what is meant for the gateway or for one hop only (RFC 9110 section 7.6.1).
pub(super) fn strip_request(headers: &mut HeaderMap) {
    let takes_trailers = headers.contains_key(TE) && hop::takes_trailers(headers);
    hop::strip(headers);
    if takes_trailers {
        // The one value that the tunnel may carry.
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    headers.remove(HOST);
    headers.remove(PROXY_AUTHORIZATION);
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            name.starts_with(OWN_PREFIX) || name.starts_with(upgrade::OWN_PREFIX) || name == OWN
        })
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
}

/// Removes from a response what is meant for one hop only.
pub(super) fn strip_response(headers: &mut HeaderMap) {
    hop::strip(headers);
    headers.remove(PROXY_AUTHENTICATE);
    headers.remove(upgrade::UPGRADE);
}

/// The one value of a header, if it is there exactly once.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_and_hop_headers_go_and_others_stay() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-named"),
            ("x-named", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "gzip, trailers"),
            ("underpass-upgrade", "websocket"),
            ("underpass-gateway-us", "1"),
            ("upgrade", "h2c"),
            ("host", "a"),
            ("proxy-authorization", "Bearer x"),
            ("proxy-connection", "keep-alive"),
            ("sap-connectivity-scc-location_id", "l"),
            ("sap-connectivity-authentication", "Bearer x"),
            ("sap-cp-connectivity-service-token", "x"),
            ("authorization", "Basic x"),
            ("x-kept", "1"),
        ] {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        strip_request(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "te", "x-kept"]);
        assert_eq!(headers[TE], "trailers");
    }
}
