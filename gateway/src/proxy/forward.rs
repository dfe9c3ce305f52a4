//! One request from its consumer through a tunnel and back.

use std::sync::Mutex;

use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{AbortOnDrop, Inbound, Outbound, Stream, StreamError};
use underpass_shared::id::TunnelKey;
use underpass_shared::raw::RawRule;

use super::answer::{Answer, AnswerBody, Refusal};
use super::authorise::authorise;
use super::headers::{strip_request, strip_response};
use super::request::{check, location};
use crate::token::TokenCache;
use crate::tunnels::{Registry, Tunnel};

/// Tunnels that are tried when one refuses a request before it began.
const ATTEMPTS: usize = 4;

/// What the requests of one data thread share.
pub(super) struct Shard {
    pub(super) thread: usize,
    pub(super) registry: Registry,
    pub(super) cache: Mutex<TokenCache>,
    pub(super) tasks: Tasks,
}

/// Answers one request, whose raw bytes may have broken a rule; never fails.
pub(super) async fn handle(
    request: Request<Incoming>,
    raw: Option<RawRule>,
    shard: &Shard,
) -> Answer {
    match forward(request, raw, shard).await {
        Ok(response) => response.map(AnswerBody::Tunnel),
        Err(refusal) => refusal.into(),
    }
}

async fn forward(
    request: Request<Incoming>,
    raw: Option<RawRule>,
    shard: &Shard,
) -> Result<Response<Inbound>, Refusal> {
    check(&request)?;
    if let Some(rule) = raw {
        return Err(Refusal::Raw(rule));
    }
    let subaccount = authorise(request.headers(), shard).ok_or(Refusal::Unauthorised)?;
    let key = TunnelKey {
        subaccount,
        location: location(&request)?,
    };
    let (mut head, body) = request.into_parts();
    strip_request(&mut head.headers);
    // The tunnel's own version; the message is the same.
    head.version = http::Version::HTTP_2;
    let head = Request::from_parts(head, ());

    let mut body = Some(body);
    let mut tried: Vec<Tunnel> = Vec::new();
    while tried.len() < ATTEMPTS {
        let Some(tunnel) = shard.registry.pick(&key, shard.thread, &tried) else {
            break;
        };
        let upload = body.take_if(|body| !body.is_end_stream());
        let answered = match tunnel.caller.open(head.clone(), upload.is_none()).await {
            Ok((stream, outbound)) => match upload {
                // A body that began to flow cannot be sent again.
                Some(upload) => return exchange(stream, outbound, upload, shard).await,
                None => stream.response().await,
            },
            Err(error) => {
                body = upload.or(body);
                Err(error)
            }
        };
        match answered {
            Ok(response) => return Ok(cleaned(response)),
            Err(StreamError::Refused) => tried.push(tunnel),
            Err(error) => return Err(refusal(&error)),
        }
    }
    Err(Refusal::NoTunnel(key))
}

/// Sends the body and waits for the answer at the same time; either may end first.
async fn exchange(
    stream: Stream,
    mut outbound: Outbound,
    body: Incoming,
    shard: &Shard,
) -> Result<Response<Inbound>, Refusal> {
    let upload = shard.tasks.spawn("upload", async move {
        // The answer tells what became of the request.
        drop(outbound.send_body(body).await);
    });
    let upload = AbortOnDrop::new(upload.abort_handle());
    let mut response = stream.response().await.map_err(|error| refusal(&error))?;
    response.body_mut().abort_at_end(upload);
    Ok(cleaned(response))
}

fn cleaned(mut response: Response<Inbound>) -> Response<Inbound> {
    strip_response(response.headers_mut());
    *response.version_mut() = http::Version::HTTP_11;
    response
}

fn refusal(error: &StreamError) -> Refusal {
    match error {
        StreamError::Crowded => Refusal::Crowded,
        StreamError::Refused | StreamError::Aborted | StreamError::Lost => Refusal::Lost,
    }
}
