//! How long the head of an HTTP/1.1 message may be. One table, for both edges.

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, Uri};
use thiserror::Error;

/// Longest request line, in bytes, and longest line of an ordinary header.
pub const LINE_MAX: usize = 8 * 1024;

/// Longest line of a header that carries a token, in bytes; a JWT with many scopes is longer than
/// an ordinary line.
pub const TOKEN_LINE_MAX: usize = 16 * 1024;

/// Largest head of a message, all lines together, in bytes.
pub const HEAD_MAX: usize = 64 * 1024;

/// Most header lines of a message.
pub const HEADERS_MAX: usize = 100;

/// Bytes that an edge reads at a time; a larger piece costs less per byte. The parser takes this for
/// the limit of a head too, so [`check_request`] and [`check_response`] look at what it took.
pub const READ_MAX: usize = 256 * 1024;

/// Bytes of a line beside what is counted: method, version, separators and line end.
const LINE_EXTRA: usize = 4;

/// Headers that carry a token, beside those of HTTP itself.
const TOKEN_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("sap-connectivity-authentication"),
    HeaderName::from_static("sap-connectivity-technical-authentication"),
    HeaderName::from_static("sap-cp-connectivity-service-token"),
];

/// A head that is too long, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TooLong {
    /// The request line (RFC 9110 section 15.5.15: 414).
    #[error("the request line is longer than {LINE_MAX} bytes")]
    RequestLine,
    /// One header (RFC 6585 section 5: 431).
    #[error("the header {0} is longer than {1} bytes")]
    Header(HeaderName, usize),
    /// All headers together (431).
    #[error("the head is longer than {HEAD_MAX} bytes")]
    Head,
}

/// Checks a request's line, each header and their sum.
///
/// # Errors
/// The first limit that is broken.
pub fn check_request(
    method: &http::Method,
    target: &Uri,
    headers: &HeaderMap,
) -> Result<(), TooLong> {
    let line = method.as_str().len() + target_len(target) + " HTTP/1.1 ".len();
    if line > LINE_MAX {
        return Err(TooLong::RequestLine);
    }
    let mut sum = line;
    for (name, value) in headers {
        let length = name.as_str().len() + value.len() + LINE_EXTRA;
        if length > LINE_MAX {
            let limit = line_limit(name);
            if length > limit {
                return Err(TooLong::Header(name.clone(), limit));
            }
        }
        sum += length;
    }
    within_head(sum)
}

/// Checks the sum of a response's headers.
///
/// # Errors
/// When the head is too long.
pub fn check_response(headers: &HeaderMap) -> Result<(), TooLong> {
    within_head(
        headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + LINE_EXTRA)
            .sum(),
    )
}

fn within_head(sum: usize) -> Result<(), TooLong> {
    if sum > HEAD_MAX {
        return Err(TooLong::Head);
    }
    Ok(())
}

fn line_limit(name: &HeaderName) -> usize {
    if [AUTHORIZATION, PROXY_AUTHORIZATION].contains(name) || TOKEN_HEADERS.contains(name) {
        TOKEN_LINE_MAX
    } else {
        LINE_MAX
    }
}

fn target_len(target: &Uri) -> usize {
    let scheme = target
        .scheme_str()
        .map_or(0, |scheme| scheme.len() + "://".len());
    let authority = target
        .authority()
        .map_or(0, |authority| authority.as_str().len());
    let path = target
        .path_and_query()
        .map_or(0, |path_and_query| path_and_query.as_str().len());
    scheme + authority + path
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Method};

    use super::*;

    fn with(name: &'static str, length: usize) -> HeaderMap {
        let value = "x".repeat(length - name.len() - LINE_EXTRA);
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&value).unwrap();
        headers.insert(HeaderName::from_static(name), value);
        headers
    }

    fn request(target: &str, headers: &HeaderMap) -> Option<TooLong> {
        check_request(&Method::GET, &target.parse().unwrap(), headers).err()
    }

    #[test]
    fn the_request_line_has_its_limit() {
        let fixed = "GET http://erp/ HTTP/1.1 ".len() - 1;
        let target = |length: usize| format!("http://erp/{}", "a".repeat(length - fixed));
        let none = HeaderMap::new();
        assert_eq!(request(&target(LINE_MAX), &none), None);
        assert_eq!(
            request(&target(LINE_MAX + 1), &none),
            Some(TooLong::RequestLine)
        );
    }

    #[test]
    fn lines_with_tokens_may_be_longer() {
        for (name, limit) in [
            ("x-any", LINE_MAX),
            ("cookie", LINE_MAX),
            ("authorization", TOKEN_LINE_MAX),
            ("proxy-authorization", TOKEN_LINE_MAX),
            ("sap-connectivity-authentication", TOKEN_LINE_MAX),
        ] {
            assert_eq!(request("http://erp/", &with(name, limit)), None, "{name}");
            assert_eq!(
                request("http://erp/", &with(name, limit + 1)),
                Some(TooLong::Header(HeaderName::from_static(name), limit)),
            );
        }
    }

    #[test]
    fn many_lines_together_have_a_limit() {
        let mut headers = HeaderMap::new();
        for _ in 0..7 {
            headers.append("x-any", HeaderValue::from_str(&"x".repeat(8_000)).unwrap());
        }
        assert_eq!(request("http://erp/", &headers), None);
        assert_eq!(check_response(&headers), Ok(()));
        headers.append("x-any", HeaderValue::from_str(&"x".repeat(8_100)).unwrap());
        headers.append("x-any", HeaderValue::from_str(&"x".repeat(4_000)).unwrap());
        assert_eq!(request("http://erp/", &headers), Some(TooLong::Head));
        assert_eq!(check_response(&headers), Err(TooLong::Head));
    }
}
