//! The gateway's own answers, with the texts that existing clients look for.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, PROXY_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use underpass_runtime::tunnel::{Inbound, StreamError};
use underpass_shared::head::TooLong;
use underpass_shared::id::TunnelKey;
use underpass_shared::raw::RawRule;

use crate::metrics::RequestOutcome;

/// The body of an answer to a consumer.
pub(super) enum AnswerBody {
    /// Our own text.
    Text(Full<Bytes>),
    /// The back end's, through the tunnel.
    Tunnel(Inbound),
    /// The same after it broke off; told once what came before has gone out.
    Broken(StreamError),
}

/// An answer to a consumer.
pub(super) type Answer = Response<AnswerBody>;

/// Why the gateway answers itself.
pub(crate) enum Refusal {
    /// CONNECT, which a consumer sends for an `https` URL.
    Connect,
    /// The request breaks a rule.
    Bad(&'static str),
    /// The request's raw bytes break a rule.
    Raw(RawRule),
    /// The request's head is too long.
    TooLong(TooLong),
    /// WebSocket through an agent that is too old for it.
    Upgrade,
    /// No valid token.
    Unauthorised,
    /// No agent serves this subaccount and location.
    NoTunnel(TunnelKey),
    /// All tunnels are full.
    Crowded,
    /// The tunnel ended before the answer.
    Lost,
}

impl Refusal {
    /// For the log, without anything that the consumer sent.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Connect => "CONNECT is not supported".to_owned(),
            Self::Bad(rule) => (*rule).to_owned(),
            Self::Raw(rule) => rule.to_string(),
            Self::TooLong(limit) => limit.to_string(),
            Self::Upgrade => "the agent is too old for WebSocket".to_owned(),
            Self::Unauthorised => "no valid token".to_owned(),
            Self::NoTunnel(key) => format!(
                "no agent serves subaccount {} with location ID \"{}\"",
                key.subaccount, key.location
            ),
            Self::Crowded => "all tunnels are full".to_owned(),
            Self::Lost => "the request or its tunnel was broken off before the answer".to_owned(),
        }
    }

    /// What it counts as.
    pub(super) fn outcome(&self) -> RequestOutcome {
        match self {
            Self::Connect => RequestOutcome::Connect,
            Self::Bad(_) | Self::Raw(_) => RequestOutcome::Malformed,
            Self::TooLong(_) => RequestOutcome::TooLong,
            Self::Upgrade => RequestOutcome::Upgrade,
            Self::Unauthorised => RequestOutcome::Unauthorised,
            Self::NoTunnel(_) => RequestOutcome::NoTunnel,
            Self::Crowded => RequestOutcome::Crowded,
            Self::Lost => RequestOutcome::Lost,
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let (status, text) = match &refusal {
            Refusal::Connect => (
                StatusCode::METHOD_NOT_ALLOWED,
                "HTTPS proxying is not supported".to_owned(),
            ),
            Refusal::Bad(rule) => (StatusCode::BAD_REQUEST, (*rule).to_owned()),
            Refusal::Raw(rule) => (raw_status(*rule), rule.to_string()),
            Refusal::TooLong(limit @ TooLong::RequestLine) => {
                (StatusCode::URI_TOO_LONG, limit.to_string())
            }
            Refusal::TooLong(limit @ (TooLong::Header(..) | TooLong::Head)) => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                limit.to_string(),
            ),
            Refusal::Upgrade => (
                StatusCode::NOT_IMPLEMENTED,
                "The agent's version forwards no WebSocket; update it".to_owned(),
            ),
            Refusal::Unauthorised => (
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                "Proxy-Authorization is missing, invalid or expired".to_owned(),
            ),
            Refusal::NoTunnel(key) => (StatusCode::SERVICE_UNAVAILABLE, no_tunnel(key)),
            Refusal::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "All tunnels to the agent are full; try again".to_owned(),
            ),
            Refusal::Lost => (
                StatusCode::BAD_GATEWAY,
                "The tunnel to the agent was lost before the answer".to_owned(),
            ),
        };
        let mut answer = Self::new(AnswerBody::Text(Full::new(text.into())));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(CONTENT_TYPE, plain);
        match refusal {
            // Who sends such a request may not mean the next bytes as we would read them.
            Refusal::Connect | Refusal::Bad(_) | Refusal::Raw(_) | Refusal::TooLong(_) => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Refusal::Unauthorised => {
                headers.insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Refusal::Upgrade | Refusal::NoTunnel(_) | Refusal::Crowded | Refusal::Lost => {}
        }
        answer
    }
}

fn raw_status(rule: RawRule) -> StatusCode {
    match rule {
        RawRule::Coding => StatusCode::NOT_IMPLEMENTED,
        RawRule::TooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        RawRule::LineEnd
        | RawRule::RequestLine
        | RawRule::Fragment
        | RawRule::Fold
        | RawRule::Header
        | RawRule::Length
        | RawRule::LengthTwice
        | RawRule::LengthAndCoding
        | RawRule::Body => StatusCode::BAD_REQUEST,
    }
}

impl AnswerBody {
    /// No body.
    pub(super) fn empty() -> Self {
        Self::Text(Full::default())
    }
}

/// Existing clients match both sentences.
fn no_tunnel(key: &TunnelKey) -> String {
    format!(
        "There is no SAP Cloud Connector (SCC) connected to your subaccount matching the requested \
         tunnel for subaccount \"{}\" and SCC location ID \"{}\". \
         No tunnels subscribed for tunnelId account:///{}{}{}",
        key.subaccount,
        key.location,
        key.subaccount,
        if key.location.as_str().is_empty() {
            ""
        } else {
            "/"
        },
        key.location,
    )
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let this = self.get_mut();
        match this {
            Self::Text(text) => Pin::new(text)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Tunnel(inbound) => match Pin::new(inbound).poll_frame(cx) {
                // The server writes nothing more after an error, not even what it holds already;
                // a pause lets it.
                Poll::Ready(Some(Err(error))) => {
                    *this = Self::Broken(error);
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                frame @ (Poll::Ready(_) | Poll::Pending) => frame,
            },
            Self::Broken(error) => Poll::Ready(Some(Err(error.clone()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.is_end_stream(),
            Self::Tunnel(inbound) => inbound.is_end_stream(),
            Self::Broken(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Text(text) => text.size_hint(),
            // The length is what the header says; without one the body stays chunked.
            Self::Tunnel(_) | Self::Broken(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_that_clients_match_are_there() {
        let key = TunnelKey {
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location: "site-b".parse().unwrap(),
        };
        let text = no_tunnel(&key);
        assert!(
            text.contains("There is no SAP Cloud Connector (SCC) connected to your subaccount")
        );
        assert!(text.contains("No tunnels subscribed for tunnelId account:///0190a5a2-6d0e-7cc0-8000-000000000001/site-b"));
    }
}
