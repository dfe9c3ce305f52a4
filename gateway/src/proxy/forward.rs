//! One request from its consumer through a tunnel and back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{AbortOnDrop, Inbound, Outbound, Stream, StreamError};
use underpass_shared::id::{SubaccountId, TunnelKey};
use underpass_shared::protocol::upgrade::{UPGRADE, WEBSOCKET, is_wanted};
use underpass_shared::protocol::{capability, timing};
use underpass_shared::raw::RawRule;

use super::answer::{Answer, AnswerBody, Refusal};
use super::authorise::authorise;
use super::headers::{strip_request, strip_response};
use super::request::{check, location, waits};
use super::upgrade;
use crate::metrics::{Account, RequestOutcome, Traffic, Usage};
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
    pub(super) traffic: Arc<Traffic>,
}

/// What follows the head of a request.
enum Upload {
    /// Nothing.
    None,
    /// A body.
    Body(Incoming),
    /// Raw bytes, once the back end has agreed to WebSocket.
    Raw(OnUpgrade),
}

/// Counts a request when it has its answer, or when its consumer left before.
struct Counting<'a> {
    traffic: &'a Traffic,
    account: &'a Account,
    /// Who sent it, once its token was found good.
    usage: Option<Arc<Usage>>,
    outcome: RequestOutcome,
    began: Duration,
}

impl<'a> Counting<'a> {
    fn begin(traffic: &'a Traffic, account: &'a Account) -> Self {
        traffic.begin();
        Self {
            traffic,
            account,
            usage: None,
            outcome: RequestOutcome::Abandoned,
            began: clock::monotonic(),
        }
    }

    fn elapsed(&self) -> Duration {
        clock::monotonic().saturating_sub(self.began)
    }

    fn is_of(&mut self, subaccount: SubaccountId) {
        self.usage = Some(self.account.claim(subaccount, self.traffic));
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.traffic.end(self.outcome, self.elapsed());
        if let Some(usage) = &self.usage {
            usage.request(self.outcome);
        }
    }
}

/// Answers one request, whose raw bytes may have broken a rule, counts and logs it; never fails.
pub(super) async fn handle(
    request: Request<Incoming>,
    raw: Option<RawRule>,
    shard: &Shard,
    account: &Account,
) -> Answer {
    let mut counting = Counting::begin(&shard.traffic, account);
    match forward(request, raw, shard, &mut counting).await {
        Ok(answer) => {
            counting.outcome = RequestOutcome::answered(answer.status());
            answer
        }
        Err(refusal) => {
            counting.outcome = refusal.outcome();
            tracing::info!(reason = refusal.reason(), "request refused");
            refusal.into()
        }
    }
}

async fn forward(
    request: Request<Incoming>,
    raw: Option<RawRule>,
    shard: &Shard,
    counting: &mut Counting<'_>,
) -> Result<Answer, Refusal> {
    check(&request)?;
    if let Some(rule) = raw {
        return Err(Refusal::Raw(rule));
    }
    let subaccount = authorise(request.headers(), shard).ok_or(Refusal::Unauthorised)?;
    counting.is_of(subaccount);
    let key = TunnelKey {
        subaccount,
        location: location(&request)?,
    };
    let mut waits = waits(&request);
    let (mut head, mut upload) = split(request);
    let (mut tried, mut crowded) = (Vec::<Tunnel>::new(), false);
    while tried.len() < ATTEMPTS {
        let Some(tunnel) = shard.registry.pick(&key, shard.thread, &tried) else {
            break;
        };
        let capability = tunnel.caller.capability();
        if matches!(upload, Upload::Raw(_)) && capability < capability::WEBSOCKET {
            return Err(Refusal::Upgrade);
        }
        waits &= capability >= capability::CONTINUE;
        if !waits {
            // The body is asked for as soon as the tunnel takes it.
            head.headers_mut().remove(EXPECT);
        }
        let no_upload = matches!(upload, Upload::None);
        let inside = counting.elapsed();
        counting.traffic.sent_after(inside);
        timing::set(head.headers_mut(), inside);
        let answered = match tunnel.caller.open(head.clone(), no_upload) {
            Ok((stream, outbound)) => match upload {
                Upload::None => stream.response().await.map(cleaned),
                // A body that began to flow cannot be sent again.
                Upload::Body(body) if waits => {
                    return Box::pin(invited(stream, outbound, body, shard)).await;
                }
                Upload::Body(body) => {
                    return Box::pin(exchange(stream, outbound, body, shard)).await;
                }
                Upload::Raw(socket) => match stream.response().await {
                    Ok(response) => {
                        return Ok(upgrade::answer(response, outbound, socket, &shard.tasks));
                    }
                    Err(error) => {
                        upload = Upload::Raw(socket);
                        Err(error)
                    }
                },
            },
            Err(error) => Err(error),
        };
        match answered {
            Ok(answer) => return Ok(answer),
            Err(error @ (StreamError::Refused | StreamError::Crowded)) => {
                crowded |= matches!(error, StreamError::Crowded);
                tried.push(tunnel);
            }
            Err(error) => return Err(refusal(&error)),
        }
    }
    if crowded {
        return Err(Refusal::Crowded);
    }
    Err(Refusal::NoTunnel(key))
}

/// The head that goes into the tunnel, and what follows it.
fn split(mut request: Request<Incoming>) -> (Request<()>, Upload) {
    let socket = is_wanted(&request).then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    strip_request(&mut head.headers);
    let upload = match socket {
        Some(socket) => {
            head.headers.insert(UPGRADE, WEBSOCKET);
            // Of a request without a body; what follows the handshake has no length.
            head.headers.remove(CONTENT_LENGTH);
            Upload::Raw(socket)
        }
        None if body.is_end_stream() => Upload::None,
        None => Upload::Body(body),
    };
    // The tunnel's own version; the message is the same.
    head.version = http::Version::HTTP_2;
    (Request::from_parts(head, ()), upload)
}

/// Sends the body and waits for the answer at the same time; either may end first.
async fn exchange(
    stream: Stream,
    mut outbound: Outbound,
    body: Incoming,
    shard: &Shard,
) -> Result<Answer, Refusal> {
    let upload = shard.tasks.spawn("upload", async move {
        // The answer tells what became of the request.
        drop(outbound.send_body(body).await);
    });
    let upload = AbortOnDrop::new(upload.abort_handle());
    let mut response = stream.response().await.map_err(|error| refusal(&error))?;
    response.body_mut().abort_at_end(upload);
    Ok(cleaned(response))
}

/// Asks the consumer for its body only when the back end wants it: our 100 goes out with the first
/// look at the body. An answer without it closes the connection, since nobody knows whether the
/// body still comes (RFC 9112 section 9.3). If it comes after a success it passes: the back end
/// began to answer what it still reads. After any other answer it is not wanted.
async fn invited(
    mut stream: Stream,
    mut outbound: Outbound,
    body: Incoming,
    shard: &Shard,
) -> Result<Answer, Refusal> {
    if stream.invited().await {
        return exchange(stream, outbound, body, shard).await;
    }
    let mut response = stream.response().await.map_err(|error| refusal(&error))?;
    let is_accepted = response.status().is_success();
    let upload = shard.tasks.spawn("upload", async move {
        if is_accepted {
            drop(outbound.send_body(body).await);
        } else {
            // Without its upload the stream would be over before its answer.
            let _held = (outbound, body);
            std::future::pending::<()>().await;
        }
    });
    let upload = AbortOnDrop::new(upload.abort_handle());
    response.body_mut().abort_at_end(upload);
    let mut answer = cleaned(response);
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    Ok(answer)
}

/// The answer without what ends here.
pub(super) fn cleaned(mut response: Response<Inbound>) -> Answer {
    strip_response(response.headers_mut());
    if matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) {
        // There is no body, and the server would warn of a length.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    *response.version_mut() = http::Version::HTTP_11;
    response.map(AnswerBody::Tunnel)
}

fn refusal(error: &StreamError) -> Refusal {
    match error {
        StreamError::Crowded => Refusal::Crowded,
        StreamError::Refused | StreamError::Aborted | StreamError::Lost => Refusal::Lost,
    }
}
