//! The token endpoint: `/oauth/token` and `/token_keys`, as a function on whole messages.

mod answer;
mod client;
mod failures;
mod params;
mod requests;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

pub use failures::{FAILURES_MAX, FailureLimit, TRACKED_MAX, WINDOW};
pub use requests::{BURST, CLIENTS_MAX, REFILL, RequestLimit};

use self::answer::Refusal;
use self::client::Credentials;
use self::params::Params;
use crate::directory::{Binding, Directory};
use crate::metrics::TokenOutcome;
use crate::token::Issuer;

/// The largest request body; a token request has a few hundred bytes.
pub const BODY_MAX: usize = 16 * 1024;

const TOKEN_PATH: &str = "/oauth/token";
const KEYS_PATH: &str = "/token_keys";

/// The endpoint. It reads no clock and opens no socket.
#[derive(Debug)]
pub struct TokenEndpoint {
    directory: Directory,
    issuer: Issuer,
    failures: Mutex<FailureLimit>,
    requests: Mutex<RequestLimit>,
}

impl TokenEndpoint {
    /// Serves the bindings of `directory` with tokens of `issuer`.
    pub fn new(directory: Directory, issuer: Issuer) -> Self {
        Self {
            directory,
            issuer,
            failures: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    /// What an answer of [`TokenEndpoint::handle`] counts as.
    pub fn outcome(path: &str, status: StatusCode) -> TokenOutcome {
        match status.as_u16() {
            200 if path == KEYS_PATH => TokenOutcome::Keys,
            ..300 => TokenOutcome::Issued,
            401 => TokenOutcome::Denied,
            429 => TokenOutcome::Limited,
            300..500 => TokenOutcome::Malformed,
            500.. => TokenOutcome::Failed,
        }
    }

    /// Answers one request. The caller has read the body, at most [`BODY_MAX`] of it.
    pub fn handle(&self, request: &Request<Bytes>, remote: IpAddr, now_ms: i64) -> Response<Bytes> {
        let method = request.method();
        match request.uri().path() {
            TOKEN_PATH if method == Method::POST || method == Method::GET => self
                .token(request, remote, now_ms)
                .unwrap_or_else(Refusal::into_response),
            KEYS_PATH if method == Method::GET => {
                answer::json(200, &self.issuer.keys().get().jwks())
            }
            TOKEN_PATH => answer::method_not_allowed("GET, POST"),
            KEYS_PATH => answer::method_not_allowed("GET"),
            _ => answer::not_found(),
        }
    }

    fn token(
        &self,
        request: &Request<Bytes>,
        remote: IpAddr,
        now_ms: i64,
    ) -> Result<Response<Bytes>, Refusal> {
        let params = Params::of(request)?;
        let credentials = Credentials::of(request.headers(), &params)?;
        let index = self.directory.index();
        let binding = index.binding(&credentials.client_id);
        // Clients share addresses and an attacker may name any client, so neither alone is locked
        // out: one binding's failures from one address, and unknown clients of one address.
        let who = (remote, binding.map(|found| found.client_id.clone()));
        if let Some(wait) = self.failures().wait(&who, now_ms) {
            return Err(Refusal::TooManyFailures(wait));
        }
        let Some(binding) = binding.filter(|found| credentials.prove(found)) else {
            self.failures().note(who, now_ms);
            return Err(Refusal::InvalidClient);
        };
        check_zone(request, binding)?;
        match params.get("grant_type")? {
            Some("client_credentials") => {}
            Some(_) => return Err(Refusal::UnsupportedGrantType),
            None => return Err(Refusal::InvalidRequest("grant_type is missing")),
        }
        self.requests()
            .take(&binding.client_id, now_ms)
            .map_err(Refusal::TooManyRequests)?;
        let issued = self
            .issuer
            .issue(binding, now_ms)
            .or(Err(Refusal::Failed))?;
        Ok(answer::token(&issued))
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, RequestLimit> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, FailureLimit> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client may name the tenant it wants a token for; ours serve exactly one.
fn check_zone(request: &Request<Bytes>, binding: &Binding) -> Result<(), Refusal> {
    let own = binding.subaccount.to_string();
    let mut zones = request.headers().get_all("x-zid").iter();
    if zones.all(|zone| zone.as_bytes().eq_ignore_ascii_case(own.as_bytes())) {
        return Ok(());
    }
    Err(Refusal::InvalidRequest(
        "x-zid names another tenant than the client's",
    ))
}
