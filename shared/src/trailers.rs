//! Which fields may stand behind a body (RFC 9110 section 6.5).
//!
//! Servers may treat trailers as if they had been headers, so none passes that frames or routes a
//! message, proves or tells who calls, or says how to read the body. What is left is the
//! application's: checksums, signatures, the status of a call.

use http::HeaderMap;
use http::header::{
    AGE, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE, COOKIE, DATE, EXPECT, EXPIRES, FORWARDED, HOST,
    HeaderName, LOCATION, MAX_FORWARDS, ORIGIN, PRAGMA, RANGE, RETRY_AFTER, SET_COOKIE, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE, VARY, WWW_AUTHENTICATE,
};

use crate::forged::speaks_of_identity;
use crate::protocol::upgrade::OWN_PREFIX;

/// Names of HTTP itself that are no trailers.
const REFUSED: [HeaderName; 28] = [
    AGE,
    AUTHORIZATION,
    CACHE_CONTROL,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_LOCATION,
    CONTENT_RANGE,
    CONTENT_TYPE,
    COOKIE,
    DATE,
    EXPECT,
    EXPIRES,
    FORWARDED,
    HOST,
    LOCATION,
    MAX_FORWARDS,
    ORIGIN,
    PRAGMA,
    RANGE,
    RETRY_AFTER,
    SET_COOKIE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    VARY,
    WWW_AUTHENTICATE,
];

/// Families of names that are no trailers: conditions, of one hop, of proxies.
const REFUSED_PREFIXES: [&str; 6] = [
    "if-",
    "keep-alive",
    "proxy-",
    "x-forwarded-",
    "x-http-method",
    OWN_PREFIX,
];

/// Removes what must not stand behind a body.
pub fn strip(trailers: &mut HeaderMap) {
    let refused: Vec<HeaderName> = trailers
        .keys()
        .filter(|name| !is_allowed(name))
        .cloned()
        .collect();
    for name in refused {
        trailers.remove(name);
    }
}

fn is_allowed(name: &HeaderName) -> bool {
    let text = name.as_str();
    !(REFUSED.contains(name)
        || REFUSED_PREFIXES
            .iter()
            .any(|prefix| text.starts_with(prefix))
        || speaks_of_identity(text))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_the_applications_stays_in_order() {
        let mut trailers = HeaderMap::new();
        for (name, value) in [
            ("x-checksum", "1"),
            ("grpc-status", "0"),
            ("x-checksum", "2"),
            ("etag", "\"a\""),
            ("digest", "sha-256=x"),
        ] {
            trailers.append(name, HeaderValue::from_static(value));
        }
        let before = trailers.clone();
        strip(&mut trailers);
        assert_eq!(trailers, before);
    }

    #[test]
    fn framing_routing_and_identity_go() {
        for name in [
            "content-length",
            "transfer-encoding",
            "trailer",
            "host",
            "authorization",
            "cookie",
            "set-cookie",
            "content-type",
            "content-encoding",
            "connection",
            "keep-alive",
            "proxy-authorization",
            "proxy-connection",
            "x-forwarded-host",
            "if-match",
            "location",
            "ssl_client_cert",
            "sap-connectivity-authentication",
            "underpass-upgrade",
        ] {
            let mut trailers = HeaderMap::new();
            trailers.insert(name, HeaderValue::from_static("1"));
            strip(&mut trailers);
            assert!(trailers.is_empty(), "{name}");
        }
    }
}
