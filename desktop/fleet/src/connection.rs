//! One connection to an agent.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, HOST, IF_MATCH};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::ClientTls;
use underpass_shared::api::management::{ErrorBody, ErrorType, Target};
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

use crate::FleetError;
use crate::api::{Attached, Call, Came, Hearing};
use crate::sse::Reader;

/// How long a connection with its handshake may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an answer may take; the agent itself gives up after two minutes.
const ANSWER_TIME: Duration = Duration::from_secs(130);
/// Most bytes of the answer to a stranger.
const STRANGER_ANSWER_LEN_MAX: usize = 1024 * 1024;

/// An answer that is no refusal.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// The revision of the configuration that it tells of.
    pub revision: Option<u64>,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// The body as what it is.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, FleetError> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// What is sent.
type Sent = UnsyncBoxBody<Bytes, Infallible>;

/// Where an answer goes.
pub(crate) enum Sink<'a> {
    /// To the reply; at most so many bytes.
    Reply(usize),
    /// To a file; at most so many bytes.
    File(&'a mut tokio::fs::File, usize),
}

#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Sent>,
    host: HeaderValue,
    address: String,
    /// What the exporter of a label gives, where one was asked for.
    pub(crate) exporter: Option<[u8; 32]>,
}

impl Connection {
    /// Connects to the agent `id` at `address`.
    pub(crate) async fn open(
        address: &InternalAddress,
        id: AgentId,
        tls: &ClientTls,
        label: Option<&[u8]>,
        tasks: &Tasks,
    ) -> Result<Self, FleetError> {
        let opened = Self::shake(address, id, tls, label, tasks);
        timeout(CONNECT_TIME, opened)
            .await
            .unwrap_or_else(|_elapsed| {
                let address = address.to_string();
                Err(FleetError::Late { address })
            })
    }

    async fn shake(
        address: &InternalAddress,
        id: AgentId,
        tls: &ClientTls,
        label: Option<&[u8]>,
        tasks: &Tasks,
    ) -> Result<Self, FleetError> {
        let shown = address.to_string();
        let unreachable = |source| FleetError::Unreachable {
            address: shown.clone(),
            source,
        };
        let refused = |source| FleetError::Handshake {
            address: shown.clone(),
            source,
        };
        let connected = net::connect_name(address.host.as_str(), address.port.get(), CONNECT_TIME);
        let stream = connected.await.map_err(unreachable)?;
        let name = ServerName::try_from(id.server_name());
        let name = name.map_err(|error| refused(io::Error::other(error)))?;
        let stream = tls.connect(name, stream).await.map_err(refused)?;
        let exporter = label
            .map(|label| {
                let session = stream.get_ref().1;
                session.export_keying_material([0; 32], label, None)
            })
            .transpose()
            .map_err(|error| refused(io::Error::other(error)))?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tasks.spawn("agent-connection", connection);
        Ok(Self {
            sender,
            host: HeaderValue::try_from(id.server_name()).map_err(http::Error::from)?,
            address: shown,
            exporter,
        })
    }

    /// Whether the agent still takes requests on it.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// A request and its answer; a refusal is an error.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Reply, FleetError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(full(body))?;
        let sink = Sink::Reply(STRANGER_ANSWER_LEN_MAX);
        self.in_time(request, sink, &nobody).await
    }

    /// A request of somebody whom the agent knows; `came` is told how far the answer is.
    pub(crate) async fn execute(
        &mut self,
        call: &Call,
        method: Method,
        sink: Sink<'_>,
        came: &Came<'_>,
    ) -> Result<Reply, FleetError> {
        let mut request = Request::builder()
            .method(method)
            .uri(call.path())
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, &*call.content_type);
        if let Some(revision) = call.if_match {
            request = request.header(IF_MATCH, format!("\"{revision}\""));
        }
        let body = match &call.file {
            None => full(call.body.clone()),
            Some(file) => attached(file).await.map_err(FleetError::File)?,
        };
        self.in_time(request.body(body)?, sink, came).await
    }

    /// A stream, behind what was heard of it before.
    pub(crate) async fn listen<T: DeserializeOwned + Send + 'static>(
        mut self,
        target: &Target,
        after: Option<u64>,
    ) -> Result<Hearing<T>, FleetError> {
        let mut request = Request::builder()
            .uri(target.to_string())
            .header(HOST, &self.host)
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let request = request.body(full(Bytes::new()))?;
        let opened = timeout(CONNECT_TIME, self.send(request)).await;
        let address = self.address.clone();
        let response = opened.unwrap_or(Err(FleetError::Late { address }))?;
        if !response.status().is_success() {
            return Err(
                match reply(response, Sink::Reply(STRANGER_ANSWER_LEN_MAX), &nobody).await {
                    Err(error) => error,
                    Ok(_) => FleetError::Silent,
                },
            );
        }
        let listening = (self, response.into_body(), Reader::default());
        let pieces = stream::unfold(listening, |(connection, mut body, mut reader)| async {
            let frame = body.frame().await?;
            let heard = match frame {
                Ok(frame) => match frame.into_data() {
                    Ok(piece) => reader.read(&piece),
                    Err(_trailers) => Ok(vec![]),
                },
                Err(error) => Err(FleetError::Broken(error)),
            };
            let heard = match heard {
                Ok(heard) => heard.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            Some((stream::iter(heard), (connection, body, reader)))
        });
        Ok(pieces.flatten().boxed())
    }

    async fn in_time(
        &mut self,
        request: Request<Sent>,
        sink: Sink<'_>,
        came: &Came<'_>,
    ) -> Result<Reply, FleetError> {
        let address = self.address.clone();
        let exchanged = async { reply(self.send(request).await?, sink, came).await };
        timeout(ANSWER_TIME, exchanged)
            .await
            .unwrap_or(Err(FleetError::Late { address }))
    }

    async fn send(&mut self, request: Request<Sent>) -> Result<Response<Incoming>, FleetError> {
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }
}

/// For answers that nobody waits for piece by piece.
const fn nobody(_received: u64, _total: Option<u64>) {}

fn full(body: Bytes) -> Sent {
    Full::new(body).boxed_unsync()
}

/// A form with a file that is read as it is sent.
async fn attached(Attached { ends, path }: &Attached) -> io::Result<Sent> {
    let file = tokio::fs::File::open(path).await?;
    let len = file.metadata().await?.len();
    Ok(ends.body(file.into_std().await, len).boxed_unsync())
}

/// The whole body of an answer, as far as it does not go to a file.
async fn whole(body: Incoming, sink: Sink<'_>, came: &Came<'_>) -> Result<Bytes, FleetError> {
    let total = body.size_hint().exact();
    let (mut file, limit) = match sink {
        Sink::Reply(limit) => (None, limit),
        Sink::File(file, limit) => (Some(file), limit),
    };
    let mut body = Limited::new(body, limit);
    let (mut whole, mut received) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.downcast::<hyper::Error>() {
            Ok(error) => FleetError::Broken(*error),
            Err(_limit) => FleetError::TooLarge,
        })?;
        if let Ok(piece) = frame.into_data() {
            match &mut file {
                Some(file) => file.write_all(&piece).await.map_err(FleetError::File)?,
                None => whole.extend_from_slice(&piece),
            }
            received += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            came(received, total);
        }
    }
    if let Some(file) = file {
        file.flush().await.map_err(FleetError::File)?;
    }
    Ok(whole.freeze())
}

/// The whole answer; a refusal is an error.
async fn reply(
    response: Response<Incoming>,
    sink: Sink<'_>,
    came: &Came<'_>,
) -> Result<Reply, FleetError> {
    let (head, body) = response.into_parts();
    let status = head.status;
    let sink = match status.is_success() {
        true => sink,
        false => Sink::Reply(STRANGER_ANSWER_LEN_MAX),
    };
    let body = whole(body, sink, came).await?;
    if !status.is_success() {
        let body = serde_json::from_slice(&body).unwrap_or_else(|_none| ErrorBody {
            kind: ErrorType::RuntimeFailure,
            message: format!("the agent answered {status}"),
            field: None,
        });
        return Err(FleetError::Refused { status, body });
    }
    let tag = head.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    Ok(Reply {
        status,
        revision: tag.and_then(|tag| tag.trim_matches('"').parse().ok()),
        body,
    })
}
