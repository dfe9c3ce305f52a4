//! The WebSocket side of the sample back end: RFC 6455 handshake and echo.

use futures_util::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

const VERSION: &str = "13";

/// The headers of the 101 answer, if these are the headers of an opening handshake.
pub(super) fn handshake(request: &HeaderMap) -> Option<HeaderMap> {
    let key = request.get(SEC_WEBSOCKET_KEY)?;
    let fits = has_token(request, CONNECTION.as_str(), "upgrade")
        && has_token(request, UPGRADE.as_str(), "websocket")
        && has_token(request, SEC_WEBSOCKET_VERSION.as_str(), VERSION);
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()?;
    fits.then(|| {
        HeaderMap::from_iter([
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_ACCEPT, accept),
        ])
    })
}

/// Names the protocol in the answer to a request that was no handshake.
pub(super) fn say_what_is_wanted(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
}

/// Sends every text and binary message back until the other side closes.
pub(super) async fn echo(upgrade: OnUpgrade) {
    let stream = match upgrade.await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => return tracing::debug!(%error, "upgrade failed"),
    };
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(received) = socket.next().await {
        let sent = match received {
            // The library answers pings and closes by itself, on the next flush.
            Ok(message) if message.is_text() || message.is_binary() => socket.send(message).await,
            Ok(_) => socket.flush().await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            return tracing::debug!(%error, "WebSocket ended");
        }
    }
}

fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}
