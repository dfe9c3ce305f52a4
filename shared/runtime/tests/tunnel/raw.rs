//! Ends that speak HTTP/2 without the tunnel module, to do what ours never does.

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::oneshot;
use underpass_runtime::tasks::Tasks;
use underpass_shared::protocol::internal::AUTHORITY;

/// Bytes under way between two ends in memory.
const PIPE: usize = 1 << 20;

/// Two ends of a byte stream in memory; the near one receives `extra` once it is told to.
pub(crate) fn pipe_with_extra(
    extra: &'static [u8],
    tasks: &Tasks,
) -> (DuplexStream, DuplexStream, oneshot::Sender<()>) {
    let (near, mut inner) = tokio::io::duplex(PIPE);
    let (mut outer, far) = tokio::io::duplex(PIPE);
    let (now, told) = oneshot::channel();
    tasks.spawn("pipe", async move {
        let copied = tokio::io::copy_bidirectional(&mut inner, &mut outer);
        tokio::select! {
            _ = copied => {}
            told = told => {
                if told.is_ok() {
                    inner.write_all(extra).await.unwrap();
                    // Whatever comes back is not passed on.
                    let mut sink = Vec::new();
                    drop(inner.read_to_end(&mut sink).await);
                }
            }
        }
    });
    (near, far, now)
}

/// Calls on `io` without any of our gates.
pub(crate) async fn caller(io: DuplexStream, tasks: &Tasks) -> SendRequest<Bytes> {
    let (send, connection) = h2::client::handshake(io).await.unwrap();
    tasks.spawn("raw-caller", async move { drop(connection.await) });
    send
}

/// Sends an internal request and gives the head of its answer.
pub(crate) async fn internal(
    send: &SendRequest<Bytes>,
    path: &str,
    json: String,
) -> Result<Response<h2::RecvStream>, h2::Error> {
    let uri = format!("http://{AUTHORITY}{path}");
    let request = Request::post(uri).body(()).unwrap();
    let mut send = send.clone().ready().await?;
    let (response, mut body) = send.send_request(request, false)?;
    body.send_data(format!("{json}\n").into(), true)?;
    response.await
}

/// Sends a request without a body and gives the status of its answer.
pub(crate) async fn get(send: &SendRequest<Bytes>) -> Result<http::StatusCode, h2::Error> {
    let request = Request::get("http://backend.virtual/hello")
        .body(())
        .unwrap();
    let mut send = send.clone().ready().await?;
    let (response, _) = send.send_request(request, true)?;
    Ok(response.await?.status())
}
