//! WebSocket: the consumer's side of an upgraded connection.

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{Inbound, Outbound, carry};
use underpass_shared::protocol::upgrade::{WEBSOCKET, is_marked};

use super::answer::{Answer, AnswerBody};
use super::forward::cleaned;
use super::socket::Socket;
use super::watched::Watched;
use crate::metrics::Counted;

/// Answers a request that asked for WebSocket: with 101 and raw bytes where the back end agreed,
/// with its ordinary answer where it refused.
pub(super) fn answer(
    response: Response<Inbound>,
    outbound: Outbound,
    socket: OnUpgrade,
    tasks: &Tasks,
) -> Answer {
    if !is_marked(response.headers()) {
        // Nothing was sent and nothing will be; a stream that is over is ended already.
        drop(outbound.finish());
        return cleaned(response);
    }
    let (mut head, inbound) = cleaned(response).into_parts();
    let AnswerBody::Tunnel(inbound) = inbound else {
        unreachable!("an answer from the tunnel stays one");
    };
    let passing = pass(socket, inbound, outbound, tasks.clone());
    tasks.spawn("websocket", passing);
    head.status = StatusCode::SWITCHING_PROTOCOLS;
    let upgrade = HeaderValue::from_static("Upgrade");
    head.headers.insert(CONNECTION, upgrade);
    head.headers.insert(http::header::UPGRADE, WEBSOCKET);
    Response::from_parts(head, AnswerBody::empty())
}

async fn pass(socket: OnUpgrade, inbound: Inbound, outbound: Outbound, tasks: Tasks) {
    let carried = match socket.await.map(|socket| socket.downcast()) {
        Ok(Ok(parts)) => {
            let io: TokioIo<Watched<Counted<Socket>>> = parts.io;
            let mut tcp = io.into_inner().into_inner();
            // Such bytes have no end that a gateway that stops could wait for.
            let carried = tokio::select! {
                carried = carry(&mut tcp, parts.read_buf, inbound, outbound) => Some(carried),
                () = tasks.stopped() => None,
            };
            if !matches!(carried, Some(Ok(_))) {
                net::abort(tcp.get_ref().get_ref());
            }
            match carried {
                Some(carried) => carried,
                None => return tracing::debug!("a WebSocket ends with the gateway"),
            }
        }
        Ok(Err(socket)) => {
            let mut io = TokioIo::new(socket);
            carry(&mut io, Bytes::new(), inbound, outbound).await
        }
        Err(error) => return tracing::debug!(%error, "a consumer left before its upgrade"),
    };
    if let Err(error) = carried {
        tracing::debug!(%error, "a WebSocket broke off");
    }
}
