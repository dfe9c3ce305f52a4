//! The way of a command to its agent: over the socket, or in this process while the agent is
//! stopped. The handlers are the same.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, HOST, IF_MATCH};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use underpass_runtime::clock;
use underpass_runtime::form::{FilledIn, Form};
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{ErrorBody, Query, Target, Verb};
use underpass_shared::audit::{Category, Record};

use crate::admin::socket::{self, Stream};
use crate::admin::{Admin, Caller, OsUser, REVERTS_AT};
use crate::audit::{Audit, Present};
use crate::restore;
use crate::store::{OpenError, STATE_FILE, Store};

/// How long an agent that just started may take to open its socket.
const START_TIME: Duration = Duration::from_secs(5);
/// How often it is looked whether it did.
const START_LOOK: Duration = Duration::from_millis(50);

/// Said where an answer does not come.
const LOST: &str = "the agent ended the connection; see its log";

/// What of an agent has to be there for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// One that runs.
    Running,
    /// One, whether it runs or not.
    Agent,
    /// Nothing: the command may be the first in its directory.
    Nothing,
}

/// A way to an agent.
pub(super) struct Client {
    data_dir: PathBuf,
    /// None where the agent runs.
    stopped: Option<Admin>,
    tasks: Tasks,
}

/// What an agent answered.
pub(super) struct Reply {
    /// Number of the configuration's revision.
    pub(super) revision: Option<u64>,
    /// When a change is taken back unless it is confirmed, milliseconds UTC.
    pub(super) reverts_at_ms: Option<i64>,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body).context("the agent's answer does not parse")
    }
}

impl Client {
    /// The way to an agent.
    pub(super) async fn open(data_dir: &Path, needs: Needs) -> anyhow::Result<Self> {
        let start = clock::monotonic();
        loop {
            if connect(data_dir).await?.is_some() {
                return Ok(Self::over_socket(data_dir));
            }
            if needs == Needs::Running {
                bail!(
                    "the agent of {} does not run; start it with `underpass-agent run`",
                    data_dir.display()
                );
            }
            if needs == Needs::Agent && !data_dir.join(STATE_FILE).exists() {
                bail!(
                    "there is no agent in {}; give its --data-dir, or enrol one with `underpass-agent enrol TOKEN`",
                    data_dir.display()
                );
            }
            socket::check_owner(data_dir).map_err(anyhow::Error::msg)?;
            match Store::open(data_dir, clock::wall_ms) {
                Ok(store) => {
                    let recovered = restore::recover(data_dir, &store).await;
                    let present = Present::following(store.snapshot());
                    let audit = Audit::open(data_dir, clock::wall_ms, present)?;
                    if let Some(told) = recovered.told() {
                        let (time_ms, category) = (audit.now_ms(), Category::Configuration);
                        audit.record(Record::of_agent(time_ms, category, told));
                    }
                    let admin = Admin::stopped(data_dir, store, audit);
                    return Ok(Self {
                        data_dir: data_dir.to_owned(),
                        stopped: Some(admin),
                        tasks: Tasks::new(),
                    });
                }
                // It may be starting, or another command may be at work.
                Err(OpenError::Locked { .. }) if clock::monotonic() - start < START_TIME => {
                    tokio::time::sleep(START_LOOK).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn over_socket(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            stopped: None,
            tasks: Tasks::new(),
        }
    }

    /// Whether the agent runs.
    pub(super) const fn runs(&self) -> bool {
        self.stopped.is_none()
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        target: Target,
        query: &Query,
    ) -> anyhow::Result<T> {
        self.call(Verb::Get, target, query, Bytes::new())
            .await?
            .read()
    }

    /// A request with a JSON body.
    pub(super) async fn send(
        &self,
        verb: Verb,
        target: Target,
        query: &Query,
        body: &impl Serialize,
    ) -> anyhow::Result<Reply> {
        let json = serde_json::to_vec(body)?;
        self.call(verb, target, query, json.into()).await
    }

    /// A request with a JSON body that is meant for a revision.
    pub(super) async fn send_if(
        &self,
        revision: Option<u64>,
        verb: Verb,
        target: Target,
        query: &Query,
        body: &impl Serialize,
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{target}{}", query.to_text()));
        if let Some(revision) = revision {
            request = request.header(IF_MATCH, format!("\"{revision}\""));
        }
        let request = request.body(serde_json::to_vec(body)?.into())?;
        self.ask(request, "application/json").await
    }

    /// A request with any body.
    pub(super) async fn call(
        &self,
        verb: Verb,
        target: Target,
        query: &Query,
        body: Bytes,
    ) -> anyhow::Result<Reply> {
        let request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{target}{}", query.to_text()))
            .body(body)?;
        self.ask(request, "application/json").await
    }

    /// A request with a form.
    pub(super) async fn send_form(
        &self,
        verb: Verb,
        target: Target,
        query: &Query,
        form: Form,
    ) -> anyhow::Result<Reply> {
        let FilledIn { content_type, body } = form.fill_in();
        let request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{target}{}", query.to_text()))
            .header(CONTENT_TYPE, content_type)
            .body(body)?;
        self.ask(request, "application/json").await
    }

    /// What is there, in another form than JSON.
    pub(super) async fn get_as(
        &self,
        target: Target,
        accept: &'static str,
    ) -> anyhow::Result<Bytes> {
        let request = Request::builder().uri(target.to_string());
        let reply = self.ask(request.body(Bytes::new())?, accept);
        Ok(reply.await?.body)
    }

    async fn ask(
        &self,
        mut request: Request<Bytes>,
        accept: &'static str,
    ) -> anyhow::Result<Reply> {
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let json = HeaderValue::from_static("application/json");
        headers.entry(CONTENT_TYPE).or_insert(json);
        let response = match &self.stopped {
            Some(admin) => {
                let caller = Caller::Local(OsUser::current());
                let (head, body) = admin.handle(&caller, request).await.into_parts();
                Response::from_parts(head, body.collect().await?.to_bytes())
            }
            None => self.exchange(request).await?,
        };
        if response.status().is_success() {
            let header = |name| {
                let value = response.headers().get(name);
                value.and_then(|value| value.to_str().ok())
            };
            return Ok(Reply {
                revision: header(ETAG).and_then(|tag| tag.trim_matches('"').parse().ok()),
                reverts_at_ms: header(REVERTS_AT).and_then(|ms| ms.parse().ok()),
                body: response.into_body(),
            });
        }
        match serde_json::from_slice(response.body()) {
            Ok(ErrorBody { message, field, .. }) => match field {
                Some(field) => bail!("{field}: {message}"),
                None => bail!(message),
            },
            Err(_) => bail!("the agent answered {}", response.status()),
        }
    }

    /// Hands the data of each event to `each`, until the agent ends the stream; from behind the
    /// event `last` on or from now on.
    pub(super) async fn follow(
        &self,
        target: Target,
        query: &Query,
        last: Option<u64>,
        mut each: impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(self.runs(), "the agent does not run");
        let mut request = Request::get(format!("{target}{}", query.to_text()))
            .header(HOST, HeaderValue::from_static("localhost"))
            .body(Bytes::new())?;
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.into());
        }
        let mut response = self.begin(request).await?;
        let success = response.status().is_success();
        let mut text = vec![];
        while let Some(frame) = response.frame().await {
            let Ok(data) = frame.context(LOST)?.into_data() else {
                continue;
            };
            text.extend_from_slice(&data);
            while let Some(end) = text
                .iter()
                .position(|&byte| byte == b'\n')
                .filter(|_| success)
            {
                let line: Vec<u8> = text.drain(..=end).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    each(std::str::from_utf8(data)?.trim_end())?;
                }
            }
        }
        if success {
            return Ok(());
        }
        let body: ErrorBody = serde_json::from_slice(&text)?;
        bail!(body.message)
    }

    async fn exchange(&self, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let (head, body) = self.begin(request).await?.into_parts();
        let body = body.collect().await.context(LOST)?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    async fn begin(&self, request: Request<Bytes>) -> anyhow::Result<Response<Incoming>> {
        let stream = connect(&self.data_dir).await?;
        let stream = stream.context("the agent stopped meanwhile; run the command again")?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        self.tasks.spawn("admin-client", connection);
        let response = sender.send_request(request.map(Full::new)).await;
        response.context(LOST)
    }
}

/// A connection to the agent, or nothing where it does not run.
async fn connect(data_dir: &Path) -> anyhow::Result<Option<Stream>> {
    let error = match socket::connect(data_dir).await {
        Ok(stream) => return Ok(Some(stream)),
        Err(error) => error,
    };
    let kind = error.kind();
    if kind == ErrorKind::PermissionDenied {
        let (user, dir) = (OsUser::current(), data_dir.display());
        let group = socket::OPERATORS_GROUP;
        return Err(error).with_context(|| {
            format!("user {user} may not administer the agent of {dir}; use sudo, or become a member of the group {group}")
        });
    }
    let nobody = matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused);
    if nobody || !Store::is_in_use(data_dir) {
        return Ok(None);
    }
    Err(error).context("the agent cannot be reached")
}
