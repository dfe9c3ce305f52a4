//! One exchange with an internal system.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use underpass_runtime::tls::TlsFailure;
use underpass_runtime::tunnel::Inbound;
use underpass_shared::head::{self, HEADERS_MAX, READ_MAX};
use underpass_shared::policy::Permit;
use underpass_shared::policy::target::TargetRule;

use super::answer::Answer;
use super::dial::{DialError, System, dial};
use super::headers;
use super::pool::{Connection, Lease, Pool, Purpose};
use super::tls::Rules;

/// How long connecting may take, name resolution included.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long the first byte of an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(120);

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
}

/// An internal system that a permit leads to.
pub(super) struct Backend<'a> {
    pub(super) permit: Permit,
    pub(super) pool: &'a Arc<Pool>,
    pub(super) allowed: &'a [TargetRule],
    /// The rules of TLS, where the mapping wants TLS.
    pub(super) tls: Option<Rules>,
}

impl Backend<'_> {
    /// Sends the request and waits for the head of the answer; bodies stream.
    pub(super) async fn exchange(
        self,
        request: Request<Inbound>,
    ) -> Result<(Response<Incoming>, Lease), Answer> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let port = request.uri().port_u16().unwrap_or(80);
        let mut request = self.prepare(request);
        // An idle connection may have ended a moment ago; it then gives the request back unsent.
        while let Some(mut lease) = self.pool.take(self.purpose(), self.allowed) {
            let sending = lease.connection.sender.try_send_request(request);
            match timeout(ANSWER_TIME, sending).await {
                Ok(Ok(response)) => return Ok((cleaned(response, host, port)?, lease)),
                Ok(Err(mut failed)) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(no_answer(host, port, &failed.into_error())),
                },
                Err(_elapsed) => return Err(Answer::TooSlow { host, port }),
            }
        }
        let mut lease = match self.connect().await {
            Ok(lease) => lease,
            Err(error) => {
                let failure = error.tls_failure();
                let error = anyhow::Error::from(error);
                tracing::info!(address = %self.permit.internal(), error = format!("{error:#}"), "back end not reached");
                return Err(match failure {
                    Some(reason) => Answer::NotBelieved { host, port, reason },
                    None => Answer::NotReached { host, port },
                });
            }
        };
        match timeout(ANSWER_TIME, lease.connection.sender.send_request(request)).await {
            Ok(Ok(response)) => Ok((cleaned(response, host, port)?, lease)),
            Ok(Err(error)) => Err(no_answer(host, port, &error)),
            Err(_elapsed) => Err(Answer::TooSlow { host, port }),
        }
    }

    /// The same request in origin form, with the very bytes of path and query that were matched.
    fn prepare(&self, request: Request<Inbound>) -> Request<Inbound> {
        let (mut head, body) = request.into_parts();
        let target = std::mem::take(&mut head.uri).into_parts();
        headers::for_backend(&mut head.headers, &self.permit, target.authority.as_ref());
        head.uri = target.path_and_query.map_or_else(Uri::default, Uri::from);
        head.version = Version::HTTP_11;
        Request::from_parts(head, body)
    }

    async fn connect(&self) -> Result<Lease, ConnectError> {
        let address = self.permit.internal();
        let connecting = async {
            let (stream, peer) = dial(&System, address, self.allowed).await?;
            let sender = match &self.tls {
                None => self.http(stream).await?,
                Some(rules) => {
                    let connected = rules.tls.connect(address.host.as_str(), stream).await;
                    self.http(connected.map_err(ConnectError::Tls)?).await?
                }
            };
            let connection = Connection::new(sender, peer);
            Ok(self.pool.lease(self.purpose(), connection))
        };
        timeout(CONNECT_TIME, connecting)
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }

    /// Starts HTTP on a connected stream.
    async fn http<S>(&self, stream: S) -> Result<SendRequest<Inbound>, ConnectError>
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
            if let Err(error) = connection.await {
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
}

fn cleaned(
    mut response: Response<Incoming>,
    host: String,
    port: u16,
) -> Result<Response<Incoming>, Answer> {
    if head::check_response(response.headers()).is_err() {
        tracing::info!(host, port, "back end's head is too long");
        return Err(Answer::HeadTooLong { host, port });
    }
    headers::for_tunnel(response.headers_mut());
    Ok(response)
}

fn no_answer(host: String, port: u16, error: &hyper::Error) -> Answer {
    tracing::info!(host, port, %error, "back end gave no answer");
    Answer::BrokenOff { host, port }
}
