//! WebSocket inside the tunnel: an ordinary stream whose head says that its bodies are raw bytes.
//!
//! In HTTP/1.1 the request asks with `Upgrade` and the answer 101 agrees (RFC 9110 section 7.8).
//! The tunnel knows neither, so both heads carry [`UPGRADE`] instead: in the request it asks, in an
//! answer (with status 200) it agrees. An answer without it is an ordinary one, the upgrade was
//! refused. Neither edge lets the header in from outside.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};

/// First part of the names of headers that exist inside the tunnel only.
pub const OWN_PREFIX: &str = "underpass-";
/// See the [module](self).
pub const UPGRADE: HeaderName = HeaderName::from_static("underpass-upgrade");
/// The only protocol that is upgraded to, as HTTP/1.1 names it.
pub const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Whether a consumer's HTTP/1.1 request asks to go on as WebSocket. Other upgrades are not offered
/// and a request that asks for them is an ordinary one.
pub fn is_wanted<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    // Most requests end here.
    names(headers, &http::header::UPGRADE, "websocket")
        && names(headers, &CONNECTION, "upgrade")
        && request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && !has_body(headers)
}

/// Whether a back end's answer 101 goes on as WebSocket.
pub fn is_agreed(headers: &HeaderMap) -> bool {
    names(headers, &http::header::UPGRADE, "websocket") && names(headers, &CONNECTION, "upgrade")
}

/// Whether a head inside the tunnel speaks of WebSocket.
pub fn is_marked(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Whether a list of tokens has one, in any case of letters.
fn names(headers: &HeaderMap, list: &HeaderName, token: &str) -> bool {
    headers
        .get_all(list)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(method: Method, version: Version, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_wanted(&request.body(()).unwrap())
    }

    #[test]
    fn only_websocket_over_a_plain_get_is_an_upgrade() {
        let get = |headers: &[(&str, &str)]| asks(Method::GET, Version::HTTP_11, headers);
        let (upgrade, websocket) = (("connection", "Upgrade"), ("upgrade", "WebSocket"));
        assert!(get(&[upgrade, websocket]));
        assert!(get(&[("connection", "keep-alive, upgrade"), websocket]));
        assert!(get(&[upgrade, ("upgrade", "h2c, websocket")]));
        assert!(get(&[upgrade, websocket, ("content-length", "0")]));

        assert!(!get(&[]));
        assert!(!get(&[websocket]));
        assert!(!get(&[upgrade]));
        assert!(!get(&[upgrade, ("upgrade", "h2c")]));
        assert!(!get(&[upgrade, ("upgrade", "websocket/13")]));
        assert!(!get(&[upgrade, websocket, ("content-length", "5")]));
        assert!(!get(&[
            upgrade,
            websocket,
            ("transfer-encoding", "chunked")
        ]));
        assert!(!asks(Method::POST, Version::HTTP_11, &[upgrade, websocket]));
        assert!(!asks(Method::GET, Version::HTTP_10, &[upgrade, websocket]));
    }
}
