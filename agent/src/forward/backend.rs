//! One exchange with an internal system.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tls::TlsFailure;
use underpass_shared::config::{Subaccount, SubaccountKey};
use underpass_shared::diagnosis::Kind;
use underpass_shared::head::{self, HEADERS_MAX, READ_MAX};
use underpass_shared::host::VirtualAddress;
use underpass_shared::policy::Permit;
use underpass_shared::rewrite;

use super::access::asked_for;
use super::answer::Answer;
use super::dial::{DialError, System, dial};
use super::guard::Guard;
use super::headers;
use super::pool::{Connection, Lease, Pool, Purpose};
use super::tls::Rules;
use super::upgrade;
use super::upload::{Moved, Upload};
use crate::diagnosis::Diagnoses;
use crate::measure::{Active, Flow};

/// How long connecting may take, name resolution included.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long the first byte of an answer may take after the last of the body.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(120);

/// Why an internal system was not connected.
#[derive(Debug, Error)]
enum ConnectError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("TLS did not start")]
    Tls(#[source] std::io::Error),
    #[error("no HTTP connection")]
    Http(#[source] hyper::Error),
    #[error("connecting took longer than 10 s")]
    Timeout,
}

impl ConnectError {
    /// Why TLS did not start, if it was that.
    fn tls_failure(&self) -> Option<TlsFailure> {
        match self {
            Self::Tls(error) => Some(TlsFailure::of(error)),
            Self::Dial(_) | Self::Http(_) | Self::Timeout => None,
        }
    }

    const fn diagnosis(&self) -> Kind {
        match self {
            Self::Dial(DialError::Resolve(_)) => Kind::BackendName,
            Self::Dial(DialError::Guard(..)) => Kind::BackendGuarded,
            Self::Dial(DialError::Connect(_)) | Self::Http(_) => Kind::BackendRefuses,
            Self::Tls(_) => Kind::BackendTls,
            Self::Timeout => Kind::BackendSlow,
        }
    }
}

/// An internal system that a permit leads to.
pub(super) struct Backend<'a> {
    pub(super) permit: Permit,
    /// Whose mapping allowed it.
    pub(super) subaccount: &'a Subaccount,
    pub(super) diagnoses: &'a Diagnoses,
    /// The virtual host and port that were asked for, as our own answers name them.
    pub(super) authority: Option<Authority>,
    pub(super) pool: &'a Arc<Pool>,
    pub(super) guard: Guard<'a>,
    /// The rules of TLS, where the mapping wants TLS.
    pub(super) tls: Option<Rules>,
    /// Told what passes and when.
    pub(super) flow: Arc<Flow>,
    /// [`ANSWER_TIME`], but in tests.
    pub(super) answer_time: Duration,
}

impl Backend<'_> {
    /// Sends the request and waits for the head of the answer; bodies stream.
    ///
    /// No `async fn`: its future would hold the request twice, and is copied for every request.
    pub(super) fn exchange(
        &self,
        request: Request<Upload>,
    ) -> impl Future<Output = Result<(Response<Incoming>, Lease), Answer>> {
        let mut request = self.prepare(request);
        let moved = request.body().moved();
        async move {
            // An idle connection may have ended a moment ago; it then gives the request back unsent.
            while let Some(mut lease) = self.take() {
                self.flow.asked();
                let sending = pin!(lease.connection.sender.try_send_request(request));
                match answered(sending, moved.as_ref(), self.answer_time).await {
                    Some(Ok(response)) => return Ok((self.cleaned(response)?, lease)),
                    Some(Err(mut failed)) => match failed.take_message() {
                        Some(unsent) => request = unsent,
                        None => return Err(self.no_answer(&failed.into_error())),
                    },
                    None => return Err(self.too_slow()),
                }
            }
            Box::pin(self.exchange_anew(request, moved)).await
        }
    }

    /// The same on a connection of its own.
    async fn exchange_anew(
        &self,
        request: Request<Upload>,
        moved: Option<Moved>,
    ) -> Result<(Response<Incoming>, Lease), Answer> {
        let mut lease = self.connect(Use::Requests).await?;
        self.flow.asked();
        let sending = pin!(lease.connection.sender.send_request(request));
        match answered(sending, moved.as_ref(), self.answer_time).await {
            Some(Ok(response)) => Ok((self.cleaned(response)?, lease)),
            Some(Err(error)) => Err(self.no_answer(&error)),
            None => Err(self.too_slow()),
        }
    }

    fn take(&self) -> Option<Lease> {
        self.pool.take(self.purpose(), self.guard, &self.flow)
    }

    /// The same for a request that asks for WebSocket, on a connection that serves no other. It
    /// counts as in use while the second value is there.
    pub(super) async fn exchange_alone(
        &self,
        request: Request<Upload>,
    ) -> Result<(Response<Incoming>, Option<Active>), Answer> {
        let mut request = self.prepare(request);
        upgrade::ask(request.headers_mut());
        let mut lease = self.connect(Use::Upgrade).await?;
        self.flow.asked();
        let sending = pin!(lease.connection.sender.send_request(request));
        let response = match answered(sending, None, self.answer_time).await {
            Some(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                self.flow.answered();
                upgrade::agreed(response).ok_or_else(|| self.garbage())?
            }
            Some(Ok(response)) => self.cleaned(response)?,
            Some(Err(error)) => return Err(self.no_answer(&error)),
            None => return Err(self.too_slow()),
        };
        Ok((response, lease.into_active()))
    }

    /// The same request in origin form, with the very bytes of path and query that were matched,
    /// and framed as the consumer framed it.
    fn prepare(&self, request: Request<Upload>) -> Request<Upload> {
        let (mut head, mut body) = request.into_parts();
        let target = std::mem::take(&mut head.uri).into_parts();
        headers::for_backend(&mut head.headers, &self.permit, target.authority.as_ref());
        body.count_in(&self.flow);
        head.uri = target.path_and_query.map_or_else(Uri::default, Uri::from);
        head.version = Version::HTTP_11;
        if !head.headers.contains_key(CONTENT_LENGTH) {
            if !body.is_end_stream() {
                let chunked = HeaderValue::from_static("chunked");
                head.headers.insert(TRANSFER_ENCODING, chunked);
            } else if [Method::POST, Method::PUT, Method::PATCH].contains(&head.method) {
                // An empty chunked body; some servers refuse such a method without a length.
                head.headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
            }
        }
        Request::from_parts(head, body)
    }

    async fn connect(&self, purpose: Use) -> Result<Lease, Answer> {
        let begun = clock::monotonic();
        let connected = self.try_connect(purpose).await;
        self.flow.opened(clock::monotonic().saturating_sub(begun));
        match connected {
            Ok(lease) => {
                let (key, address) = self.mapping();
                self.diagnoses.backend_connected(key, address);
                Ok(lease)
            }
            Err(error) => {
                let (failure, diagnosis) = (error.tls_failure(), error.diagnosis());
                let error = anyhow::Error::from(error);
                let error = format!("{error:#}");
                tracing::info!(address = %self.permit.internal(), error, "back end not reached");
                self.diagnose(diagnosis, &error);
                Err(self.answer(|host, port| match failure {
                    Some(reason) => Answer::NotBelieved { host, port, reason },
                    None => Answer::NotReached { host, port },
                }))
            }
        }
    }

    async fn try_connect(&self, purpose: Use) -> Result<Lease, ConnectError> {
        let address = self.permit.internal();
        let connecting = async {
            let (stream, peer) = dial(&System, address, self.guard, CONNECT_TIME).await?;
            let sender = match &self.tls {
                None => self.http(stream, purpose).await?,
                Some(rules) => {
                    let connected = rules.tls.connect(address.host.as_str(), stream).await;
                    let stream = connected.map_err(ConnectError::Tls)?;
                    self.http(stream, purpose).await?
                }
            };
            let connection = Connection::new(sender, peer);
            Ok(self.pool.lease(self.purpose(), connection, &self.flow))
        };
        timeout(CONNECT_TIME, connecting)
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }

    /// Starts HTTP on a connected stream.
    async fn http<S>(&self, stream: S, purpose: Use) -> Result<SendRequest<Upload>, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(READ_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(ConnectError::Http)?;
        self.pool.tasks().spawn("backend", async move {
            let ended = match purpose {
                Use::Requests => connection.await,
                Use::Upgrade => connection.with_upgrades().await,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "back end connection ended");
            }
        });
        Ok(sender)
    }

    fn purpose(&self) -> Purpose {
        Purpose {
            mapping: self.permit.mapping().hash(),
            rules: self.tls.as_ref().map(|rules| rules.generation),
        }
    }

    fn cleaned(&self, mut response: Response<Incoming>) -> Result<Response<Incoming>, Answer> {
        self.flow.answered();
        // Nobody asked to switch.
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.garbage());
        }
        if head::check_response(response.headers()).is_err() {
            return Err(self.head_too_long());
        }
        let headers = response.headers_mut();
        headers::for_tunnel(headers);
        rewrite::response(headers, self.subaccount, self.permit.mapping());
        Ok(response)
    }

    /// What a failed exchange is answered with.
    pub(super) fn no_answer(&self, error: &hyper::Error) -> Answer {
        let (host, port) = self.asked();
        tracing::info!(host, port, %error, "back end gave no answer");
        if error.is_parse_too_large() {
            self.head_too_long()
        } else if error.is_parse() {
            self.garbage()
        } else {
            self.answer(|host, port| Answer::BrokenOff { host, port })
        }
    }

    fn head_too_long(&self) -> Answer {
        let (host, port) = self.asked();
        tracing::info!(host, port, "back end's head is too long");
        self.answer(|host, port| Answer::HeadTooLong { host, port })
    }

    fn garbage(&self) -> Answer {
        self.answer(|host, port| Answer::Garbage { host, port })
    }

    fn too_slow(&self) -> Answer {
        self.diagnose(Kind::BackendSlow, "no answer in time");
        self.answer(|host, port| Answer::TooSlow { host, port })
    }

    /// What all diagnoses of this back end are of.
    fn mapping(&self) -> (&SubaccountKey, &VirtualAddress) {
        let mapping = self.permit.mapping();
        (self.subaccount.key(), &mapping.virtual_address)
    }

    fn diagnose(&self, kind: Kind, message: &str) {
        let (key, address) = self.mapping();
        self.diagnoses.backend_failed(kind, key, address, message);
    }

    /// The virtual host and port that were asked for.
    fn asked(&self) -> (&str, u16) {
        asked_for(self.authority.as_ref())
    }

    fn answer(&self, make: impl FnOnce(String, u16) -> Answer) -> Answer {
        let (host, port) = self.asked();
        make(host.to_owned(), port)
    }
}

/// What an exchange comes to, or nothing when the back end is too slow: it has `time` from when it
/// last took something of the body, and at most twice as much.
async fn answered<F: Future>(
    mut exchange: Pin<&mut F>,
    moved: Option<&Moved>,
    time: Duration,
) -> Option<F::Output> {
    loop {
        match timeout(time, &mut exchange).await {
            Ok(output) => return Some(output),
            Err(_elapsed) if moved.is_some_and(Moved::take) => {}
            Err(_elapsed) => return None,
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy)]
enum Use {
    Requests,
    Upgrade,
}

#[cfg(test)]
mod tests;
