//! What a consumer's request must look like, and what it asks for.

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::uri::Scheme;
use http::{HeaderName, Method, Request, Uri, Version};
use http_body::Body;
use underpass_shared::head;
use underpass_shared::host::host_and_port;
use underpass_shared::id::LocationId;
use underpass_shared::protocol::internal::is_reserved;

use super::answer::Refusal;
use super::headers::single;

const LOCATION: HeaderName = HeaderName::from_static("sap-connectivity-scc-location_id");

/// Checks the form of a request, before and apart from who sent it.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    // First of all: clients send CONNECT without a token and must not wait for nothing.
    if request.method() == Method::CONNECT {
        return Err(Refusal::Connect);
    }
    let uri = request.uri();
    if uri.scheme() != Some(&Scheme::HTTP) {
        return Err(Refusal::Bad(
            "the request target must be an absolute http:// URL, as sent to a proxy",
        ));
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err(Refusal::Bad("the URL must not contain a user or password"));
    }
    let Ok((host, _port)) = host_and_port(authority) else {
        return Err(Refusal::Bad(
            "the URL must name a host, and a port only as a number between 1 and 65535",
        ));
    };
    // By this name the gateway itself speaks to the agent.
    if is_reserved(host) {
        return Err(Refusal::Bad("the URL's host is Underpass's own"));
    }
    let headers = request.headers();
    head::check_request(request.method(), uri, headers).map_err(Refusal::TooLong)?;
    match single(headers, &HOST) {
        Some(host) if same_host(host.as_bytes(), uri) => {}
        Some(_) => return Err(Refusal::Bad("the Host header differs from the URL")),
        None => return Err(Refusal::Bad("exactly one Host header is needed")),
    }
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::Bad(
            "Content-Length and Transfer-Encoding must not come together",
        ));
    }
    Ok(())
}

/// The location ID that the request names; the empty one when it names none.
pub(super) fn location<B>(request: &Request<B>) -> Result<LocationId, Refusal> {
    if !request.headers().contains_key(LOCATION) {
        return Ok(LocationId::default());
    }
    single(request.headers(), &LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .ok_or(Refusal::Bad(
            "SAP-Connectivity-SCC-Location_ID must be one valid location ID",
        ))
}

/// Whether the consumer keeps its body back until it is told to send it (RFC 9110 section 10.1.1).
pub(super) fn waits<B: Body>(request: &Request<B>) -> bool {
    single(request.headers(), &EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
        && request.version() > Version::HTTP_10
        && !request.body().is_end_stream()
}

/// The same host and port, where a missing port is 80.
fn same_host(host: &[u8], uri: &Uri) -> bool {
    let Some(authority) = uri.authority() else {
        return false;
    };
    let target = authority.as_str().as_bytes();
    strip_port(host).eq_ignore_ascii_case(strip_port(target))
}

fn strip_port(host: &[u8]) -> &[u8] {
    host.strip_suffix(b":80").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, uri: &str, hosts: &[&str]) -> Request<()> {
        let mut builder = Request::builder().method(method).uri(uri);
        for host in hosts {
            builder = builder.header(HOST, *host);
        }
        builder.body(()).unwrap()
    }

    #[test]
    fn well_formed_requests_pass() {
        for (uri, host) in [
            ("http://erp:8080/a?b=c", "erp:8080"),
            ("http://ERP/a", "erp:80"),
            ("http://erp:80/a", "erp"),
        ] {
            assert!(
                check(&request(Method::GET, uri, &[host])).is_ok(),
                "{uri} {host}"
            );
        }
    }

    #[test]
    fn connect_is_told_before_anything_else() {
        let refusal = check(&request(Method::CONNECT, "erp:443", &[]));
        assert!(matches!(refusal, Err(Refusal::Connect)));
    }

    #[test]
    fn malformed_requests_are_bad() {
        for (uri, hosts) in [
            ("/a", &["erp"][..]),
            ("https://erp/a", &["erp"]),
            ("http://user@erp/a", &["user@erp"]),
            ("http://erp:/a", &["erp"]),
            ("http://erp:+80/a", &["erp:+80"]),
            ("http://erp:080/a", &["erp:080"]),
            ("http://erp:99999/a", &["erp:99999"]),
            ("http://erp/a", &[]),
            ("http://erp/a", &["erp", "erp"]),
            ("http://erp/a", &["other"]),
            ("http://erp:81/a", &["erp:80"]),
            ("http://underpass.internal/fence", &["underpass.internal"]),
            ("http://Underpass.Internal:80/", &["underpass.internal"]),
            (
                "http://underpass.internal.:81/",
                &["underpass.internal.:81"],
            ),
            ("http://a.underpass.internal/", &["a.underpass.internal"]),
        ] {
            let refusal = check(&request(Method::GET, uri, hosts));
            assert!(matches!(refusal, Err(Refusal::Bad(_))), "{uri} {hosts:?}");
        }
    }
}
