//! WebSocket: a connection of its own to the back end, then raw bytes both ways.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use underpass_runtime::net;
use underpass_runtime::tunnel::{Inbound, Responder, StreamError};
use underpass_shared::protocol::upgrade::{self, UPGRADE, WEBSOCKET};

use super::SubaccountForward;
use super::answer::Answer;
use super::headers;
use super::upload::Upload;
use crate::measure::{Active, CountedIo, Measured};
use crate::trace::Tap;

impl SubaccountForward {
    /// Answers a request that asks for WebSocket. What the back end answers instead of 101 passes
    /// as an ordinary answer.
    pub(super) async fn upgrade(
        &self,
        request: Request<Inbound>,
        mut responder: Responder,
        mut measured: Measured,
        tap: Option<Tap>,
    ) {
        let (head, upload) = request.into_parts();
        let request = Request::from_parts(head, Upload::none());
        let answered = tokio::select! {
            answered = self.ask(request, &mut measured) => answered,
            () = responder.cancelled() => return,
        };
        let sent = match answered {
            Ok(Asked::Agreed(head, socket, _active)) => {
                // What passes behind the head is not traced.
                if let Some(tap) = tap {
                    tap.head(&head);
                }
                let carried = carry(socket, head, upload, responder, &measured);
                let carried = carried.await;
                if carried.is_ok() {
                    measured.answered(StatusCode::SWITCHING_PROTOCOLS);
                }
                carried
            }
            Ok(Asked::Refused(response)) => {
                super::send(response, responder, &mut measured, tap).await
            }
            Err(answer) => {
                return super::send_own(answer, responder, &mut measured, tap).await;
            }
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a WebSocket broke off");
        }
    }

    async fn ask(
        &self,
        request: Request<Upload>,
        measured: &mut Measured,
    ) -> Result<Asked, Answer> {
        let snapshot = self.snapshot();
        let backend = self.backend(&snapshot, &request, measured)?;
        let (mut response, active) = backend.exchange_alone(request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Asked::Refused(response));
        }
        let socket = hyper::upgrade::on(&mut response).await;
        let socket = socket.map_err(|error| backend.no_answer(&error))?;
        Ok(Asked::Agreed(response.map(drop), socket, active))
    }
}

/// What a back end says to the wish for WebSocket.
enum Asked {
    /// Its head, and the connection that counts as in use.
    Agreed(Response<()>, Upgraded, Option<Active>),
    /// An ordinary answer.
    Refused(Response<Incoming>),
}

/// Asks the back end by the headers of HTTP/1.1.
pub(super) fn ask(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(http::header::UPGRADE, WEBSOCKET);
}

/// The head by which the tunnel says that the back end agreed; nothing where it did not.
pub(super) fn agreed(mut response: Response<Incoming>) -> Option<Response<Incoming>> {
    let fits = upgrade::is_agreed(response.headers());
    let headers = response.headers_mut();
    headers::for_tunnel(headers);
    // Of no meaning here (RFC 9110 section 8.6), but it would be one in the tunnel.
    headers.remove(CONTENT_LENGTH);
    headers.insert(UPGRADE, WEBSOCKET);
    fits.then_some(response)
}

async fn carry(
    socket: Upgraded,
    mut head: Response<()>,
    upload: Inbound,
    responder: Responder,
    measured: &Measured,
) -> Result<(), StreamError> {
    let flow = measured.flow();
    *head.status_mut() = StatusCode::OK;
    match socket.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let mut tcp = parts.io.into_inner();
            flow.sent(parts.read_buf.len());
            let mut io = CountedIo::new(&mut tcp, flow);
            let carried = responder.carry(head, upload, &mut io, parts.read_buf);
            let carried = carried.await;
            if carried.is_err() {
                net::abort(&tcp);
            }
            carried
        }
        Err(socket) => {
            let mut tls = TokioIo::new(socket);
            let mut io = CountedIo::new(&mut tls, flow);
            responder.carry(head, upload, &mut io, Bytes::new()).await
        }
    }
}
