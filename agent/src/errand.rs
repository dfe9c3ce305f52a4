//! One request of the agent itself to a server outside: what heartbeats and uploads share.

use std::pin::pin;

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};
use http_body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use underpass_runtime::tls::TrustStore;
use underpass_shared::head::{HEADERS_MAX, READ_MAX};

/// Trust in what the system trusts, and in some certificates (DER) more. It reads files.
///
/// # Errors
/// When there is nothing to trust by: why the system's certificates cannot be read.
pub(crate) fn trust<'a>(more: impl Iterator<Item = &'a [u8]>) -> Result<TrustStore, String> {
    let more: Vec<&[u8]> = more.collect();
    let system = rustls_native_certs::load_native_certs();
    if let (true, true, Some(error)) = (
        system.certs.is_empty(),
        more.is_empty(),
        system.errors.first(),
    ) {
        return Err(error.to_string());
    }
    let system = system.certs.iter().map(|one| one.as_ref());
    Ok(TrustStore::new(more.into_iter().chain(system)))
}

/// One request on a connection of its own; of the answer only the head counts.
///
/// # Errors
/// When the connection breaks, or what comes is no HTTP.
pub(crate) async fn exchange<S, B>(stream: S, request: Request<B>) -> hyper::Result<Parts>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(READ_MAX)
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await?;
    let (mut asking, mut driving) = (pin!(sender.send_request(request)), pin!(connection));
    let response = tokio::select! {
        response = &mut asking => response,
        _ended = &mut driving => asking.await,
    };
    response.map(Response::into_parts).map(|(head, _body)| head)
}
