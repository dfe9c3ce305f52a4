//! The answers, by RFC 6749 sections 5.1 and 5.2.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::token::{Issued, SCOPE};

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Unknown client or wrong secret, not told apart.
    InvalidClient,
    /// The request breaks the rules.
    InvalidRequest(&'static str),
    /// A grant that this endpoint does not know.
    UnsupportedGrantType,
    /// Too many wrong secrets; how long to wait.
    TooManyFailures(Duration),
    /// Too many tokens for this client; how long to wait.
    TooManyRequests(Duration),
    /// Signing failed.
    Failed,
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Bytes> {
        match self {
            Self::InvalidClient => {
                let response = error(401, "invalid_client", "Bad credentials");
                let challenge = HeaderValue::from_static("Basic realm=\"underpass\"");
                with(response, header::WWW_AUTHENTICATE, challenge)
            }
            Self::InvalidRequest(why) => error(400, "invalid_request", why),
            Self::UnsupportedGrantType => error(
                400,
                "unsupported_grant_type",
                "only client_credentials is supported",
            ),
            Self::TooManyFailures(wait) => {
                later("invalid_client", "Too many failed attempts", wait)
            }
            Self::TooManyRequests(wait) => later(
                "too_many_requests",
                "Too many tokens were asked for; keep a token until it expires",
                wait,
            ),
            Self::Failed => error(500, "server_error", "The token could not be signed"),
        }
    }
}

pub(super) fn token(issued: &Issued) -> Response<Bytes> {
    let body = json!({
        "access_token": issued.token.expose(),
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": SCOPE,
        "jti": issued.jti,
    });
    json(200, &body)
}

pub(super) fn method_not_allowed(allow: &'static str) -> Response<Bytes> {
    let response = error(405, "method_not_allowed", "The method is not allowed here");
    with(response, header::ALLOW, HeaderValue::from_static(allow))
}

pub(super) fn not_found() -> Response<Bytes> {
    error(404, "not_found", "There is nothing here")
}

pub(super) fn json(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn error(status: u16, code: &str, description: &str) -> Response<Bytes> {
    json(
        status,
        &json!({"error": code, "error_description": description}),
    )
}

/// 429: the same request may go well after some time.
fn later(code: &str, description: &str, wait: Duration) -> Response<Bytes> {
    let response = error(429, code, description);
    with(response, header::RETRY_AFTER, wait.as_secs().max(1).into())
}

fn with(mut response: Response<Bytes>, name: HeaderName, value: HeaderValue) -> Response<Bytes> {
    response.headers_mut().insert(name, value);
    response
}
