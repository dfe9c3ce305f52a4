//! Headers that are meant for one hop only (RFC 9110 section 7.6.1) and end at every proxy.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// Never standardised; HTTP/2 forbids it with the others (RFC 9113 section 8.2.2).
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Names that `Connection` cannot take away: they frame or route the message.
const KEPT: [HeaderName; 3] = [CONTENT_LENGTH, HOST, TRAILER];

/// Removes `Connection`, all that it names, and the headers that are of one hop by definition.
///
/// `Trailer` stays: it tells of the fields behind the body, which pass too.
pub fn strip(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .filter(|name| !KEPT.contains(name))
            .collect();
        headers.remove(CONNECTION);
        for name in named {
            headers.remove(name);
        }
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
}

/// Whether the sender takes trailers behind a body (RFC 9110 section 10.1.4).
pub fn takes_trailers(headers: &HeaderMap) -> bool {
    headers
        .get_all(TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case("trailers"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_named_goes_and_the_rest_stays() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-named",
            "te",
            "transfer-encoding",
            "keep-alive",
            "proxy-connection",
            "x-kept",
            "content-length",
            "trailer",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        headers.append(
            CONNECTION,
            HeaderValue::from_static("close, X-Named, Trailer"),
        );
        headers.append(CONNECTION, HeaderValue::from_static("bad name"));
        headers.append(CONNECTION, HeaderValue::from_static("Content-Length"));
        strip(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "trailer", "x-kept"]);
    }
}
