//! The request, sent to the gateway's own proxy as an application sends it.

use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use underpass_shared::id::LocationId;

/// How long everything may take: more than the agent waits for a slow back end.
const TIME_MAX: Duration = Duration::from_secs(130);
/// Bytes of the body that are shown.
const BODY_SHOWN: usize = 1024;

/// What came back.
#[derive(Debug, Serialize)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) milliseconds: u64,
    pub(super) headers: Vec<(String, String)>,
    /// The beginning of it.
    pub(super) body: String,
}

/// A GET as applications send it.
pub(super) fn as_sent(
    url: &Uri,
    token: &str,
    location: &LocationId,
) -> anyhow::Result<Request<Empty<Bytes>>> {
    let mut request = Request::get(url)
        .header(HOST, url.authority().map_or("", |one| one.as_str()))
        .header(PROXY_AUTHORIZATION, format!("Bearer {token}"));
    if !location.as_str().is_empty() {
        request = request.header("SAP-Connectivity-SCC-Location_ID", location.as_str());
    }
    Ok(request.body(Empty::new())?)
}

/// Sends it through the proxy.
pub(super) async fn send(
    proxy: &(String, u16),
    request: Request<Empty<Bytes>>,
) -> anyhow::Result<Answered> {
    timeout(TIME_MAX, exchange(proxy, request))
        .await
        .with_context(|| format!("no answer within {} s", TIME_MAX.as_secs()))?
}

async fn exchange(
    proxy: &(String, u16),
    request: Request<Empty<Bytes>>,
) -> anyhow::Result<Answered> {
    let begun = Instant::now();
    let stream = TcpStream::connect((proxy.0.as_str(), proxy.1));
    let stream = stream
        .await
        .with_context(|| format!("cannot connect to the proxy port {}:{}", proxy.0, proxy.1))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answering = async move {
        let response = sender.send_request(request).await?;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (head, body) = response.into_parts();
        let shown = head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        });
        Ok(Answered {
            status: head.status.as_u16(),
            milliseconds,
            headers: shown.collect(),
            body: beginning(body).await?,
        })
    };
    let mut answering = pin!(answering);
    // The connection works only while it is polled. It may be over before its answer was read.
    tokio::select! {
        biased;
        answered = &mut answering => answered,
        ended = connection => {
            ended.context("the gateway closed the connection")?;
            answering.await
        }
    }
}

async fn beginning(mut body: Incoming) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    while bytes.len() < BODY_SHOWN {
        let Some(frame) = body.frame().await else {
            break;
        };
        if let Some(data) = frame.context("the answer broke off")?.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    bytes.truncate(BODY_SHOWN);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
